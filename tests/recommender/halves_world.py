"""A world with a known answer for tunings: people walk along a ring, and each of two learners knows half of the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import pytest

from catalog.models import Catalog
from profiles.models import Interaction
from recommender.learners import Neighbours, Progress, Shape, learners
from recommender.models import Placement, PlacementStrategy
from recommender.training.dataset import InteractionDataset
from tests.recommender.logs import START, make_catalog, make_items, make_profiles

ITEMS = 30
PEOPLE = 240
STEPS = 6
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HalfOptions:
    """Options of a learner of half of the ring."""

    reach: int = field(default=1, metadata={"help": "How many items further the next one is said to lie."})


class _Half:
    """Says of every second item where it leads to."""

    Options: ClassVar[type[HalfOptions]] = HalfOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {}
    first: ClassVar[int] = 0
    fails: ClassVar[BaseException | None] = None

    def __init__(self, options: HalfOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return one neighbour of every second item."""
        if self.fails is not None:
            raise self.fails
        progress(0.5)
        chosen = dataset.item_ids[self.first :: 2]
        followers = np.roll(dataset.item_ids, -self.options.reach)[self.first :: 2]
        progress(1.0)
        return Neighbours(chosen, np.arange(len(chosen) + 1), followers, np.ones(len(chosen)))


class Even(_Half):
    """Knows where even items lead to."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {"reach": (1, 2)}


class Odd(_Half):
    """Knows where odd items lead to."""

    first: ClassVar[int] = 1


@pytest.fixture
def halves() -> Iterator[None]:
    """Makes the learners ``even`` and ``odd`` known."""
    learners.register("even")(Even)
    learners.register("odd")(Odd)
    yield
    learners.unregister("even")
    learners.unregister("odd")


def make_halves(*strategies: tuple[str, str, float], **fields: object) -> tuple[Catalog, Placement]:
    """PEOPLE people in turn, each STEPS items on from another one; a placement with ``strategies`` (even alone)."""
    catalog = make_catalog()
    items, people = make_items(catalog, ITEMS), make_profiles(catalog, PEOPLE)
    Interaction.objects.bulk_create(
        Interaction(
            catalog=catalog,
            profile=person,
            item=items[(number + step) % ITEMS],
            kind="purchase",
            occurred_at=START + (step * PEOPLE + number) * HOUR,
        )
        for step in range(STEPS)
        for number, person in enumerate(people)
    )
    placement = Placement.objects.create(catalog=catalog, key="home", name="For you", **{"diversity": 0.0, **fields})
    PlacementStrategy.objects.bulk_create(
        PlacementStrategy(placement=placement, reader=reader, source=source, weight=weight, position=place)
        for place, (reader, source, weight) in enumerate(strategies or (("neighbours", "even", 2.0),))
    )
    return catalog, placement
