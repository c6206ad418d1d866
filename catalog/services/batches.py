"""Encodes one batch of claimed items; what cannot be encoded is found by halving and does not stop the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from catalog.encoders import EncoderUnavailable, FloatMatrix
from catalog.extensions import describe_fault
from catalog.services.embedding_rows import ClaimedItem
from catalog.services.encoder_cache import SharedEncoder


class EncoderFaultError(Exception):
    """The encoder itself is at fault, not an item: the run stops and nothing more is written."""


class EncoderMismatchError(EncoderFaultError):
    """The encoder gives other vectors than those that the space is made of."""


@dataclass(slots=True)
class EncodedBatch:
    """What became of a batch: items with their vectors, row by row, and items with the reason why not."""

    items: list[ClaimedItem] = field(default_factory=list)
    vectors: list[FloatMatrix] = field(default_factory=list)
    failures: list[tuple[ClaimedItem, str]] = field(default_factory=list)


def encode_batch(encoder: SharedEncoder, items: Sequence[ClaimedItem], *, failures_in_a_row: int) -> EncodedBatch:
    """Encode the items' texts; raise EncoderFaultError where it is not one of the items that is bad.

    That is so where the array has another shape than promised, and where ``failures_in_a_row`` single
    items have failed before any could be encoded.
    """
    batch = EncodedBatch()
    _encode(encoder, items, batch, failures_in_a_row)
    return batch


def _encode(encoder: SharedEncoder, items: Sequence[ClaimedItem], batch: EncodedBatch, failures_in_a_row: int) -> None:
    try:
        vectors = np.asarray(encoder.encode_documents([item.text for item in items]), dtype=np.float32)
    except EncoderUnavailable:
        raise
    except Exception as error:  # a plug-in's encoder may raise anything
        if len(items) > 1:
            half = len(items) // 2
            _encode(encoder, items[:half], batch, failures_in_a_row)
            _encode(encoder, items[half:], batch, failures_in_a_row)
            return
        reason = describe_fault(error)
        batch.failures.append((items[0], reason))
        if not batch.items and len(batch.failures) >= failures_in_a_row:
            raise EncoderFaultError(f"{len(batch.failures)} items in a row failed, the last with {reason}") from error
        return
    _take(encoder, items, vectors, batch)


def _take(encoder: SharedEncoder, items: Sequence[ClaimedItem], vectors: FloatMatrix, batch: EncodedBatch) -> None:
    """Add what was encoded; a vector that is not finite, or has no length, in half precision is a failure."""
    expected = (len(items), encoder.dimensions)
    if vectors.shape != expected:
        raise EncoderMismatchError(f"the encoder gave an array of shape {vectors.shape} instead of {expected}")
    with np.errstate(over="ignore"):
        halves = vectors.astype(np.float16)
    finite: NDArray[np.bool_] = np.all(np.isfinite(halves), axis=1)
    good: NDArray[np.bool_] = finite & np.any(halves != 0, axis=1)
    for item, taken, is_finite in zip(items, good.tolist(), finite.tolist(), strict=True):
        if taken:
            batch.items.append(item)
        else:
            reason = "the vector has no length" if is_finite else "the vector has entries that are not finite numbers"
            batch.failures.append((item, reason))
    batch.vectors.append(vectors[good])
