"""Factors as vectors: what learners with factors of people and items publish, and how they find both again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.als_solves import solve_rows
from recommender.learners.base import Arrays, Vectors
from recommender.learners.tables import people_by_items
from recommender.training.dataset import InteractionDataset

_UNOBSERVED_MASS = 125.0
"""Weight of all that was not met when people are folded in: see ``spread_mass``."""

_SHRINKAGE = 0.1
"""Ridge penalty of folding in, as a share of the mean square of what the items spread."""


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


def spread_mass(mass: float, met: Any) -> float:
    """Return the weight of each pair that was not met, beside 1 of one that was: ``mass`` / √(people · items).

    Of CSR ``met`` (P, I) those count that have an entry. A fixed weight a pair would leave nothing of what was met in
    a catalogue of some ten thousands of items.
    """
    people, items = int((np.diff(met.indptr) > 0).sum()), len(np.unique(met.indices))
    return mass / float(np.sqrt(max(1, people * items)))


def fold_in(arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
    """Return (P, d): who scores 1 what they met and 0 the rest, as nearly as the items' factors allow.

    For factors that another loss has found: the penalty is relative to their size. Zeros without a known item.
    ``arrays`` has ``unobserved``, the weight of a pair that was not met.
    """
    unobserved = float(arrays["unobserved"])
    met, found = match_items(people_by_items(dataset, binary=True), arrays, dataset)
    items = arrays["items"]
    gram = np.float32(unobserved) * (items.T @ items)
    counts = np.diff(met.indptr)
    spread = float((items * items).sum()) / max(1, items.size)
    penalties = _SHRINKAGE * spread * (counts + unobserved * len(items))
    return solve_rows(met, found, gram=gram, penalties=np.maximum(penalties, 1e-12))


def remember_people(dataset: InteractionDataset, met: Any, people: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Return arrays with the factors of ``people`` (P, d), the histories they were learned from, and how to fold in."""
    known = np.flatnonzero(np.diff(met.indptr))
    return {
        "profile_ids": dataset.profile_ids[known],
        "people": people[known],
        "histories": _mark_histories(met, dataset.item_ids)[known],
        "unobserved": np.array(spread_mass(_UNOBSERVED_MASS, met)),
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
