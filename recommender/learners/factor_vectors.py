"""Factors as vectors: what learners with factors of people and items publish, and how they find both again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Vectors
from recommender.learners.tables import people_by_items
from recommender.training.dataset import InteractionDataset

_BRIDGE_PENALTY = 0.01
"""Ridge penalty of the bridge, for each person and input of mean square 1."""


def publish_no_factors(rank: int) -> Vectors:
    """Return the publication of a dataset that says nothing."""
    ids = np.empty(0, dtype=np.int64)
    nothing = np.empty((0, rank), dtype=np.float32)
    return Vectors(ids, nothing, "inner_product", profile_ids=ids, profile_matrix=nothing)


def publish_factors(dataset: InteractionDataset, arrays: Arrays, people: NDArray[np.float32]) -> Vectors:
    """Publish ``item_ids`` and ``items`` of ``arrays``, and the rows of ``people`` (P, d) that are not zeros."""
    known = people.any(axis=1)
    return Vectors(
        item_ids=arrays["item_ids"],
        matrix=arrays["items"],
        metric="inner_product",
        arrays=arrays,
        profile_ids=dataset.profile_ids[known],
        profile_matrix=people[known],
    )


def find_places(known_ids: NDArray[np.int64], wanted_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of ``wanted_ids`` its place in ``known_ids`` (ascending), -1 where it is not there."""
    if not len(known_ids):
        return np.full(len(wanted_ids), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(known_ids, wanted_ids), len(known_ids) - 1).astype(np.int64)
    places[known_ids[places] != wanted_ids] = -1
    return places


def match_items(met: Any, arrays: Arrays, dataset: InteractionDataset) -> tuple[Any, NDArray[np.float32]]:
    """Return the columns of CSR ``met`` (P, I) with factors in ``arrays``, and those factors (k, d), in one order."""
    places = find_places(arrays["item_ids"], dataset.item_ids)
    columns = np.flatnonzero(places >= 0)
    return met[:, columns].tocsr(), arrays["items"][places[columns]]


def fit_bridge(met: Any, items: NDArray[np.float32], people: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (1 + d, d): what leads from a history's items to the factors that its owner would have been given.

    Least squares, over the people of CSR ``met`` (P, I), from 1 and the mean of the items' factors (I, d) to the
    factors that learning found for them (P, d). A regression of each history by itself knows nothing of how ``people``
    lie: what they have in common, such as how much popularity counts, is in no single history.
    """
    inputs, known = _average_histories(met, items)
    inputs = inputs[known].astype(np.float64)
    scale = np.maximum(np.sqrt((inputs * inputs).mean(axis=0)), 1e-12)
    standard = inputs / scale
    system = standard.T @ standard + _BRIDGE_PENALTY * len(standard) * np.eye(len(scale))
    bridge = np.linalg.solve(system, standard.T @ people[known]) / scale[:, None]
    return np.asarray(bridge, dtype=np.float32)


def cross_bridge(arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
    """Return (P, d): the factors of people by the ``bridge`` of ``arrays``; zeros without a known item."""
    inputs, known = _average_histories(*match_items(people_by_items(dataset, binary=True), arrays, dataset))
    encoded = np.asarray(inputs @ arrays["bridge"], dtype=np.float32)
    encoded[~known] = 0.0
    return encoded


def _average_histories(met: Any, items: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return (P, 1 + d): 1 and the mean of the factors of each row's items; and which rows have any."""
    counts = np.diff(met.indptr)
    means = np.asarray(met @ items) / np.maximum(counts, 1)[:, None]
    return np.concatenate([np.ones((len(counts), 1)), means], axis=1).astype(np.float32), counts > 0


def remember_people(dataset: InteractionDataset, met: Any, people: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Return arrays that hold the factors of ``people`` (P, d) and what histories they were learned from."""
    known = np.flatnonzero(np.diff(met.indptr))
    return {
        "profile_ids": dataset.profile_ids[known],
        "people": people[known],
        "histories": _mark_histories(met, dataset.item_ids)[known],
    }


def recall_people(arrays: Arrays, dataset: InteractionDataset, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``encoded`` (P, d) with the factors learned for those whose history is still that learned from."""
    met = people_by_items(dataset, binary=True)
    places = find_places(arrays["profile_ids"], dataset.profile_ids)
    same = places >= 0
    same[same] = arrays["histories"][places[same]] == _mark_histories(met, dataset.item_ids)[same]
    recalled = encoded.copy()
    recalled[same] = arrays["people"][places[same]]
    return recalled


def _mark_histories(met: Any, item_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (P,) a sum over the items of each row of CSR ``met``, mixed so that other items give another sum."""
    marks = item_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    marks = (marks ^ (marks >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    marks ^= marks >> np.uint64(32)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(marks[met.indices], dtype=np.uint64)])
    return np.asarray((sums[met.indptr[1:]] - sums[met.indptr[:-1]]).view(np.int64))
