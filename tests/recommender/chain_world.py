"""A world with a known answer: people walk along a ring of items, and a learner that knows how far they step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from catalog.models import Catalog
from recommender.learners import Neighbours, Progress, Shape, learners
from recommender.training.dataset import InteractionDataset
from tests.recommender.logs import make_catalog, make_items, make_profiles, record

ITEMS = 12
PROFILES = 40
STEPS = 6


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """Options of the learner of the ring."""

    step: int = field(default=1, metadata={"help": "How many items further the next one lies."})


class Follow:
    """Says that every item leads to the one ``step`` further on; counts its fits."""

    Options: ClassVar[type[FollowOptions]] = FollowOptions
    shape: ClassVar[Shape] = "neighbours"
    fits: ClassVar[list[tuple[int, int]]] = []

    def __init__(self, options: FollowOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return one neighbour an item."""
        self.fits.append((self.options.step, len(dataset)))
        progress(0.5)
        progress(1.0)
        count = len(dataset.item_ids)
        if self.options.step % count == 0:
            return Neighbours(dataset.item_ids[:0], np.zeros(1, np.int64), dataset.item_ids[:0], np.zeros(0))
        return Neighbours(
            dataset.item_ids,
            np.arange(count + 1),
            np.roll(dataset.item_ids, -self.options.step),
            np.ones(count),
        )


@pytest.fixture
def follow() -> Iterator[list[tuple[int, int]]]:
    """Makes the learner ``follow`` known; the (step, interactions) of its fits."""
    learners.register("follow")(Follow)
    Follow.fits.clear()
    yield Follow.fits
    learners.unregister("follow")


def make_ring(*, steps: int = STEPS) -> Catalog:
    """A catalog of ITEMS items, and PROFILES people in turn, who go ``steps`` items on, each from another one."""
    catalog = make_catalog()
    items, profiles = make_items(catalog, ITEMS), make_profiles(catalog, PROFILES)
    for step in range(steps):
        for number, profile in enumerate(profiles):
            record(profile, items[(number + step) % ITEMS], at=step * PROFILES + number)
    return catalog
