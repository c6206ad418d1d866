"""Named arrays as bytes, in the safetensors layout: what is kept with a model, without pickle."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save


class ArrayBytesError(ValueError):
    """Bytes are not in the layout, or an array cannot be kept; the message says what."""


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return ``arrays`` as bytes; raise ArrayBytesError for an array of texts or objects."""
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise ArrayBytesError(f"{name}: an array of {array.dtype} cannot be kept")
    return bytes(save({name: np.array(array, order="C") for name, array in arrays.items()}))


def unpack_arrays(data: bytes | memoryview) -> dict[str, NDArray[Any]]:
    """Return the arrays in ``data``; raise ArrayBytesError where it is not in the layout."""
    try:
        return dict(load(bytes(data)))
    except SafetensorError as error:
        raise ArrayBytesError(f"not arrays in the safetensors layout: {error}") from error
