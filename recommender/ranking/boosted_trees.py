"""Boosted trees: what the blend makes of a candidate, and what its features say beyond that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.ranking.base import FittedArraysError, rankers
from recommender.ranking.blend import check_blend, make_context_features
from recommender.ranking.fitted_scores import BLEND, score_boosted
from recommender.ranking.merging import check_list, order_ids
from recommender.ranking.trees import TreesError, check_trees
from recommender.records import CandidateList, Ranking, RankingContext


@dataclass(frozen=True, slots=True)
class BoostedTreesOptions:
    """None: what there is to choose is fitted."""


@rankers.register("boosted_trees")
class BoostedTrees:
    """Ranks by trees that were boosted to put first what people did next; numpy alone evaluates them."""

    Options: ClassVar[type[BoostedTreesOptions]] = BoostedTreesOptions
    label = _("boosted trees")
    fitted: ClassVar[bool] = True
    wants_scores: ClassVar[bool] = True

    def __init__(self, options: BoostedTreesOptions) -> None:
        self.options = options

    def rank(self, lists: Sequence[CandidateList], context: RankingContext) -> Ranking:
        """Order the context's candidates; raise FittedArraysError for arrays that do not fit its scores."""
        for entry in lists:
            check_list(entry)
        features = make_context_features(context)
        arrays = context.arrays or {}
        blend = {name.removeprefix(BLEND): array for name, array in arrays.items() if name.startswith(BLEND)}
        check_blend(blend, features=features.shape[-1])
        try:
            check_trees(arrays, features=features.shape[-1] + 1)
        except TreesError as error:
            raise FittedArraysError(str(error)) from error
        there = np.ones((1, len(features)), dtype=bool)
        scores = score_boosted(arrays, features[None], np.array([context.history_length]), there)
        return order_ids(context.item_ids, scores[0])
