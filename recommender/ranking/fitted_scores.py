"""Scores of fitted rankings: the blend, and boosted trees over its best. Numpy alone, for a request and for fitting."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.trees import score_trees
from recommender.records import LONGEST_HISTORY

RERANKED = 100
"""Candidates, the best by the blend, whose order the trees decide; what lies below keeps the blend's, after them."""

BLEND = "blend_"
"""Prefix of the blend's arrays among those of trees."""


def score_blend(
    arrays: Mapping[str, NDArray[Any]], features: NDArray[np.float32], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return (c, m): standardised ``features`` (c, m, F) weighed by the range that each history's length (c,) is in.

    ``mean``, ``scale`` (F,), ``weights`` (R, F), ``bucket_edges`` (R - 1,) ascending, each the first length of a range;
    lengths count up to LONGEST_HISTORY.
    """
    counted = np.minimum(lengths, LONGEST_HISTORY)
    weights = arrays["weights"][np.searchsorted(arrays["bucket_edges"], counted, side="right")]
    # (x - mean) / scale · w, without a standardised copy of the features.
    scaled = weights / arrays["scale"]
    raw = features @ scaled[:, :, None].astype(np.float32)
    return np.asarray(raw[..., 0] - (scaled @ arrays["mean"])[:, None], dtype=np.float64)


def score_boosted(
    arrays: Mapping[str, NDArray[Any]],
    features: NDArray[np.float32],
    lengths: NDArray[np.int64],
    there: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return (c, m): trees over the blend's RERANKED best, whose scores all lie above those of the rest.

    ``arrays`` are those of ``trees.score_trees``, on the features and the blend's score as the last, and those of
    the blend with the prefix BLEND. ``there`` (c, m) marks candidates among padding.
    """
    blend = {name.removeprefix(BLEND): array for name, array in arrays.items() if name.startswith(BLEND)}
    blended = score_blend(blend, features, lengths)
    best = find_reranked(blended, there)
    return lift_reranked(blended, best, score_trees(arrays, join_blend(features, blended)[best]))


def find_reranked(blended: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (c, m): which candidates are among the RERANKED best of their case by the blend."""
    order = np.argsort(np.where(there, -blended, np.inf), axis=1, kind="stable")
    best = np.zeros(there.shape, dtype=bool)
    np.put_along_axis(best, order[:, :RERANKED], True, axis=1)
    return best & there


def join_blend(features: NDArray[np.float32], blended: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return (c, m, F + 1): what the trees see."""
    return np.concatenate([features, blended[..., None].astype(np.float32)], axis=-1)


def lift_reranked(
    blended: NDArray[np.float64], best: NDArray[np.bool_], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (c, m): ``scores`` of the ``best``, one after another, above the blend's scores of the rest."""
    lifted: NDArray[np.float64] = blended - blended.max(axis=1, keepdims=True, initial=0.0) - 1.0
    lifted[best] = scores - scores.min(initial=0.0)
    return lifted
