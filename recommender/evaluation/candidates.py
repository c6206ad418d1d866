"""Candidates of many cases at once: what the pipeline merges for one request, as padded arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Cases
from recommender.evaluation.ranks import take_best
from recommender.evaluation.scoring import PreciseScorer
from recommender.training.steps import make_steps


@dataclass(frozen=True, slots=True)
class CandidateTable:
    """Merged candidates of b cases from S sources: every item that one of them has among its best.

    ``items`` (b, m) item indices ascending, padded with -1; ``scores`` (b, m, S) what every source says of each, NaN
    where nothing; ``lengths`` (b,) steps of the histories.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)


def find_candidates(
    scorers: Sequence[PreciseScorer], cases: Cases, batch: NDArray[np.int64], *, limit: int, exclude_seen: bool = True
) -> CandidateTable:
    """Merge the ``limit`` best of each source for the cases ``batch`` (b,); seen items and others may be left out."""
    profiles = cases.profiles[batch]
    allowed = mark_allowed(cases, profiles, exclude_seen=exclude_seen)
    chosen: list[NDArray[np.int32]] = []
    everything = []
    for scorer in scorers:
        scores = scorer.score(profiles)
        scores[~allowed] = np.nan
        everything.append(scores)
        chosen.append(take_best(scores, k=limit))
    merged = [np.unique(row) for row in np.concatenate(chosen, axis=1)] if chosen else []
    merged = [row[row >= 0] for row in merged]
    width = max((len(row) for row in merged), default=0)
    items = np.full((len(batch), width), -1, dtype=np.int32)
    for place, row in enumerate(merged):
        items[place, : len(row)] = row
    scores = np.stack(
        [np.where(items >= 0, np.take_along_axis(rows, np.maximum(items, 0), axis=1), np.nan) for rows in everything],
        axis=-1,
    ).astype(np.float32)
    return CandidateTable(items=items, scores=scores, lengths=count_steps(cases)[batch])


def count_steps(cases: Cases) -> NDArray[np.int64]:
    """Return shape (c,): how many steps the history of each case has."""
    return np.diff(make_steps(cases.histories).offsets)[cases.profiles]


def batches(count: int, *, size: int) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers 0 to ``count`` in arrays of up to ``size``."""
    for start in range(0, count, size):
        yield np.arange(start, min(start + size, count))


def mark_allowed(cases: Cases, profiles: NDArray[np.int64], *, exclude_seen: bool) -> NDArray[np.bool_]:
    """Return (b, I): what may be recommended to each of ``profiles`` (b,)."""
    histories = cases.histories
    allowed = np.ones((len(profiles), len(histories.item_ids)), dtype=bool)
    if cases.candidates is not None:
        allowed &= cases.candidates
    if exclude_seen:
        offsets = histories.profile_offsets
        for place, profile in enumerate(profiles.tolist()):
            allowed[place, histories.items[offsets[profile] : offsets[profile + 1]]] = False
    return allowed
