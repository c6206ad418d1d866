"""The blend: weighs what every strategy says of every candidate as was found best on what people did next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.ranking.base import FittedArraysError, rankers
from recommender.ranking.features import make_features
from recommender.ranking.fitted_scores import score_blend
from recommender.ranking.merging import check_list, order_ids
from recommender.records import CandidateList, Ranking, RankingContext


@dataclass(frozen=True, slots=True)
class BlendOptions:
    """None: what there is to choose is fitted."""


@rankers.register("blend")
class Blend:
    """Ranks by ``score_blend``: a weighted sum of features, with weights of their own for each length of history."""

    Options: ClassVar[type[BlendOptions]] = BlendOptions
    label = _("fitted blend")
    fitted: ClassVar[bool] = True
    wants_scores: ClassVar[bool] = True

    def __init__(self, options: BlendOptions) -> None:
        self.options = options

    def rank(self, lists: Sequence[CandidateList], context: RankingContext) -> Ranking:
        """Order the context's candidates; raise FittedArraysError for arrays that do not fit its scores."""
        for entry in lists:
            check_list(entry)
        features = make_context_features(context)
        arrays = context.arrays or {}
        check_blend(arrays, features=features.shape[-1])
        scores = score_blend(arrays, features[None], np.array([context.history_length]))
        return order_ids(context.item_ids, scores[0])


def make_context_features(context: RankingContext) -> NDArray[np.float32]:
    """Return (m, F) features of the context's candidates; raise FittedArraysError where it has no scores of them."""
    scores = context.scores
    if scores is None or scores.shape != (len(context.item_ids), len(context.names)):
        shape = None if scores is None else scores.shape
        raise FittedArraysError(f"scores {shape} of {len(context.item_ids)} items by {len(context.names)} sources")
    return make_features(scores, context.history_length)


def check_blend(arrays: Mapping[str, NDArray[Any]], *, features: int) -> None:
    """Raise FittedArraysError unless ``arrays`` weigh ``features`` features; see ``score_blend``."""
    missing = {"mean", "scale", "weights", "bucket_edges"} - arrays.keys()
    if missing:
        raise FittedArraysError(f"blend: {', '.join(sorted(missing))} missing")
    weights, edges = arrays["weights"], arrays["bucket_edges"]
    expected = {"mean": (features,), "scale": (features,), "weights": (len(edges) + 1, features)}
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise FittedArraysError(f"blend: {name} of shape {arrays[name].shape}, not {shape}")
    if not (np.isfinite(weights).all() and np.isfinite(arrays["mean"]).all() and (arrays["scale"] > 0).all()):
        raise FittedArraysError("blend: a weight or mean that is not finite, or a scale that is not above 0")
    if (np.diff(edges) < 0).any():
        raise FittedArraysError("blend: bucket_edges do not ascend")
