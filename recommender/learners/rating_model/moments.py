"""Groups of ratings that share a moment: somebody's day, ten minutes or instant, an item's month."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

DAY, MONTH = 86_400, 30 * 86_400
TEN_MINUTES = 600
EPOCH_FROM = 100_000_000
"""Times below (1973 in epoch seconds) are but an order."""
_RUNS = (20, 4)
_MOST_SHARE = 0.8
"""Groups say nothing where there are nearly as many as ratings."""


def find_moments(profiles: Indices, items: Indices, times: NDArray[np.float64]) -> list[Indices]:
    """Return the group of each rating, arrays (n,) numbered from 0: by profile and day, ten minutes, instant, by item
    and month, and by day.

    Where ``times`` are but an order (all below 1973), runs of 20 and of 4 consecutive places of a profile stand for
    sessions. Groups that hold hardly more than a rating each, or that are but the profiles, are left out.
    """
    if not len(times):
        return []
    if times.max() < EPOCH_FROM:
        places = times.astype(np.int64)
        candidates = [number_pairs(profiles, places // run) for run in _RUNS]
    else:
        seconds = (times - times.min()).astype(np.int64)
        days = seconds // DAY
        candidates = [number_pairs(profiles, days), number_pairs(profiles, seconds // TEN_MINUTES)]
        candidates += [number_pairs(profiles, seconds), number_pairs(items, seconds // MONTH)]
        candidates += [number_pairs(days, np.zeros_like(days))]
    people = len(np.unique(profiles))
    counts = [int(groups.max()) + 1 for groups in candidates]
    return [
        groups
        for groups, count in zip(candidates, counts, strict=True)
        if 1 < count < _MOST_SHARE * len(groups) and not 0.95 * people < count < 1.05 * people
    ]


def number_pairs(left: Indices, right: Indices) -> Indices:
    """Return the number (n,) of each pair of ``left`` and ``right`` (n,), equal pairs alike."""
    _, numbered = np.unique(right, return_inverse=True)
    keys = left.astype(np.int64) * (int(numbered.max(initial=0)) + 1) + numbered
    numbers: Indices = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    return numbers
