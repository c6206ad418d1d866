"""The pipeline: candidates, live filters, ranking, re-ranking. A fixed sequence of stages on arrays."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catalog.extensions import build_or_default
from recommender.ranking import FittedArraysError, Ranker, rankers
from recommender.ranking.merging import find_first, merge_ids
from recommender.readers.candidate_readers import CandidateReaders, SqlReaders
from recommender.records import (
    CandidateList,
    Candidates,
    FloatMatrix,
    Floats,
    Ids,
    Plan,
    Query,
    Ranking,
    RankingContext,
)
from recommender.reranking import rerankers

_logger = logging.getLogger(__name__)

FALLBACK_PREFIX = "fallback_"
_DEFAULT_RANKER = "reciprocal_rank"
_MIN_CANDIDATES = 100
_MIN_POOL = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """What the pipeline chose: ``item_ids``, ``scores`` (k,), each entry's sources, its evidence, the timings in ms.

    ``sources[i]`` names the strategies that proposed entry i, strongest first; ``evidence_ids[i]`` is the
    item that speaks for it, 0 for none, -1 where a vectors reader leaves it to be looked up.
    """

    item_ids: Ids
    scores: Floats
    sources: tuple[tuple[str, ...], ...]
    evidence_ids: Ids
    timings: Mapping[str, float]


def recommend(plan: Plan, query: Query, *, readers: CandidateReaders | None = None) -> Selection:
    """Choose up to ``query.size`` items for ``query`` by ``plan``, from what ``readers`` (Postgres) have.

    Fewer come only when fewer are eligible: what the strategies leave open is filled by the plan's
    fallbacks in their order, and at last by the catalogue, newest first; the source says so.
    """
    readers = readers or SqlReaders()
    clock = _Clock()
    limit = max(_MIN_CANDIDATES, 2 * query.size)
    candidates = readers.read_candidates(plan, query, limit=limit)
    lists = list(candidates.lists)
    clock.mark("candidates")
    ranking = _rank(plan, query, candidates, readers)
    clock.mark("ranking")
    chosen = _rerank(plan, query, ranking, readers)
    clock.mark("reranking")
    item_ids, scores = ranking.item_ids[chosen], ranking.scores[chosen]
    fallbacks = [entry for entry in lists if entry.name.startswith(FALLBACK_PREFIX)]
    item_ids, scores = _fill(item_ids, scores, fallbacks, size=query.size)
    sources, evidence_ids = _trace(item_ids, lists, on_page=bool(query.item_ids))
    return Selection(item_ids, scores, sources, evidence_ids, clock.timings)


def _rank(plan: Plan, query: Query, candidates: Candidates, readers: CandidateReaders) -> Ranking:
    """Rank the candidates; whatever the ranker says, each comes once, and nothing that no reader has proposed."""
    lists = [entry for entry in candidates.lists if not entry.name.startswith(FALLBACK_PREFIX)]
    proposed = merge_ids(lists)
    context = RankingContext(history_length=candidates.history_length, item_ids=proposed)
    ranker = build_or_default(rankers, plan.ranker, plan.ranker_options, default=_DEFAULT_RANKER)
    if getattr(ranker, "fitted", False):
        ranking = _rank_as_fitted(ranker, plan, query, lists, context, readers)
    else:
        if getattr(ranker, "wants_scores", False):
            names = tuple(strategy.name for strategy in plan.strategies)
            context = replace(context, names=names, scores=readers.complete_scores(plan, query, proposed))
        ranking = ranker.rank(lists, context)
    sound = np.flatnonzero(np.isin(ranking.item_ids, proposed) & np.isfinite(ranking.scores))
    kept = sound[find_first(ranking.item_ids[sound])]
    if len(kept) < len(ranking.item_ids):
        _logger.warning("ranking %s: %d entries dropped", plan.ranker, len(ranking.item_ids) - len(kept))
    return Ranking(ranking.item_ids[kept], ranking.scores[kept])


def _rank_as_fitted(
    ranker: Ranker,
    plan: Plan,
    query: Query,
    lists: list[CandidateList],
    context: RankingContext,
    readers: CandidateReaders,
) -> Ranking:
    """Rank by what was fitted to the placement; by places alone where nothing was, or it no longer fits."""
    arrays = readers.read_ranking_arrays(plan)
    if arrays is not None and plan.fitted is not None:
        context = replace(context, arrays=arrays, names=plan.fitted.sources)
        if getattr(ranker, "wants_scores", False):
            scores = readers.complete_scores(plan, query, context.item_ids)
            context = replace(context, scores=_pick_columns(plan, scores, plan.fitted.sources))
        try:
            return ranker.rank(lists, context)
        except FittedArraysError as error:
            _logger.error("ranking %s: fitted ranking %d: %s", plan.ranker, plan.fitted.id, error)
    return build_or_default(rankers, _DEFAULT_RANKER, {}, default=_DEFAULT_RANKER).rank(lists, context)


def _pick_columns(plan: Plan, scores: FloatMatrix, sources: tuple[str, ...]) -> FloatMatrix:
    """Return the columns of ``sources``, NaN for one that is no longer (or not yet again) among the strategies."""
    places = {strategy.name: place for place, strategy in reversed(list(enumerate(plan.strategies)))}
    picked = np.full((len(scores), len(sources)), np.nan, dtype=np.float32)
    for column, source in enumerate(sources):
        if source in places:
            picked[:, column] = scores[:, places[source]]
    return picked


def _rerank(plan: Plan, query: Query, ranking: Ranking, readers: CandidateReaders) -> NDArray[np.intp]:
    diversity = plan.diversity if query.diversity is None else query.diversity
    if not plan.reranker or not len(ranking.item_ids):
        return np.arange(min(query.size, len(ranking.item_ids)))
    width = max(_MIN_POOL, 3 * query.size)
    pool = Ranking(ranking.item_ids[:width], ranking.scores[:width])
    vectors = None
    if diversity > 0 and plan.diversity_space is not None:
        vectors = readers.read_item_vectors(plan.diversity_space, pool.item_ids)
    reranker = build_or_default(rerankers, plan.reranker, plan.reranker_options, default="mmr")
    chosen = np.asarray(reranker.rerank(pool, vectors=vectors, diversity=diversity, size=query.size), dtype=np.intp)
    inside = chosen[(chosen >= 0) & (chosen < len(pool.item_ids))]
    return inside[find_first(inside)][: query.size]


def _fill(item_ids: Ids, scores: Floats, fallbacks: list[CandidateList], *, size: int) -> tuple[Ids, Floats]:
    for fallback in fallbacks:
        if len(item_ids) >= size:
            break
        fresh = fallback.item_ids[~np.isin(fallback.item_ids, item_ids)][: size - len(item_ids)]
        item_ids = np.concatenate([item_ids, fresh])
        scores = np.concatenate([scores, np.zeros(len(fresh))])
    return item_ids, scores


def _trace(item_ids: Ids, lists: list[CandidateList], *, on_page: bool) -> tuple[tuple[tuple[str, ...], ...], Ids]:
    """Find each item's sources, by weight over place (as reciprocal ranks would), and the evidence of the first."""
    proposals: dict[int, list[tuple[float, str, int]]] = {item_id: [] for item_id in item_ids.tolist()}
    for entry in lists:
        evidence = entry.evidence_ids.tolist()
        for place, item_id in enumerate(entry.item_ids.tolist()):
            if item_id in proposals:
                proposals[item_id].append((entry.weight / (60 + place), entry.name, evidence[place]))
    sources = []
    evidence_ids = np.zeros(len(item_ids), dtype=np.int64)
    for i, found_by in enumerate(proposals.values()):
        found_by.sort(key=lambda proposal: -proposal[0])
        names = tuple(name for _, name, _ in found_by)
        own = tuple(name for name in names if not name.startswith(FALLBACK_PREFIX))
        sources.append(own or names[:1])
        given = [evidence for _, _, evidence in found_by if evidence]
        # What speaks for an entry by itself goes before what has yet to be looked up, on the page of an item.
        evidence_ids[i] = next((evidence for evidence in given if evidence > 0 and on_page), given[0] if given else 0)
    return tuple(sources), evidence_ids


class _Clock:
    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.timings[stage] = round((now - self._last) * 1000, 3)
        self._last = now
