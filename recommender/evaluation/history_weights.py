"""How much each item of a history counts for a reader: the array twins of the readers' tables."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.kinds import DAY
from recommender.records import HistoryReading
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import count_back, make_steps


def weigh_by_time(dataset: InteractionDataset, *, length: int, times: NDArray[np.float64] | None = None) -> Any:
    """Return a CSR matrix (P, I): the latest ``length`` interactions of each profile by kind, value and age.

    Ages count back from ``times`` (P,) epoch seconds, the moments at which a reader looks at the histories. Without
    them, from each profile's own latest interaction: where all its kinds fade alike, that is one factor for the whole
    row, which no order depends on.
    """
    rows = np.arange(len(dataset))
    ends = dataset.profile_offsets[1:]
    latest = rows >= ends[dataset.profiles] - length
    rows = rows[latest]
    profiles = dataset.profiles[rows]
    days = np.array([dataset.half_lives[name] for name in dataset.kind_names] or [1.0])
    seen_from = dataset.times[np.maximum(ends[profiles] - 1, 0)] if times is None else times[profiles]
    ages = seen_from - dataset.times[rows]
    weights = dataset.strengths[rows].astype(np.float64) * np.exp2(-ages / (days[dataset.kinds[rows]] * DAY))
    return _make_matrix(dataset, profiles, dataset.items[rows], weights)


def weigh_by_steps(dataset: InteractionDataset, *, reading: HistoryReading) -> Any:
    """Return a CSR matrix (P, I): the steps of each profile weighed by ``reading``, those of one item added up."""
    steps = make_steps(dataset)
    back = count_back(steps)
    inside = back < reading.window
    weights = np.exp2(-back[inside] / reading.half_life) if reading.half_life else np.ones(int(inside.sum()))
    return _make_matrix(dataset, steps.profiles[inside], steps.items[inside], weights)


def _make_matrix(
    dataset: InteractionDataset, profiles: NDArray[np.int32], items: NDArray[np.int32], weights: NDArray[np.float64]
) -> Any:
    from scipy.sparse import coo_matrix

    shape = len(dataset.profile_ids), len(dataset.item_ids)
    return coo_matrix((weights.astype(np.float64), (profiles, items)), shape=shape).tocsr()
