"""The contract of encoders as tests: inherit EncoderContract and say how to build yours."""

from typing import Any, ClassVar

import numpy as np
import pytest

from catalog.encoders import Encoder, FloatMatrix
from catalog.testing.components import ComponentContract

TEXTS = (
    "red leather shoes",
    "",
    "红楼梦 曹雪芹",
    "سجادة صلاة",
    "👩‍👩‍👧 🎉",
    "a",
    "red leather shoes",
    "The quick brown fox jumps over the lazy dog. " * 40,
    "blue car",
    " \n\t ",
    "!?…",
    "nul \x00 and a lone \ud83d surrogate",
)


class EncoderContract(ComponentContract):
    """The tests that every encoder passes; put them to yours so::

        class TestMine(EncoderContract):
            component = MyEncoder
            options = {"dimensions": 64}
            other_options = {"dimensions": 32}

    ``options`` and ``other_options`` are plain JSON values; under the second a text must get another vector.
    ``tolerance`` bounds how far a vector may move with the batch it is in. Override ``build`` if building takes more.
    """

    other_options: ClassVar[dict[str, Any] | None] = None
    tolerance: ClassVar[float] = 1e-5

    def build(self, values: dict[str, Any]) -> Encoder:
        """Build the encoder from plain option values."""
        built: Encoder = self.construct(values)
        return built

    @pytest.fixture
    def encoder(self) -> Encoder:
        """The encoder under test."""
        return self.build(self.options)

    def test_documents_are_a_float32_row_of_unit_length_each(self, encoder: Encoder) -> None:
        check_matrix(encoder.encode_documents(TEXTS), encoder=encoder, rows=len(TEXTS))

    def test_queries_are_a_float32_row_of_unit_length_each(self, encoder: Encoder) -> None:
        check_matrix(encoder.encode_queries(TEXTS), encoder=encoder, rows=len(TEXTS))

    def test_no_texts_give_a_matrix_without_rows(self, encoder: Encoder) -> None:
        check_matrix(encoder.encode_documents([]), encoder=encoder, rows=0)
        check_matrix(encoder.encode_queries([]), encoder=encoder, rows=0)

    def test_rows_keep_the_order_of_the_texts(self, encoder: Encoder) -> None:
        forwards = encoder.encode_documents(TEXTS)
        backwards = encoder.encode_documents(TEXTS[::-1])
        np.testing.assert_allclose(backwards[::-1], forwards, atol=self.tolerance)

    def test_a_text_gets_the_same_vector_alone_as_in_a_batch(self, encoder: Encoder) -> None:
        for encode in (encoder.encode_documents, encoder.encode_queries):
            alone = np.concatenate([encode([text]) for text in TEXTS])
            np.testing.assert_allclose(alone, encode(TEXTS), atol=self.tolerance)

    def test_equal_texts_get_equal_vectors_and_unequal_ones_differ(self, encoder: Encoder) -> None:
        vectors = encoder.encode_documents(["red shoes", "blue car", "red shoes"])
        np.testing.assert_allclose(vectors[0], vectors[2], atol=self.tolerance)
        assert np.abs(vectors[0] - vectors[1]).max() > 10 * self.tolerance

    def test_an_empty_text_gets_the_same_vector_each_time(self, encoder: Encoder) -> None:
        first, second = encoder.encode_documents(["", ""])
        np.testing.assert_allclose(first, second, atol=self.tolerance)

    def test_a_text_is_nearer_to_its_variant_than_to_another_text(self, encoder: Encoder) -> None:
        text, variant, other = encoder.encode_documents(
            ["red leather running shoes", "running shoes, red leather", "history of the Roman empire"]
        )
        assert text @ variant > text @ other

    def test_a_very_long_text_is_encoded(self, encoder: Encoder) -> None:
        check_matrix(encoder.encode_documents(["word " * 200_000]), encoder=encoder, rows=1)

    def test_a_second_instance_has_the_same_fingerprint_and_vectors(self, encoder: Encoder) -> None:
        second = self.build(self.options)
        assert second.fingerprint == encoder.fingerprint
        assert second.dimensions == encoder.dimensions
        np.testing.assert_allclose(second.encode_documents(TEXTS), encoder.encode_documents(TEXTS), atol=self.tolerance)

    def test_the_fingerprint_is_short_and_changes_with_options_that_change_vectors(self, encoder: Encoder) -> None:
        assert 0 < len(encoder.fingerprint) <= 100
        assert encoder.fingerprint.isprintable()
        if self.other_options is not None:
            assert self.build(self.other_options).fingerprint != encoder.fingerprint


def check_matrix(vectors: FloatMatrix, *, encoder: Encoder, rows: int) -> None:
    """Assert that ``vectors`` is float32 (rows, dimensions), finite, each row of unit length."""
    assert isinstance(vectors, np.ndarray)
    assert vectors.dtype == np.float32
    assert vectors.shape == (rows, encoder.dimensions)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
