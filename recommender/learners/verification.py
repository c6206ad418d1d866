"""Verifies what a learner returned before anything of it is written."""

import numpy as np
from numpy.typing import NDArray

from catalog.halfvec import MAX_DIMENSIONS
from recommender.learners.base import Neighbours, Publication, Scores, Shape, Shortlists, Vectors
from recommender.training.dataset import InteractionDataset

MAX_HALF = 65504.0
"""Largest number that a half-precision vector holds."""

_SHAPES: dict[Shape, type[Publication]] = {
    "scores": Scores,
    "neighbours": Neighbours,
    "vectors": Vectors,
    "shortlists": Shortlists,
}


class PublicationError(ValueError):
    """What a learner returned does not fit its shape; the message says what and where."""


def verify_publication(publication: Publication, *, shape: Shape) -> None:
    """Raise PublicationError unless ``publication`` is a sound one of ``shape``.

    Lengths agree, keys are distinct, numbers are finite, lists run from best to worst and hold no item twice.
    """
    if not isinstance(publication, _SHAPES[shape]):
        raise PublicationError(f"the learner publishes {shape}, but returned {type(publication).__name__}")
    if isinstance(publication, Scores):
        _check_keys("item_ids", publication.item_ids)
        _check_numbers("scores", publication.scores, length=len(publication.item_ids))
    elif isinstance(publication, Vectors):
        _check_vectors(publication)
    elif isinstance(publication, Neighbours):
        _check_banks(publication)
        _check_lists(publication.item_ids, publication.offsets, publication.neighbour_ids, publication.weights)
        owners = np.repeat(publication.item_ids, np.diff(publication.offsets))
        if bool((owners == publication.neighbour_ids).any()):
            raise PublicationError("neighbour_ids: an item is its own neighbour")
    else:
        _check_keys("profile_ids", publication.profile_ids)
        _check_lists(publication.profile_ids, publication.offsets, publication.item_ids, publication.scores)


def _check_keys(name: str, keys: NDArray[np.int64]) -> None:
    if keys.ndim != 1 or not np.issubdtype(keys.dtype, np.integer):
        raise PublicationError(f"{name}: must be one-dimensional whole numbers, not {keys.dtype} of shape {keys.shape}")
    if len(np.unique(keys)) != len(keys):
        raise PublicationError(f"{name}: an id is there twice")


def _check_numbers(name: str, numbers: NDArray[np.floating], *, length: int) -> None:
    if numbers.shape != (length,):
        raise PublicationError(f"{name}: shape {numbers.shape}, expected ({length},)")
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise PublicationError(f"{name}: {numbers[bad[0]]} at {bad[0]}: must be finite")


def _check_vectors(vectors: Vectors) -> None:
    _check_keys("item_ids", vectors.item_ids)
    _check_matrix("matrix", vectors.matrix, length=len(vectors.item_ids))
    if vectors.profile_ids is None and vectors.profile_matrix is None:
        return
    if vectors.profile_ids is None or vectors.profile_matrix is None:
        raise PublicationError("profile_ids and profile_matrix: one without the other")
    _check_keys("profile_ids", vectors.profile_ids)
    _check_matrix("profile_matrix", vectors.profile_matrix, length=len(vectors.profile_ids))
    widths = vectors.matrix.shape[1], vectors.profile_matrix.shape[1]
    if widths[0] != widths[1]:
        raise PublicationError(f"profile_matrix: {widths[1]} dimensions, but matrix has {widths[0]}")


def _check_matrix(name: str, matrix: NDArray[np.float32], *, length: int) -> None:
    if matrix.ndim != 2 or len(matrix) != length:
        raise PublicationError(f"{name}: shape {matrix.shape}, expected ({length}, d)")
    if not 1 <= matrix.shape[1] <= MAX_DIMENSIONS:
        raise PublicationError(f"{name}: {matrix.shape[1]} dimensions; 1 to {MAX_DIMENSIONS} can be published")
    if not bool((np.abs(matrix) <= MAX_HALF).all()):
        raise PublicationError(f"{name}: must be finite and within ±{MAX_HALF:.0f}")


def _check_banks(neighbours: Neighbours) -> None:
    """Check that each item has one row a bank, and each bank a reading."""
    for place, reading in enumerate(neighbours.readings):
        if not (np.isfinite(reading.half_life) and reading.half_life >= 0 and reading.window >= 1):
            raise PublicationError(f"readings: {reading} at {place}: half_life from 0, window from 1")
    if neighbours.banks is None:
        _check_keys("item_ids", neighbours.item_ids)
        return
    banks = neighbours.banks
    if banks.shape != neighbours.item_ids.shape or not np.issubdtype(banks.dtype, np.integer):
        raise PublicationError(f"banks: {banks.dtype} of shape {banks.shape}, expected whole numbers, one a row")
    if len(banks) and not (banks.min() >= 0 and banks.max() < max(1, len(neighbours.readings))):
        raise PublicationError(f"banks: {banks.min()} to {banks.max()}, but there are {len(neighbours.readings)}")
    for bank in np.unique(banks):
        _check_keys("item_ids", neighbours.item_ids[banks == bank])


def _check_lists(
    owners: NDArray[np.int64], offsets: NDArray[np.int64], ids: NDArray[np.int64], numbers: NDArray[np.float64]
) -> None:
    if offsets.shape != (len(owners) + 1,) or offsets[0] != 0 or offsets[-1] != len(ids):
        raise PublicationError(f"offsets: must run from 0 to {len(ids)} in {len(owners) + 1} entries")
    lengths = np.diff(offsets)
    if bool((lengths < 0).any()):
        raise PublicationError("offsets: must not fall")
    _check_numbers("weights", numbers, length=len(ids))
    lists = np.repeat(np.arange(len(owners)), lengths)
    same_list = np.diff(lists) == 0
    if bool((same_list & (np.diff(numbers) > 0)).any()):
        raise PublicationError("weights: every list must run from best to worst")
    order = np.lexsort((ids, lists))
    if bool(((np.diff(lists[order]) == 0) & (np.diff(ids[order]) == 0)).any()):
        raise PublicationError("a list holds an item twice")


def verify_known_ids(publication: Publication, dataset: InteractionDataset) -> None:
    """Raise PublicationError where ``publication`` mentions an item or profile that is not in ``dataset``."""
    mentioned = [("item_ids", publication.item_ids, dataset.item_ids)]
    if isinstance(publication, Neighbours):
        mentioned.append(("neighbour_ids", publication.neighbour_ids, dataset.item_ids))
    if isinstance(publication, Shortlists):
        mentioned.append(("profile_ids", publication.profile_ids, dataset.profile_ids))
    if isinstance(publication, Vectors) and publication.profile_ids is not None:
        mentioned.append(("profile_ids", publication.profile_ids, dataset.profile_ids))
    for name, ids, known in mentioned:
        strange = ids[~np.isin(ids, known)]
        if len(strange):
            raise PublicationError(f"{name}: {strange[0]} is not in the dataset")
