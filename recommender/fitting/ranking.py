"""Fits how the members' scores are put together, and ranks cases so: a blend, or trees where they are better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import CandidateTable, batches, find_candidates
from recommender.evaluation.cases import Cases
from recommender.evaluation.ranks import take_best
from recommender.evaluation.scoring import PreciseScorer
from recommender.fitting.blending import RankingCases, fit_blend
from recommender.fitting.boosting import Trees, fit_trees
from recommender.fitting.lists import size_batch
from recommender.ranking.features import make_features
from recommender.ranking.fitted_scores import (
    BLEND,
    find_reranked,
    join_blend,
    lift_reranked,
    score_blend,
    score_boosted,
)

CANDIDATES = 100
"""Best items of each source that are looked at, as in a request."""

MIN_TREE_CASES = 500
"""Cases with a target below which trees are not tried."""

MARGIN = 0.005
"""By what share of the NDCG trees must be better than the blend to be worth their time in a request."""

_FOLDS = 4


@dataclass(frozen=True, slots=True)
class RankingFit:
    """A fitted ranking: the ranker's key, its arrays, and the NDCG at 10 of each way, cross-validated."""

    ranker: str
    arrays: Mapping[str, NDArray[Any]]
    figures: Mapping[str, float]
    trees: Trees | None = None


def gather_table(
    scorers: Sequence[PreciseScorer], cases: Cases, *, exclude_seen: bool = True, limit: int = CANDIDATES
) -> tuple[CandidateTable, NDArray[np.bool_]]:
    """Return the candidates of all ``cases`` and which of them are targets (c, m)."""
    size = size_batch(cases, sources=len(scorers))
    tables = [
        find_candidates(scorers, cases, batch, limit=limit, exclude_seen=exclude_seen)
        for batch in batches(len(cases), size=size)
    ]
    table = join_tables(tables)
    return table, mark_targets(table.items, cases)


def join_tables(tables: Sequence[CandidateTable]) -> CandidateTable:
    """Return the cases of some tables of the same sources, one table behind the other."""
    width = max((table.items.shape[1] for table in tables), default=0)
    return CandidateTable(
        items=np.concatenate([pad_rows(table.items, width, -1) for table in tables]),
        scores=np.concatenate([pad_rows(table.scores, width, np.nan) for table in tables]),
        lengths=np.concatenate([table.lengths for table in tables]),
    )


def keep_sources(
    table: CandidateTable, wanted: NDArray[np.bool_], sources: Sequence[int], *, limit: int = CANDIDATES
) -> tuple[CandidateTable, NDArray[np.bool_]]:
    """Return the candidates that ``sources`` alone would have given, and which of them are targets (c, m)."""
    scores = table.scores[..., list(sources)]
    kept = np.zeros(table.items.shape, dtype=bool)
    for source in range(scores.shape[2]):
        best = take_best(scores[..., source], k=limit)
        rows, columns = np.nonzero(best >= 0)
        kept[rows, best[rows, columns]] = True
    order = order_kept(kept)
    there = np.take_along_axis(kept, order, axis=1)
    items = np.where(there, np.take_along_axis(table.items, order, axis=1), -1)
    scores = np.where(there[..., None], np.take_along_axis(scores, order[..., None], axis=1), np.nan)
    narrow = CandidateTable(items=items, scores=scores, lengths=table.lengths)
    return narrow, np.take_along_axis(wanted, order, axis=1) & there


def order_kept(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (c, w): of each row of ``kept`` (c, m) the columns kept, then others; w is the most kept, 1 at least."""
    width = int(kept.sum(axis=1).max(initial=1))
    return np.argsort(~kept, axis=1, kind="stable")[:, :width]


def mark_targets(items: NDArray[np.int32], cases: Cases) -> NDArray[np.bool_]:
    """Return (c, m): which of the candidates of each case are its targets."""
    span = np.int64(len(cases.histories.item_ids) + 1)
    wanted = cases.targets.cases * span + cases.targets.items
    return np.isin(np.arange(len(items))[:, None] * span + items, wanted) & (items >= 0)


def fit_ranking(cases: RankingCases, *, seed: int, threads: int = 0, with_trees: bool = True) -> RankingFit:
    """Fit a blend and, on top, boosted trees; take the trees where cross-validation finds them better.

    The figures are of cases that neither has seen: each of some folds by what was fitted on the others.
    """
    blend = fit_blend(cases)
    if not with_trees or len(cases) < MIN_TREE_CASES:
        return RankingFit("blend", blend, {})
    folds = np.random.default_rng(seed).permutation(len(cases)) % _FOLDS
    blended = np.zeros(cases.there.shape)
    treed = np.zeros(cases.there.shape)
    for fold in range(_FOLDS):
        part, rest = cases.take(np.flatnonzero(folds != fold)), cases.take(np.flatnonzero(folds == fold))
        arrays = fit_blend(part)
        unseen = score_blend(arrays, rest.features, rest.lengths)
        trees = fit_trees(part, score_blend(arrays, part.features, part.lengths), seed=seed, threads=threads)
        blended[folds == fold] = unseen
        treed[folds == fold] = _score_trees(trees, rest.features, unseen, rest.there)
    figures = {"blend": measure_ranking(blended, cases), "boosted_trees": measure_ranking(treed, cases)}
    if figures["boosted_trees"] <= figures["blend"] * (1 + MARGIN):
        return RankingFit("blend", blend, figures)
    trees = fit_trees(cases, score_blend(blend, cases.features, cases.lengths), seed=seed, threads=threads)
    arrays = {**trees.arrays, **{BLEND + name: array for name, array in blend.items()}}
    return RankingFit("boosted_trees", arrays, figures, trees)


def score_table(fit: RankingFit, table: CandidateTable) -> NDArray[np.float64]:
    """Return (b, m): the fitted ranking's scores, -inf for padding."""
    features = make_features(table.scores, table.lengths)
    there = table.items >= 0
    if fit.ranker == "blend":
        scores = score_blend(fit.arrays, features, table.lengths)
    elif fit.trees is None:
        scores = score_boosted(fit.arrays, features, table.lengths, there)
    else:
        blend = {name.removeprefix(BLEND): array for name, array in fit.arrays.items() if name.startswith(BLEND)}
        scores = _score_trees(fit.trees, features, score_blend(blend, features, table.lengths), there)
    return np.where(there, scores, -np.inf)


def rank_table(fit: RankingFit, table: CandidateTable, *, k: int) -> NDArray[np.int32]:
    """Return the ``k`` best items (b, k) of the candidates, -1 where there are no more."""
    places = take_best(score_table(fit, table), k=k)
    items = np.take_along_axis(table.items, np.maximum(places, 0), axis=1) if table.items.shape[1] else places
    return np.where(places >= 0, items, -1)


def _score_trees(
    trees: Trees, features: NDArray[np.float32], blended: NDArray[np.float64], there: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (c, m): what ``score_boosted`` gives."""
    best = find_reranked(blended, there)
    return lift_reranked(blended, best, trees.score(join_blend(features, blended)[best]))


def measure_ranking(scores: NDArray[np.float64], cases: RankingCases) -> float:
    """Return the mean NDCG at 10 over the cases: the ideal knows the targets among the candidates alone."""
    scores = np.where(cases.there, scores, -np.inf)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    gains = np.take_along_axis(cases.wanted, best, axis=1) / np.log2(np.arange(2, best.shape[1] + 2))
    counts = np.minimum(cases.wanted.sum(axis=1), 10)
    ideals = np.cumsum(1.0 / np.log2(np.arange(2, 12)))[counts - 1]
    return float((gains.sum(axis=1) / ideals).mean())


def pad_rows(array: NDArray[Any], width: int, value: float) -> NDArray[Any]:
    """Return ``array`` (c, m, …) made ``width`` wide by ``value``."""
    spare = [(0, 0), (0, width - array.shape[1]), *[(0, 0)] * (array.ndim - 2)]
    return np.pad(array, spare, constant_values=value)
