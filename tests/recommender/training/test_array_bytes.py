"""Arrays kept with a model come back as they were, and other libraries can read them."""

import numpy as np
import pytest

from recommender.training.array_bytes import ArrayBytesError, pack_arrays, unpack_arrays

ARRAYS = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "名": np.array([1, 2], dtype=np.int64),
    "empty": np.empty((0, 4), dtype=np.float16),
    "scalar": np.array(2.5),
    "flags": np.array([True, False]),
    "transposed": np.arange(6.0).reshape(2, 3).T,
}


def test_arrays_come_back_as_they_were():
    found = unpack_arrays(pack_arrays(ARRAYS))
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_the_safetensors_library_reads_them():
    from safetensors.numpy import load, save

    found = load(pack_arrays(ARRAYS))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
    back = unpack_arrays(save({"weights": ARRAYS["weights"]}, metadata={"by": "another"}))
    np.testing.assert_array_equal(back["weights"], ARRAYS["weights"])


def test_no_arrays_are_a_header_alone():
    assert unpack_arrays(pack_arrays({})) == {}


def test_an_array_of_objects_is_refused_by_name():
    with pytest.raises(ArrayBytesError, match="titles: an array of object cannot be kept"):
        pack_arrays({"titles": np.array(["a", None], dtype=object)})


@pytest.mark.parametrize(
    "data", [b"", b"short", pack_arrays(ARRAYS)[:-1], b"\x02\0\0\0\0\0\0\0[]", b"\x08\0\0\0\0\0\0\0{not json"]
)
def test_other_bytes_are_refused(data):
    with pytest.raises(ArrayBytesError, match="safetensors layout"):
        unpack_arrays(data)
