"""Trends: what draws more people now than it used to, beyond chance."""

from dataclasses import dataclass, field
from statistics import NormalDist
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from profiles.kinds import DAY
from recommender.learners.base import Progress, Scores, Shape, learners
from recommender.learners.people import count_voices
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class TrendingOptions:
    """Options of the trend learner."""

    window_days: float = field(
        default=7.0, metadata={"help": "Length of the recent window, in days.", "minimum": 0.01, "maximum": 3650.0}
    )
    base_windows: int = field(
        default=8,
        metadata={"help": "Earlier windows of that length to compare with.", "minimum": 1, "maximum": 100},
    )
    prior: float = field(
        default=2.0,
        metadata={
            "help": "How much evidence a change needs: the people that speak for “nothing changed” beforehand.",
            "minimum": 0.1,
            "maximum": 1000.0,
        },
    )
    confidence: float = field(
        default=0.9,
        metadata={"help": "How sure the lift must be: 0.5 for its median.", "minimum": 0.5, "maximum": 0.999},
    )
    minimum_people: int = field(
        default=2, metadata={"help": "Fewest people in the recent window.", "minimum": 1, "maximum": 1000000}
    )
    minimum_lift: float = field(
        default=1.0,
        metadata={"help": "Publish items whose lift is above this; 1 is no change.", "minimum": 0.0, "maximum": 1000.0},
    )


@learners.register("trending")
class Trending:
    """Compares the recent window with an item's own earlier ones by a gamma-Poisson shrinker.

    c people came in the recent window, e were expected: the item's former share of everybody, so that a
    busy week alone lifts nothing. With c ~ Poisson(e·ρ) and the lift ρ ~ Gamma(a, a) (mean 1), the lift is
    Gamma(a + c, a + e) afterwards; the score is its lower quantile, so a jump from 1 to 3 does not outrank
    one from 100 to 250. Source: DuMouchel 1999, "Bayesian data mining in large frequency tables" (there EB05).

    Windows count back from the newest interaction (``dataset.reference``), not from the clock. A person
    counts once an item and window. In a log shorter than one window everything is new: the order is that
    of the people.
    """

    Options: ClassVar[type[TrendingOptions]] = TrendingOptions
    shape: ClassVar[Shape] = "scores"
    label = _("trends")

    def __init__(self, options: TrendingOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Scores:
        """Return the lower quantile of each rising item's lift."""
        options = self.options
        ages = (dataset.reference - dataset.times) / (options.window_days * DAY)
        windows = np.floor(ages).astype(np.int64)
        voices = (dataset.strengths > 0).astype(np.float64)
        recent = count_voices(dataset, voices, rows=windows == 0)
        earlier = np.zeros(len(dataset.item_ids))
        covered = min(options.base_windows, int(windows.max(initial=0)))
        for window in range(1, covered + 1):
            earlier += count_voices(dataset, voices, rows=windows == window)
            progress(0.9 * window / covered)
        expected = earlier * (recent.sum() / max(earlier.sum(), 1.0))
        scores = gamma_quantile(options.prior + recent, 1 - options.confidence) / (options.prior + expected)
        rising = np.flatnonzero((recent >= options.minimum_people) & (scores > options.minimum_lift))
        progress(1.0)
        return Scores(
            item_ids=dataset.item_ids[rising],
            scores=scores[rising],
            metrics={"windows": float(covered), "recent_voices": float(recent.sum())},
        )


def gamma_quantile(shape: NDArray[np.float64], probability: float) -> NDArray[np.float64]:
    """Return the quantile of Gamma(shape, 1), by the cube-root normal approximation; never below 0.

    Within 1 % of the exact one for shapes from 2 and probabilities from 0.1 to 0.9. Source: Wilson and Hilferty 1931.
    """
    z = NormalDist().inv_cdf(probability)
    root = np.maximum(0.0, 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * np.sqrt(shape)))
    return np.asarray(shape * root**3, dtype=np.float64)
