"""What each member of a group thinks of the candidates of all: the placement's own ranking, person by person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender import pipeline
from recommender.pipeline import FALLBACK_PREFIX
from recommender.ranking.merging import merge_ids
from recommender.readers.candidate_readers import SqlReaders
from recommender.records import CandidateList, Candidates, FloatMatrix, Ids, Plan, Query

_MIN_CANDIDATES = 100
_MOST_CANDIDATES = 1000
"""Candidates a list of all members together, about: each brings fewer where they are many."""


@dataclass(frozen=True, slots=True)
class MemberRankings:
    """What M members say of m candidates.

    ``scores`` (M, m) are those of the placement's ranking of all candidates for each, NaN where nothing is said;
    ``sources[j]`` are the strategies that speak for candidate j to any of them; ``fallbacks`` what fills a slate.
    """

    item_ids: Ids
    scores: NDArray[np.float64]
    sources: tuple[tuple[str, ...], ...]
    fallbacks: tuple[CandidateList, ...]


def rank_for_members(plan: Plan, queries: Sequence[Query]) -> MemberRankings:
    """Propose candidates for each query, and rank those of all by each; two or three statements a query."""
    readers = SqlReaders()
    limit = max(2 * queries[0].size, min(_MIN_CANDIDATES, _MOST_CANDIDATES // len(queries)))
    proposed = [readers.read_candidates(plan, query, limit=limit) for query in queries]
    own = [entry for candidates in proposed for entry in candidates.lists if not _is_fallback(entry)]
    item_ids = np.sort(merge_ids(own))
    scores = np.full((len(queries), len(item_ids)), np.nan)
    sources: dict[int, dict[str, None]] = {item_id: {} for item_id in item_ids.tolist()}
    for row, (query, candidates) in enumerate(zip(queries, proposed, strict=True)):
        completed = _CompletedReaders(plan, query, item_ids, history_length=candidates.history_length)
        ranked = pipeline.recommend(replace(plan, reranker=""), replace(query, size=len(item_ids)), readers=completed)
        scores[row, np.searchsorted(item_ids, ranked.item_ids)] = ranked.scores
        for item_id, names in zip(ranked.item_ids.tolist(), ranked.sources, strict=True):
            sources[item_id].update(dict.fromkeys(names))
    return MemberRankings(
        item_ids=item_ids,
        scores=scores,
        sources=tuple(tuple(names) for names in sources.values()),
        fallbacks=tuple(entry for entry in proposed[0].lists if _is_fallback(entry)),
    )


def _is_fallback(entry: CandidateList) -> bool:
    return entry.name.startswith(FALLBACK_PREFIX)


class _CompletedReaders(SqlReaders):
    """Reads given items as the candidates of every strategy that has something to say of them."""

    def __init__(self, plan: Plan, query: Query, item_ids: Ids, *, history_length: int) -> None:
        self._item_ids = item_ids
        self._history_length = history_length
        self._scores = SqlReaders.complete_scores(plan, query, item_ids)

    def read_candidates(self, plan: Plan, query: Query, *, limit: int) -> Candidates:
        """Return a list a strategy, best first, ties by id, however many ``limit`` asks for."""
        lists = []
        for column, strategy in enumerate(plan.strategies):
            scores = self._scores[:, column].astype(np.float64)
            order = np.argsort(-scores, kind="stable")
            order = order[np.isfinite(scores[order])]
            nothing = np.zeros(len(order), dtype=np.int64)
            lists.append(CandidateList(strategy.name, strategy.weight, self._item_ids[order], scores[order], nothing))
        return Candidates(tuple(lists), self._history_length)

    def complete_scores(self, plan: Plan, query: Query, item_ids: Ids) -> FloatMatrix:
        """Return the rows of what was read before."""
        return self._scores[np.searchsorted(self._item_ids, item_ids)]
