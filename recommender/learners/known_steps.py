"""Histories over the items that a network knows, numbered as it numbers them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps


@dataclass(frozen=True, slots=True)
class KnownSteps:
    """The steps of profile p are ``items[offsets[p]:offsets[p + 1]]``, oldest first: places among ``item_ids`` (V,).

    ``places`` (V,) are those of the items in the dataset, -1 where it lacks one.
    """

    items: NDArray[np.int64]
    offsets: NDArray[np.int64]
    item_ids: NDArray[np.int64]
    places: NDArray[np.int64]


def find_known_steps(dataset: InteractionDataset, *, item_ids: NDArray[np.int64] | None = None) -> KnownSteps:
    """Return the steps with items of ``item_ids``, ascending; by default, with whatever there is a step of."""
    steps = make_steps(dataset)
    if item_ids is None:
        item_ids = dataset.item_ids[np.unique(steps.items)]
    numbers = _find_places(dataset.item_ids, item_ids)[steps.items]
    known = numbers >= 0
    offsets = np.concatenate([[0], np.cumsum(known)])[steps.offsets]
    return KnownSteps(numbers[known], offsets, item_ids, _find_places(item_ids, dataset.item_ids))


def _find_places(ids: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each of ``ids`` among ascending ids, -1 where it is not there."""
    if not len(among):
        return np.full(len(ids), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(among, ids), len(among) - 1)
    return np.where(among[places] == ids, places, -1).astype(np.int64)
