"""Accuracy of lists: one figure a case, so that two runs can be paired.

With R(j) the rank of the j-th target found (j from 1), |t| the targets of a case, [·] 1 where it holds:

========================= ===================================================================
hit rate                  [any R ≤ k]
recall                    |{R ≤ k}| / |t|
capped recall             |{R ≤ k}| / min(k, |t|)
precision                 |{R ≤ k}| / k, however short the list
MAP                       Σ_{R(j) ≤ k} j / R(j) / min(k, |t|)
full MAP                  Σ_{R(j) ≤ k} j / R(j) / |t|
MRR                       1 / R(1) where R(1) ≤ k, else 0
NDCG                      Σ_{R ≤ k} 1 / log2(1 + R) / Σ_{r ≤ min(k, |t|)} 1 / log2(1 + r)
========================= ===================================================================

Held against the sources. Microsoft's recommenders (``evaluation/python_evaluation.py``): precision, recall, NDCG as
here (its default natural logarithm cancels out); its ``map`` is full MAP (the MAP of its README's table), its
``map_at_k`` is MAP. LightGCN (``code/utils.py``: ``RecallPrecision_ATk``, ``NDCGatK_r``): recall,
precision, NDCG. Gorse (``core/evaluator.go``): recall, NDCG, MRR, full MAP; its precision divides by the length of the
list, which is k where the catalogue has as many. All take the mean over the people with a target.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.ranks import Hits

Figures = NDArray[np.float64]


def measure_hit_rate(hits: Hits, *, k: int) -> Figures:
    """Return (c,): 1 where any target is among the first k."""
    return np.minimum(_sum(hits, k), 1.0)


def measure_recall(hits: Hits, *, k: int, capped: bool = False) -> Figures:
    """Return (c,): the share of the targets among the first k; ``capped``, of as many as k places can hold."""
    return _sum(hits, k) / (np.minimum(k, hits.counts) if capped else hits.counts)


def measure_precision(hits: Hits, *, k: int) -> Figures:
    """Return (c,): targets among the first k, over k."""
    return _sum(hits, k) / k


def measure_average_precision(hits: Hits, *, k: int, capped: bool = True) -> Figures:
    """Return (c,): the precision at every target found, over min(k, |t|), or over |t| where not ``capped``."""
    starts = np.searchsorted(hits.cases, np.arange(len(hits)))
    numbers = np.arange(len(hits.cases)) - starts[hits.cases] + 1.0
    return _sum(hits, k, numbers / hits.ranks) / (np.minimum(k, hits.counts) if capped else hits.counts)


def measure_reciprocal_rank(hits: Hits, *, k: int) -> Figures:
    """Return (c,): one over the rank of the first target found, 0 where none is among the first k."""
    figures = np.zeros(len(hits))
    cases, firsts = np.unique(hits.cases, return_index=True)
    ranks = hits.ranks[firsts]
    figures[cases] = np.where(ranks <= _check(hits, k), 1.0 / ranks, 0.0)
    return figures


def measure_ndcg(hits: Hits, *, k: int) -> Figures:
    """Return (c,): discounted cumulative gain over that of a list with the targets in front.

    Järvelin and Kekäläinen 2002, with the discount log2(1 + rank).
    """
    ideal: Figures = np.cumsum(1.0 / np.log2(np.arange(2, k + 2)))
    figures: Figures = _sum(hits, k, 1.0 / np.log2(1.0 + hits.ranks)) / ideal[np.minimum(k, hits.counts) - 1]
    return figures


def measure_auc(hits: Hits, *, negatives: NDArray[np.int64]) -> Figures:
    """Return (c,): the chance that a target stands above an item that is none, level counting half.

    Needs exact ranks of all (``rank_targets``). ``negatives`` (c,) counts the listed items that are no targets; a
    target that is not to be listed stands below all. NaN where there are none.

    Raises:
        ValueError: ``hits`` come from lists.
    """
    if not np.isinf(hits.depth):
        raise ValueError("AUC needs the ranks of all targets, not lists")
    starts = np.searchsorted(hits.cases, np.arange(len(hits)))
    above = hits.ranks - (np.arange(len(hits.cases)) - starts[hits.cases] + 1.0)
    outranked = np.bincount(hits.cases, weights=negatives[hits.cases] - above, minlength=len(hits))
    pairs = negatives * hits.counts
    figures: Figures = np.divide(outranked, pairs, out=np.full(len(hits), np.nan), where=pairs > 0)
    return figures


METRICS: Mapping[str, Callable[..., Figures]] = {
    "hr": measure_hit_rate,
    "recall": measure_recall,
    "precision": measure_precision,
    "map": measure_average_precision,
    "mrr": measure_reciprocal_rank,
    "ndcg": measure_ndcg,
    "capped_recall": lambda hits, **k: measure_recall(hits, capped=True, **k),
    "full_map": lambda hits, **k: measure_average_precision(hits, capped=False, **k),
}
"""Metrics by the name that tables give them."""


def measure_hits(hits: Hits, *, cutoffs: Sequence[int], metrics: Sequence[str] = tuple(METRICS)) -> dict[str, Figures]:
    """Return figures a case by ``name@k``.

    Raises:
        KeyError: no metric of that name.
        ValueError: a cutoff deeper than was looked.
    """
    arguments: list[tuple[str, dict[str, Any]]] = [(name, {"k": k}) for k in cutoffs for name in metrics]
    return {f"{name}@{argument['k']}": METRICS[name](hits, **argument) for name, argument in arguments}


def _sum(hits: Hits, k: int, gains: Figures | None = None) -> Figures:
    """Sum the gains (1 each) of the targets among the first k, by case."""
    kept = hits.ranks <= _check(hits, k)
    weights = np.ones(int(kept.sum())) if gains is None else gains[kept]
    return np.bincount(hits.cases[kept], weights=weights, minlength=len(hits)).astype(np.float64)


def _check(hits: Hits, k: int) -> int:
    if not 1 <= k <= hits.depth:
        raise ValueError(f"a cutoff of {k}, where {hits.depth:g} places were looked at")
    return k
