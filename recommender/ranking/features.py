"""Features of candidates: what fitted rankers weigh. The same function serves a request and fits a ranker."""

import numpy as np
from numpy.typing import NDArray

from recommender.records import LONGEST_HISTORY

VIEWS = ("raw", "z_score", "log_share", "log_rank")
"""How each source's scores are looked at, in this order; see ``view_scores``."""

_TINY = 1e-4


def view_scores(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (…, m, 4 S): four views of the scores (…, m, S) of m candidates by S sources, those of a source together.

    - raw: the score as it is: fits sources whose scores compare between people, such as a network's;
    - z_score: in standard deviations from the mean of the candidates;
    - log_share: log of the score over the largest, at least 1e-4: fits sums of weights;
    - log_rank: -log of the place among the candidates, 1 for the best; ties share the middle place.

    A candidate that a source says nothing of (NaN) looks like the lowest that it speaks of, and has the place after
    the last; a source that speaks of none has zeros. All is finite, and rows of NaN more or less change no other row.
    """
    values = np.asarray(scores, dtype=np.float64)
    known = np.isfinite(values)
    if not values.size:
        return np.zeros((*values.shape[:-1], len(VIEWS) * values.shape[-1]), dtype=np.float32)
    some = known.any(axis=-2, keepdims=True)
    lowest = np.min(np.where(known, values, np.inf), axis=-2, keepdims=True)
    filled = np.where(some, np.where(known, values, lowest), 0.0)
    highest = filled.max(axis=-2, keepdims=True)
    count = np.maximum(known.sum(axis=-2, keepdims=True), 1)
    mean = np.where(known, filled, 0.0).sum(axis=-2, keepdims=True) / count
    spread = np.sqrt((np.where(known, filled - mean, 0.0) ** 2).sum(axis=-2, keepdims=True) / count)
    z_score = np.where(spread > 0, (filled - mean) / np.where(spread > 0, spread, 1.0), 0.0)
    share = np.where(highest > 0, filled / np.where(highest > 0, highest, 1.0), 1.0)
    log_share = np.where(some, np.log(np.maximum(share, _TINY)), 0.0)
    places = np.where(known, _middle_places(np.where(known, values, -np.inf)), count + 1)
    log_rank = np.where(some, -np.log(places), 0.0)
    views = np.stack([filled, z_score, log_share, log_rank], axis=-1)
    return views.reshape(*values.shape[:-1], -1).astype(np.float32)


def make_features(scores: NDArray[np.float32], history_lengths: NDArray[np.int64] | int) -> NDArray[np.float32]:
    """Return (…, m, 4 S + 4) features of m candidates: the views, and what the sources say together.

    After the views come: the share of sources that speak of the candidate, its best and its mean log_rank, and
    log(1 + steps of the history), counted up to LONGEST_HISTORY, the same for all candidates of a case.
    """
    views = view_scores(scores)
    sources = scores.shape[-1]
    ranks = views[..., 3::4]
    lengths = np.log1p(np.minimum(history_lengths, LONGEST_HISTORY), dtype=np.float32)
    together = np.stack(
        [
            np.isfinite(scores).mean(axis=-1) if sources else np.zeros(scores.shape[:-1]),
            ranks.max(axis=-1) if sources else np.zeros(scores.shape[:-1]),
            ranks.mean(axis=-1) if sources else np.zeros(scores.shape[:-1]),
            np.broadcast_to(lengths[..., None], scores.shape[:-1]),
        ],
        axis=-1,
    )
    return np.concatenate([views, together.astype(np.float32)], axis=-1)


def name_features(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of what ``make_features`` gives, in order."""
    views = tuple(f"{source}:{view}" for source in sources for view in VIEWS)
    return (*views, "sources", "best_log_rank", "mean_log_rank", "log_history_length")


def _middle_places(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places (1 for the highest) along the last axis but one; ties share the mean of theirs."""
    size = values.shape[-2]
    order = np.argsort(-values, axis=-2, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-2)
    places = np.broadcast_to(np.arange(1.0, size + 1)[:, None], values.shape)
    starts = np.ones(values.shape, dtype=bool)
    starts[..., 1:, :] = ordered[..., 1:, :] != ordered[..., :-1, :]
    ends = np.ones(values.shape, dtype=bool)
    ends[..., :-1, :] = starts[..., 1:, :]
    first = np.maximum.accumulate(np.where(starts, places, 0.0), axis=-2)
    last = np.flip(np.minimum.accumulate(np.flip(np.where(ends, places, np.inf), -2), axis=-2), -2)
    found = np.empty_like(values)
    np.put_along_axis(found, order, (first + last) / 2, axis=-2)
    return found
