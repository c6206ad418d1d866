"""Weighted score fusion: goes by how far apart scores are, after bringing each list to one scale."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.ranking.base import rankers
from recommender.ranking.merging import add_up, check_list, keep_first
from recommender.records import CandidateList, Floats, Ranking, RankingContext

Scale = Literal["min_max", "z_score"]


@dataclass(frozen=True, slots=True)
class WeightedScoreOptions:
    """Options of weighted score fusion."""

    scale: Scale = field(
        default="min_max",
        metadata={
            "help": "min_max: a list's scores run from 0 to 1; z_score: in standard deviations above its lowest."
        },
    )


@rankers.register("weighted_score")
class WeightedScore:
    """Sums weight × scaled score over the lists; a list that lacks an item gives it 0.

    With either scale the lowest of a list has 0, as what is not in the list: being proposed never does
    harm. A list whose scores are all equal gives each 1.
    """

    Options: ClassVar[type[WeightedScoreOptions]] = WeightedScoreOptions
    label = _("weighted scores")

    def __init__(self, options: WeightedScoreOptions) -> None:
        self.options = options

    def rank(self, lists: Sequence[CandidateList], context: RankingContext) -> Ranking:
        """Merge the lists into distinct items, best first; raise CandidateError for a list that cannot be ranked."""
        parts = []
        for entry in lists:
            check_list(entry)
            ids, scores = keep_first(entry)
            parts.append((ids, entry.weight * scale_scores(scores, scale=self.options.scale)))
        return add_up(parts)


def scale_scores(scores: Floats, *, scale: Scale) -> Floats:
    """Bring finite ``scores`` (k,) to a scale that starts at 0; all 1 where they are all equal."""
    largest = np.abs(scores).max(initial=0.0)
    if not largest:
        return np.ones_like(scores)
    # Divided first, so that neither the range nor the squares of huge scores overflow.
    above = scores / largest - (scores / largest).min()
    unit = above.max() if scale == "min_max" else above.std()
    return np.asarray(above / unit if above.max() > 0 and unit > 0 else np.ones_like(scores), dtype=np.float64)
