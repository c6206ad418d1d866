"""Datasets of ratings with a known answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recommender.testing.datasets import make_dataset, make_random_rows
from recommender.training.dataset import InteractionDataset

Rating = tuple[int, int, float]
"""Profile index, item index, value."""


def make_ratings(ratings: Sequence[Rating], *, items: int, kind: str = "rating") -> InteractionDataset:
    """Return a dataset of ratings, one a day in their order."""
    dataset = make_dataset([(profile, item, float(day)) for day, (profile, item, _) in enumerate(ratings)], items=items)
    values = [value for _, _, value in sorted(ratings, key=lambda rating: rating[0])]
    return replace(
        dataset,
        values=np.array(values, dtype=np.float32),
        kind_names=(kind,) if ratings else (),
        half_lives={kind: 365.0} if ratings else {},
    )


def make_random_ratings(seed: int, *, items: int = 20) -> InteractionDataset:
    """Return random interactions, two thirds of them rated from 1 to 5, the others without a value."""
    dataset = make_dataset(make_random_rows(seed, items=items), items=items)
    dice = np.random.default_rng(seed)
    values = dice.choice([1.0, 2.0, 3.0, 4.0, 5.0, np.nan, np.inf], size=len(dataset)).astype(np.float32)
    return replace(dataset, values=values, kind_names=("rating",), half_lives={"rating": 365.0})


def draw_taste_world(
    seed: int = 0, *, people: int = 60, items: int = 30, share: float = 0.5
) -> tuple[InteractionDataset, list[Rating]]:
    """Return ratings of a world of one taste that half of the people share and half invert, and those held out.

    A rating is 3 plus the item's quality plus 1.5 times taste of the person by that of the item, both ±1.
    """
    dice = np.random.default_rng(seed)
    tastes, kinds = dice.choice([-1.0, 1.0], size=people), np.where(np.arange(items) % 2, 1.0, -1.0)
    quality = dice.normal(scale=0.3, size=items)
    known: list[Rating] = []
    held: list[Rating] = []
    for person in range(people):
        for item in dice.permutation(items).tolist():
            value = 3.0 + quality[item] + 1.5 * tastes[person] * kinds[item] + dice.normal(scale=0.1)
            (known if dice.random() < share else held).append((person, int(item), float(value)))
    return make_ratings(known, items=items), held
