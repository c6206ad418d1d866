"""Ratings among the interactions: rows of a kind whose value says how much somebody likes an item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.conf import get_conf
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class RatedRows:
    """n ratings, a pair of profile and item once: ``profiles`` (ascending) and ``items`` index into a dataset's ids.

    ``values`` float64, ``times`` in epoch seconds; all of shape (n,).
    """

    profiles: NDArray[np.int64]
    items: NDArray[np.int64]
    values: NDArray[np.float64]
    times: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.bool_]) -> "RatedRows":
        """Return the ratings that ``rows`` (n,) marks."""
        return RatedRows(self.profiles[rows], self.items[rows], self.values[rows], self.times[rows])

    def scale(self, *, mean: float, spread: float) -> "RatedRows":
        """Return the ratings around ``mean`` in units of ``spread``."""
        return RatedRows(self.profiles, self.items, (self.values - mean) / spread, self.times)

    def bound(self, *, profiles: int) -> NDArray[np.int64]:
        """Return offsets (profiles + 1,): the ratings of profile p are ``offsets[p]:offsets[p + 1]``."""
        return np.searchsorted(self.profiles, np.arange(profiles + 1)).astype(np.int64)


def find_ratings(dataset: InteractionDataset) -> RatedRows:
    """Return the ratings in ``dataset``: of several of one item by one profile, the latest.

    A kind rates where its rule says which value is neutral: the value of a purchase may be a price. A value that is not
    a finite number is none.
    """
    rules = get_conf().kinds
    rates = [name in rules and rules[name].neutral is not None for name in dataset.kind_names]
    rated = np.array(rates, dtype=bool)[dataset.kinds] if rates else np.zeros(len(dataset), dtype=bool)
    rows = np.flatnonzero(rated & np.isfinite(dataset.values))
    pairs = dataset.profiles[rows].astype(np.int64) * max(1, len(dataset.item_ids)) + dataset.items[rows]
    _, latest = np.unique(pairs[::-1], return_index=True)
    rows = rows[np.sort(len(rows) - 1 - latest)]
    return RatedRows(
        profiles=dataset.profiles[rows].astype(np.int64),
        items=dataset.items[rows].astype(np.int64),
        values=dataset.values[rows].astype(np.float64),
        times=dataset.times[rows],
    )
