"""Freshness: what came out last."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from profiles.kinds import DAY
from recommender.learners.base import Progress, Scores, Shape, learners
from recommender.learners.people import decay
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class NewestOptions:
    """Options of the freshness learner."""

    half_life_days: float = field(
        default=30.0,
        metadata={"help": "Days after which an item is half as fresh.", "minimum": 0.01, "maximum": 36500.0},
    )
    span_half_lives: float = field(
        default=20.0,
        metadata={
            "help": "Items more half-lives older than the newest are not called new at all.",
            "minimum": 1.0,
            "maximum": 500.0,
        },
    )


@learners.register("newest")
class Newest:
    """Halves an item's freshness every half-life since its publication (its creation, where none is given).

    The newest item has 1: ages count back from it, not from the clock, so a catalogue that has rested still has
    an order. What is published after ``dataset.until`` is left for the next training.
    """

    Options: ClassVar[type[NewestOptions]] = NewestOptions
    shape: ClassVar[Shape] = "scores"
    label = _("novelty")

    def __init__(self, options: NewestOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Scores:
        """Return scores in (0, 1]."""
        out = np.flatnonzero(dataset.published <= dataset.until.timestamp())
        published = dataset.published[out]
        ages = published.max(initial=-np.inf) - published
        half_life = self.options.half_life_days * DAY
        fresh = ages <= self.options.span_half_lives * half_life
        progress(1.0)
        return Scores(item_ids=dataset.item_ids[out[fresh]], scores=decay(ages[fresh], half_life=half_life))
