"""Steps: histories as sequences of items, what models of order learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class Steps:
    """m positive interactions by profile and time; a run of one item is one step, at its last time.

    ``profiles``, ``items`` index into the dataset's ids, ``times`` are epoch seconds, all (m,). The steps of profile p
    are ``offsets[p]:offsets[p + 1]``. ``rows`` (m,) are the places of the steps in the dataset.
    """

    profiles: NDArray[np.int32]
    items: NDArray[np.int32]
    times: NDArray[np.float64]
    rows: NDArray[np.int64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)


def make_steps(dataset: InteractionDataset) -> Steps:
    """Return the steps of every profile of ``dataset``, in order."""
    rows = np.flatnonzero(dataset.strengths > 0)
    profiles, items = dataset.profiles[rows], dataset.items[rows]
    goes_on = np.zeros(len(rows), dtype=bool)
    goes_on[:-1] = (np.diff(items) == 0) & (np.diff(profiles) == 0)
    rows = rows[~goes_on]
    profiles = dataset.profiles[rows]
    return Steps(
        profiles=profiles,
        items=dataset.items[rows],
        times=dataset.times[rows],
        rows=rows,
        offsets=np.searchsorted(profiles, np.arange(len(dataset.profile_ids) + 1)).astype(np.int64),
    )


def count_back(steps: Steps) -> NDArray[np.int64]:
    """Return shape (m,): how many steps each lies before the newest of its profile (0 for the newest)."""
    return steps.offsets[steps.profiles + 1] - 1 - np.arange(len(steps))
