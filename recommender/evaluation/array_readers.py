"""Candidates from arrays: what the pipeline reads through when a log is replayed, the twin of the SQL readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.halfvec import scale_rows
from profiles.conf import get_conf
from recommender.evaluation.block_scores import BlockScores
from recommender.evaluation.friend_voices import FriendVoices
from recommender.evaluation.page_scoring import PageScorer, find_places, make_page_scorer
from recommender.evaluation.ranks import take_best
from recommender.evaluation.scoring import make_scorer
from recommender.learners import Learner, Neighbours, Publication, Scores, Shortlists, Vectors
from recommender.readers.candidates import LAST_FALLBACK
from recommender.readers.friends import FRIENDS
from recommender.readers.vectors import LOOK_UP_EVIDENCE
from recommender.records import (
    LONGEST_HISTORY,
    CandidateList,
    Candidates,
    FloatMatrix,
    Ids,
    Plan,
    Query,
    SpaceRef,
    StrategyPlan,
)
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps

Row = NDArray[np.float32] | NDArray[np.float64]

_SHAPES: Mapping[str, type[Publication]] = {
    "history_match": Vectors,
    "similar_items": Vectors,
    "neighbours": Neighbours,
    "scores": Scores,
    "shortlist": Shortlists,
}
"""What each reader can read; of anything else it makes nothing."""


@dataclass(frozen=True, slots=True)
class ArraySource:
    """What a model or a space holds: a publication, and the learner that made it (None for vectors of content)."""

    publication: Publication
    learner: Learner | None = None


class ArrayReaders:
    """Reads ``models`` and ``spaces``, by the ids that a plan names them with, for the people of ``histories``.

    ``histories`` hold all that may be known of each person when asked for, whatever ``query.now`` says. ``times`` (P,)
    epoch seconds are when each is asked for. ``published`` (I,) epoch seconds hide an item before its time, -inf where
    that is not known; ``candidates`` (I,) marks what passes the plan's filters. Everything else counts as visible.
    ``people`` are the profiles (indices) that will be asked for, in order: they are scored by the block.
    ``ranking_arrays`` are those of fitted rankings, by id. ``friends`` speak where a plan goes by them.

    Evidence is looked up by nobody here: 0 for neighbours.
    """

    def __init__(
        self,
        histories: InteractionDataset,
        *,
        models: Mapping[int, ArraySource],
        spaces: Mapping[int, ArraySource],
        times: NDArray[np.float64],
        published: NDArray[np.float64] | None = None,
        candidates: NDArray[np.bool_] | None = None,
        people: NDArray[np.int64] | None = None,
        ranking_arrays: Mapping[int, Mapping[str, NDArray[Any]]] | None = None,
        friends: FriendVoices | None = None,
    ) -> None:
        self._histories = histories
        self._models, self._spaces = models, spaces
        self._times = times
        self._published = np.full(len(histories.item_ids), -np.inf) if published is None else published
        self._candidates = candidates
        self._people = np.arange(len(histories.profile_ids)) if people is None else people
        self._ranking_arrays = ranking_arrays or {}
        self._friends = friends
        self._offsets = histories.profile_offsets
        self._lengths = np.diff(make_steps(histories).offsets)
        self._newest = np.lexsort((-histories.item_ids, -self._published))
        kinds = get_conf().kinds
        pushes = np.array([name in kinds and kinds[name].weight < 0 for name in histories.kind_names] or [False])
        self._pushes_away = pushes[histories.kinds] if len(histories) else np.zeros(0, dtype=bool)
        self._scores: dict[tuple[str, int], BlockScores] = {}
        self._units: dict[int, tuple[Ids, FloatMatrix]] = {}
        self._page_scorers: dict[tuple[str, int], PageScorer] = {}
        self._pages: dict[tuple[str, int], tuple[tuple[int, ...], Row]] = {}
        self._heard: tuple[tuple[int, float], Row] | None = None

    def read_candidates(self, plan: Plan, query: Query, *, limit: int) -> Candidates:
        """Return one list a strategy, in the plan's order, and the catalogue's newest as the last.

        Raises:
            ValueError: the query has filters, which arrays cannot follow.
        """
        profile = self._find_profile(query)
        allowed = self._mark_allowed(plan, query, profile)
        lists = []
        for strategy in plan.strategies:
            row = self._score(strategy, query, profile)
            items = np.empty(0, dtype=np.int32)
            if row is not None:
                row = np.where(allowed & np.isfinite(row), row, np.nan)
                items = take_best(row[None], k=limit)[0]
                items = items[items >= 0]
            scores = np.empty(0) if row is None else row[items].astype(np.float64)
            lists.append(self._make_list(strategy, query, items, scores))
        newest = self._newest[allowed[self._newest]][:limit]
        places = -np.arange(1.0, len(newest) + 1)
        last = CandidateList(LAST_FALLBACK, 0.0, self._histories.item_ids[newest], places, np.zeros_like(newest))
        steps = 0 if profile is None else int(self._lengths[profile])
        return Candidates((*lists, last), min(steps, LONGEST_HISTORY))

    def complete_scores(self, plan: Plan, query: Query, item_ids: Ids) -> FloatMatrix:
        """Return float32 (m, S): each item's score under every strategy of the plan, NaN where it says nothing."""
        profile = self._find_profile(query)
        scores = np.full((len(item_ids), len(plan.strategies)), np.nan, dtype=np.float32)
        places, known = find_places(item_ids, self._histories.item_ids)
        for column, strategy in enumerate(plan.strategies):
            row = self._score(strategy, query, profile)
            if row is not None:
                with np.errstate(over="ignore", under="ignore"):
                    scores[known, column] = row[places[known]]
        scores[~np.isfinite(scores)] = np.nan
        return scores

    def read_item_vectors(self, space: SpaceRef, item_ids: Ids) -> FloatMatrix:
        """Return float32 (m, dimensions) unit rows; a zero row where an item has no vector."""
        vectors = np.zeros((len(item_ids), space.dimensions), dtype=np.float32)
        source = self._spaces.get(space.id)
        if source is not None and isinstance(source.publication, Vectors):
            if space.id not in self._units:
                self._units[space.id] = _sort_units(source.publication)
            ids, units = self._units[space.id]
            places, known = find_places(item_ids, ids)
            vectors[known] = units[places[known]]
        return vectors

    def read_ranking_arrays(self, plan: Plan) -> Mapping[str, NDArray[Any]] | None:
        """Return the arrays of the ranking fitted for the plan's ranker, None where there is none."""
        if plan.fitted is None or plan.fitted.ranker != plan.ranker:
            return None
        return self._ranking_arrays.get(plan.fitted.id)

    def _find_profile(self, query: Query) -> int | None:
        """Return the index of the query's profile; None for nobody, and for somebody without a history."""
        if query.profile_id is None:
            return None
        places, known = find_places(np.array([query.profile_id]), self._histories.profile_ids)
        return int(places[0]) if known[0] else None

    def _mark_allowed(self, plan: Plan, query: Query, profile: int | None) -> NDArray[np.bool_]:
        """Return (I,): what may be shown."""
        if query.filters:
            raise ValueError("a query with filters cannot be read from arrays")
        allowed = self._published <= query.now.timestamp()
        if self._candidates is not None:
            allowed &= self._candidates
        excluded, known = find_places(
            np.array([*query.exclude_ids, *query.item_ids], np.int64), self._histories.item_ids
        )
        allowed[excluded[known]] = False
        if profile is not None:
            rows = slice(self._offsets[profile], self._offsets[profile + 1])
            met = self._histories.items[rows]
            allowed[met if plan.exclude_seen else met[self._pushes_away[rows]]] = False
        return allowed

    def _make_list(
        self, strategy: StrategyPlan, query: Query, items: NDArray[np.int32], scores: NDArray[np.float64]
    ) -> CandidateList:
        evidence = {"history_match": LOOK_UP_EVIDENCE, "similar_items": next(iter(query.item_ids), 0)}
        evidence_ids = np.full(len(items), evidence.get(strategy.reader, 0), dtype=np.int64)
        return CandidateList(strategy.name, strategy.weight, self._histories.item_ids[items], scores, evidence_ids)

    def _score(self, strategy: StrategyPlan, query: Query, profile: int | None) -> Row | None:
        """Return (I,): what the strategy says of every item; None where it has nothing to go by."""
        if strategy.reader == FRIENDS:
            return self._hear_friends(query)
        source, key = self._find_source(strategy)
        if source is None or not isinstance(source.publication, _SHAPES.get(strategy.reader, ())):
            return None
        publication = source.publication
        if isinstance(publication, Vectors) and strategy.reader == "similar_items":
            return self._read_page(key, publication, query.item_ids) if query.item_ids else None
        if isinstance(publication, Neighbours) and query.item_ids:
            return self._read_page(key, publication, query.item_ids)
        if isinstance(publication, Scores):
            return self._read_row(key, source, 0)
        return None if profile is None else self._read_row(key, source, profile)

    def _hear_friends(self, query: Query) -> Row | None:
        """Return what friends say; those heard last are at hand, as variants ask for the same in turn."""
        if self._friends is None or query.profile_id is None:
            return None
        asked = query.profile_id, query.now.timestamp()
        if self._heard is None or self._heard[0] != asked:
            self._heard = asked, self._friends.score(asked[0], now=asked[1])
        return self._heard[1]

    def _find_source(self, strategy: StrategyPlan) -> tuple[ArraySource | None, tuple[str, int]]:
        if strategy.space is not None:
            return self._spaces.get(strategy.space.id), ("space", strategy.space.id)
        if strategy.model_id is None:
            return None, ("model", 0)
        return self._models.get(strategy.model_id), ("model", strategy.model_id)

    def _read_row(self, key: tuple[str, int], source: ArraySource, profile: int) -> Row:
        if key not in self._scores:
            scorer = make_scorer(source.publication, source.learner, self._histories, times=self._times)
            everybody = not isinstance(source.publication, Scores)
            people = self._people if everybody else np.zeros(1, dtype=np.int64)
            self._scores[key] = BlockScores(scorer, people, items=len(self._histories.item_ids))
        return self._scores[key].read(profile)

    def _read_page(self, key: tuple[str, int], publication: Neighbours | Vectors, page: tuple[int, ...]) -> Row:
        """Return the scores on a page; those of the page read last are at hand, as variants ask for it in turn."""
        if key not in self._pages or self._pages[key][0] != page:
            if key not in self._page_scorers:
                self._page_scorers[key] = make_page_scorer(publication, self._histories)
            self._pages[key] = page, self._page_scorers[key].score(np.array(page, dtype=np.int64))
        return self._pages[key][1]


def _sort_units(publication: Vectors) -> tuple[Ids, FloatMatrix]:
    """Return the items' ids, ascending, and their vectors at unit length."""
    order = np.argsort(publication.item_ids)
    return publication.item_ids[order], scale_rows(publication.matrix[order].astype(np.float16).astype(np.float32))
