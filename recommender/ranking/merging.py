"""Merging lists of candidates: what every ranker does after it has weighed them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.records import CandidateList, Floats, Ids, Ranking

_DECIMALS = 12
"""Decimals of a share of the largest sum; sums that agree so far differ by rounding alone, and are ties."""


class CandidateError(ValueError):
    """A list of candidates cannot be ranked; the message names the list and what is wrong with it."""


def check_list(entry: CandidateList) -> None:
    """Raise CandidateError for lengths that differ, a weight below 0, or a number that is not finite."""
    if entry.item_ids.shape != entry.scores.shape or entry.item_ids.ndim != 1:
        raise CandidateError(f"{entry.name}: {entry.item_ids.shape} items, but {entry.scores.shape} scores")
    if not (np.isfinite(entry.weight) and entry.weight >= 0):
        raise CandidateError(f"{entry.name}: weight {entry.weight}: must be a finite number of at least 0")
    bad = np.flatnonzero(~np.isfinite(entry.scores))
    if len(bad):
        raise CandidateError(
            f"{entry.name}: score {entry.scores[bad[0]]} of item {entry.item_ids[bad[0]]}: must be finite"
        )


def keep_first(entry: CandidateList) -> tuple[Ids, Floats]:
    """Return the distinct item ids and their scores in the list's order, each at its first place."""
    places = find_first(entry.item_ids)
    return entry.item_ids[places], entry.scores[places]


def find_first(ids: Ids | NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the place at which each distinct number of ``ids`` (k,) comes first, in order."""
    return np.sort(np.unique(ids, return_index=True)[1])


def merge_ids(lists: Sequence[CandidateList]) -> Ids:
    """Return the distinct item ids of all ``lists``, in the order of lists and places."""
    everything = np.concatenate([entry.item_ids for entry in lists] or [np.empty(0, dtype=np.int64)])
    return everything[find_first(everything)]


def add_up(parts: Sequence[tuple[Ids, Floats]]) -> Ranking:
    """Sum the contributions of each list over items; best first, ties by the order of lists and places."""
    if not parts:
        return Ranking(np.empty(0, dtype=np.int64), np.empty(0))
    everything = np.concatenate([ids for ids, _ in parts])
    amounts = np.concatenate([contributions for _, contributions in parts])
    ids, first, inverse = np.unique(everything, return_index=True, return_inverse=True)
    sums = np.bincount(inverse, weights=amounts, minlength=len(ids)).astype(np.float64)
    largest = np.abs(sums).max(initial=0.0)
    if largest > 0:
        sums = np.round(sums / largest, _DECIMALS) * largest
    order = np.lexsort((first, -sums))
    return Ranking(ids[order], sums[order])


def order_ids(ids: Ids, scores: Floats) -> Ranking:
    """Return distinct ``ids`` by their ``scores``, best first, ties in the order that they are given in."""
    order = np.argsort(-scores, kind="stable")
    return Ranking(ids[order], scores[order])
