"""Popularity: what many like, lately more than long ago."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from profiles.kinds import DAY
from recommender.learners.base import Progress, Scores, Shape, learners
from recommender.learners.people import count_voices, decay
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class PopularOptions:
    """Options of the popularity learner."""

    half_life_days: float = field(
        default=30.0,
        metadata={"help": "Days after which an interaction counts half.", "minimum": 0.01, "maximum": 36500.0},
    )


@learners.register("popular")
class Popular:
    """Sums positive strengths over people, halved every half-life before the newest interaction.

    A person counts once an item, by their strongest interaction after decay. Items that nobody likes
    are not published.
    """

    Options: ClassVar[type[PopularOptions]] = PopularOptions
    shape: ClassVar[Shape] = "scores"
    tuning: ClassVar[Mapping[str, Sequence[float]]] = {}
    tuning_order: ClassVar[int] = 0
    label = _("popularity")

    def __init__(self, options: PopularOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Scores:
        """Return scores above 0, at most the number of people; their unit is one full-strength voice of today."""
        ages = dataset.reference - dataset.times
        weights = dataset.strengths * decay(ages, half_life=self.options.half_life_days * DAY)
        progress(0.3)
        sums = count_voices(dataset, weights)
        liked = np.flatnonzero(sums > 0)
        progress(1.0)
        return Scores(item_ids=dataset.item_ids[liked], scores=sums[liked])
