"""Asks a fitted model about the cases of a split and measures its answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.fitted import Fitted, ScoreMatrix
from benchmarks.accuracy.protocols import Protocol
from recommender.evaluation.cases import Cases, Split
from recommender.evaluation.metrics import measure_hits, measure_reciprocal_rank
from recommender.evaluation.ranks import Hits, find_hits, join_hits, rank_targets, take_best
from recommender.evaluation.rating_metrics import measure_absolute_errors, measure_squared_errors

Figures = NDArray[np.float64]

LISTED = 10
"""Length of the lists that figures beyond accuracy are taken of."""
_BATCH_CELLS = 2**24


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures a case (c,) by the heading of tables, and the first ten of every list (c, 10), -1 behind an end.

    For ratings: squared and absolute errors, (t,) by target, and no lists.
    """

    profiles: NDArray[np.int64]
    figures: dict[str, Figures]
    lists: NDArray[np.int32] | None


def measure_split(
    fitted: Fitted, split: Split, protocol: Protocol, *, keep_seen: bool, progress: Callable[[float], None]
) -> Measures:
    """Measure ``fitted`` on all cases of ``split``."""
    if protocol.rates:
        return _measure_ratings(fitted, split, progress)
    cases = split.cases
    span = len(split.train.item_ids)
    depth = max(LISTED, protocol.depth)
    parts: list[Hits] = []
    lists: list[NDArray[np.int32]] = []
    for batch in _make_batches(len(cases), span):
        scores = fitted.score(cases, batch)
        hide_items(scores, cases, batch, keep_seen=keep_seen)
        best = take_best(scores, k=depth)
        targets = cases.targets.keep_cases(batch)
        parts.append(find_hits(best, targets=targets) if protocol.depth else rank_targets(scores, targets=targets))
        lists.append(best[:, :LISTED])
        progress(float(batch[-1] + 1) / len(cases))
    hits = join_hits(parts)
    figures = {heading: _measure(hits, metric, span) for metric, heading in protocol.figures}
    return Measures(cases.profiles, figures, np.concatenate(lists))


def hide_items(scores: ScoreMatrix, cases: Cases, batch: NDArray[np.int64], *, keep_seen: bool) -> None:
    """Put NaN where an item may not be recommended: no candidate, or seen."""
    if cases.candidates is not None:
        scores[:, ~cases.candidates] = np.nan
    if keep_seen:
        return
    offsets = cases.histories.profile_offsets
    profiles = cases.profiles[batch]
    lengths = offsets[profiles + 1] - offsets[profiles]
    starts = np.repeat(offsets[profiles] - np.cumsum(lengths) + lengths, lengths)
    rows = np.repeat(np.arange(len(batch)), lengths)
    scores[rows, cases.histories.items[starts + np.arange(len(rows))]] = np.nan


def _measure(hits: Hits, metric: str, items: int) -> Figures:
    if metric == "mrr":
        return measure_reciprocal_rank(hits, k=items if np.isinf(hits.depth) else int(hits.depth))
    name, _, cutoff = metric.partition("@")
    return next(iter(measure_hits(hits, cutoffs=[int(cutoff)], metrics=[name]).values()))


def _measure_ratings(fitted: Fitted, split: Split, progress: Callable[[float], None]) -> Measures:
    """Clip predictions to the range of the ratings learned from; what is not predicted is their mean."""
    cases, known = split.cases, split.train.values[np.isfinite(split.train.values)]
    lowest, highest, mean = float(known.min()), float(known.max()), float(known.mean())
    predictions = []
    for batch in _make_batches(len(cases), len(split.train.item_ids)):
        targets = cases.targets.keep_cases(batch)
        found = fitted.score(cases, batch)[targets.cases, targets.items]
        predictions.append(np.where(np.isfinite(found), np.clip(found, lowest, highest), mean))
        progress(float(batch[-1] + 1) / len(cases))
    predicted, actual = np.concatenate(predictions), cases.targets.values
    figures = {
        "RMSE": measure_squared_errors(predicted, actual=actual),
        "MAE": measure_absolute_errors(predicted, actual=actual),
    }
    return Measures(cases.profiles[cases.targets.cases], figures, None)


def _make_batches(count: int, items: int) -> list[NDArray[np.int64]]:
    size = max(1, min(1024, _BATCH_CELLS // items))
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
