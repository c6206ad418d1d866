"""Fairness of exposure: does every group of items get the share of places that is its due?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.metrics import Figures


@dataclass(frozen=True, slots=True)
class GroupExposure:
    """Exposure by group, g of them, shares summing to 1.

    ``shares`` (g,) of the exposure; ``due`` (g,), the same of what they are held against; ``disparity`` (g,) = share /
    due: 1 is fair, 2 twice its due, NaN where nothing is due and nothing given, infinite where nothing is due.
    ``distance`` = ½ Σ |share - due|: the part of all exposure that would have to move, 0 fair.
    """

    shares: Figures
    due: Figures
    disparity: Figures
    distance: float


def measure_group_exposure(
    exposure: Figures, *, groups: NDArray[np.int64], merit: Figures | None = None
) -> GroupExposure:
    """Return how the ``exposure`` (I,) of items is shared among ``groups`` (I,), numbered from 0, -1 for none.

    Held against the share of the catalogue, or of ``merit`` (I,) where given, such as the interactions or the people
    of each item. Items of no group are left out of everything. ``exposure`` is that of ``count_exposure``, best
    discounted, as attention is: the disparate treatment of Singh and Joachims 2018, "Fairness of exposure in
    rankings", with groups' totals in place of their means.

    Raises:
        ValueError: no item is in a group, or nothing in them is exposed or merits anything.
    """
    grouped = groups >= 0
    if not grouped.any():
        raise ValueError("no item is in a group")
    shares = _share(exposure[grouped], groups[grouped], "exposed")
    due = _share(np.ones(int(grouped.sum())) if merit is None else merit[grouped], groups[grouped], "due")
    with np.errstate(divide="ignore", invalid="ignore"):
        disparity = shares / due
    return GroupExposure(shares=shares, due=due, disparity=disparity, distance=float(np.abs(shares - due).sum()) / 2)


def _share(amounts: Figures, groups: NDArray[np.int64], what: str) -> Figures:
    sums = np.bincount(groups, weights=amounts).astype(np.float64)
    total = float(sums.sum())
    if not total:
        raise ValueError(f"nothing is {what} in any group")
    shares: Figures = sums / total
    return shares
