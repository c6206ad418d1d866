"""How the scores of several people become one: average, least misery, most pleasure."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

AVERAGE, LEAST_MISERY, MOST_PLEASURE = "average", "least_misery", "most_pleasure"
HOW = (AVERAGE, LEAST_MISERY, MOST_PLEASURE)

_DECIMALS = 12
_AGGREGATES: Mapping[str, np.ufunc | None] = {AVERAGE: None, LEAST_MISERY: np.minimum, MOST_PLEASURE: np.maximum}


def scale_members(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the scores (M, m) of M people for m items to one scale: each person's best is 1, the worst 0.

    NaN, an item that nothing is known of, is as bad as the worst. Where all that is known of is equally good, it is 1
    each; who says nothing at all has 0 everywhere, and so no say.
    """
    known = np.isfinite(scores)
    largest = np.max(np.abs(scores), axis=1, keepdims=True, initial=0.0, where=known)
    # Divided first, so that the range of huge scores does not overflow.
    shares = np.where(known, scores, 0.0) / np.where(largest > 0, largest, 1.0)
    lowest = np.min(shares, axis=1, keepdims=True, initial=1.0, where=known)
    span = np.max(shares, axis=1, keepdims=True, initial=-1.0, where=known) - lowest
    return np.where(known, np.where(span > 0, (shares - lowest) / np.where(span > 0, span, 1.0), 1.0), 0.0)


def combine_members(scores: NDArray[np.float64], *, how: str) -> NDArray[np.float64]:
    """Return shape (m,): what M people with scores (M, m), finite and on one scale, think of each item together.

    average: the mean; least_misery: the lowest, as a group is as glad as its least glad member; most_pleasure: the
    highest. Source: Masthoff 2015, "Group recommender systems: aggregation, satisfaction and group attributes" (in
    Recommender Systems Handbook, 2nd edition), table of aggregation strategies.

    Raises:
        ValueError: ``how`` is none of these.
    """
    if how not in _AGGREGATES:
        raise ValueError(f"{how!r}: one of {', '.join(HOW)}")
    aggregate = _AGGREGATES[how]
    combined = scores.mean(axis=0) if aggregate is None else aggregate.reduce(scores, axis=0)
    return np.asarray(combined, dtype=np.float64)


def order_items(scores: NDArray[np.float64], combined: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the places (m,) of the items, best first: by ``combined`` (m,), ties by the mean of ``scores`` (M, m)."""
    mean = np.round(scores.mean(axis=0), _DECIMALS)
    return np.lexsort((np.arange(len(combined)), -mean, -np.round(combined, _DECIMALS)))
