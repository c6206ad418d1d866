"""Reciprocal rank fusion: goes by places alone, so that scores of different scales can be merged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.ranking.base import rankers
from recommender.ranking.merging import add_up, check_list, keep_first
from recommender.records import CandidateList, Floats, Ids, Ranking, RankingContext


@dataclass(frozen=True, slots=True)
class ReciprocalRankOptions:
    """Options of reciprocal rank fusion."""

    k: float = field(
        default=60.0,
        metadata={
            "help": "Added to every rank: the larger, the less the first places count for.",
            "minimum": 0.0,
            "maximum": 1000000.0,
        },
    )


@rankers.register("reciprocal_rank")
class ReciprocalRank:
    """Sums weight / (k + rank) over the lists, ranks from 1.

    Source: Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank
    learning methods"; the weights are ours.
    """

    Options: ClassVar[type[ReciprocalRankOptions]] = ReciprocalRankOptions
    label = _("reciprocal ranks")

    def __init__(self, options: ReciprocalRankOptions) -> None:
        self.options = options

    def rank(self, lists: Sequence[CandidateList], context: RankingContext) -> Ranking:
        """Merge the lists into distinct items, best first; raise CandidateError for a list that cannot be ranked."""
        return add_up([self._weigh(entry) for entry in lists])

    def _weigh(self, entry: CandidateList) -> tuple[Ids, Floats]:
        check_list(entry)
        ids, _scores = keep_first(entry)
        return ids, entry.weight / (self.options.k + np.arange(1, len(ids) + 1, dtype=np.float64))
