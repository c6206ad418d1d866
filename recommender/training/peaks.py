"""Bounds of the greatest values of wide rows, without a selection among all of them."""

import numpy as np
from numpy.typing import NDArray

_GROUPS_A_KEPT = 5
"""Groups of columns for each value that is kept: with more, fewer others reach the bound, and more is sorted."""


def bound_greatest(values: NDArray[np.floating], kept: int) -> NDArray[np.floating]:
    """Return for each row of ``values`` (h, I) a bound that at least its ``kept`` greatest reach, and few others.

    Where there are many more columns than are kept, the greatest of each of some groups of columns are enough: as
    many values as groups reach the least of the best groups. One pass in order, where a selection among all columns
    takes ten times as long, most of all among many that are equal. Where ``kept`` is 0 nothing reaches the bound.
    Values are not NaN, and ``kept`` is at most I.
    """
    height, width = values.shape
    if not kept:
        return np.full(height, np.inf)
    groups = kept * _GROUPS_A_KEPT
    if 2 * groups > width:
        return np.partition(values, width - kept, axis=1)[:, width - kept]
    whole = width - width % groups
    peaks = values[:, :whole].reshape(height, -1, groups).max(axis=1)
    rest = width - whole
    peaks[:, :rest] = np.maximum(peaks[:, :rest], values[:, whole:])
    return np.partition(peaks, groups - kept, axis=1)[:, groups - kept]
