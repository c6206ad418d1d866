"""The pipeline on odd components: what a plug-in's ranker or re-ranker gives back is not taken at its word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Item
from recommender.pipeline import Selection, recommend
from recommender.ranking import rankers
from recommender.records import CandidateList, Candidates, Plan, Query, Ranking, RankingContext, StrategyPlan
from recommender.reranking import rerankers
from tests.recommender.worlds import NOW, World, act, make_profile, make_world, publish_scores

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class NoOptions:
    """None."""


def make_ranker(ranking: Ranking) -> type[Any]:
    class Odd:
        Options: ClassVar[type[Any]] = NoOptions

        def __init__(self, options: NoOptions) -> None: ...

        def rank(self, lists: object, context: object) -> Ranking:
            return ranking

    return Odd


def make_reranker(positions: list[int]) -> type[Any]:
    class Odd:
        Options: ClassVar[type[Any]] = NoOptions

        def __init__(self, options: NoOptions) -> None: ...

        def rerank(self, ranking: Ranking, **_: object) -> np.ndarray[Any, Any]:
            return np.array(positions)

    return Odd


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    for registry in (rankers, rerankers):
        if "odd" in registry:
            registry.unregister("odd")


def choose(world: World, **fields: Any) -> Selection:
    model = publish_scores(world, "popular", {"a": 3.0, "b": 2.0, "c": 1.0})
    strategy = StrategyPlan("popular", "scores", 1.0, model_id=model.pk)
    plan = Plan(catalog_id=world.catalog.pk, strategies=(strategy,), **fields)
    return recommend(plan, Query(catalog_id=world.catalog.pk, now=NOW, size=3))


def test_items_that_nobody_proposed_stay_out_whatever_a_ranker_says(caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = make_world("theirs", catalog="another")
    world = make_world("a", "b", "c", "hidden")
    Item.objects.filter(key="hidden").update(hidden=True)
    ids = [*elsewhere.ids("theirs"), *world.ids("hidden", "b"), 2**62, *world.ids("a")]
    rankers.register("odd")(make_ranker(Ranking(np.array(ids), np.arange(5.0)[::-1])))

    chosen = choose(world, ranker="odd")

    assert world.keys(chosen.item_ids[:2]) == ["b", "a"]
    assert world.keys(chosen.item_ids[2:]) == ["c"]
    assert "ranking odd" in caplog.text


def test_an_item_comes_once_and_only_with_a_finite_score() -> None:
    world = make_world("a", "b", "c")
    ranking = Ranking(np.array(world.ids("b", "a", "b", "c")), np.array([np.nan, 2.0, 1.0, np.inf]))
    rankers.register("odd")(make_ranker(ranking))

    chosen = choose(world, ranker="odd")

    assert world.keys(chosen.item_ids) == ["a", "b", "c"]
    assert np.isfinite(chosen.scores).all()


@pytest.mark.parametrize(
    ("positions", "keys"),
    [
        pytest.param([2, 2, 0], ["c", "a", "b"], id="twice"),
        pytest.param([1, 99, -1], ["b", "a", "c"], id="outside"),
        pytest.param([2, 1, 0, 2, 1, 0], ["c", "b", "a"], id="more than asked for"),
        pytest.param([], ["a", "b", "c"], id="none"),
    ],
)
def test_positions_count_once_and_inside_the_ranking(positions: list[int], keys: list[str]) -> None:
    world = make_world("a", "b", "c")
    rerankers.register("odd")(make_reranker(positions))

    assert world.keys(choose(world, reranker="odd").item_ids) == keys


def test_a_published_score_that_is_no_number_is_no_candidate() -> None:
    world = make_world("a", "b")
    model = publish_scores(world, "popular", {"a": float("nan"), "b": 1.0})
    strategy = StrategyPlan("popular", "scores", 1.0, model_id=model.pk)

    chosen = recommend(Plan(world.catalog.pk, (strategy,)), Query(world.catalog.pk, now=NOW, size=2))

    assert world.keys(chosen.item_ids) == ["b", "a"]
    assert chosen.sources == (("popular",), ("fallback_newest",))


class Wanting:
    """A ranker that wants scores, and keeps what it is told."""

    Options: ClassVar[type[Any]] = NoOptions
    wants_scores = True
    told: ClassVar[list[RankingContext]] = []

    def __init__(self, options: NoOptions) -> None: ...

    def rank(self, lists: Sequence[CandidateList], context: RankingContext) -> Ranking:
        self.told.append(context)
        order = np.argsort(-np.nan_to_num(context.scores[:, -1]), kind="stable")
        return Ranking(context.item_ids[order], np.linspace(1.0, 0.0, len(order)))


def test_a_ranker_that_wants_scores_is_told_what_every_strategy_makes_of_each_candidate() -> None:
    world = make_world("a", "b", "c")
    profile = make_profile(world)
    act(world, profile, "c")
    trending = publish_scores(world, "trending", {"a": 1.0})
    quality = publish_scores(world, "quality", {"b": 2.0})
    strategies = (
        StrategyPlan("trending", "scores", 1.0, model_id=trending.pk),
        StrategyPlan("quality", "scores", 1.0, model_id=quality.pk),
    )
    rankers.register("odd")(Wanting)
    Wanting.told.clear()
    query = Query(world.catalog.pk, now=NOW, size=2, profile_id=profile.pk)

    with CaptureQueriesContext(connection) as captured:
        chosen = recommend(Plan(world.catalog.pk, strategies, ranker="odd"), query)

    assert len(captured) == 2
    assert world.keys(chosen.item_ids) == ["b", "a"]
    (context,) = Wanting.told
    assert world.keys(context.item_ids) == ["a", "b"]
    assert context.names == ("trending", "quality")
    assert context.history_length == 1
    assert context.arrays is None
    np.testing.assert_array_equal(context.scores, np.array([[1.0, np.nan], [np.nan, 2.0]], dtype=np.float32))


def test_a_ranker_that_does_not_costs_no_further_statement() -> None:
    world = make_world("a", "b", "c")
    with CaptureQueriesContext(connection) as captured:
        choose(world)
    assert len([query for query in captured if query["sql"].startswith("WITH") or "UNION ALL" in query["sql"]]) == 1


class Recorded:
    """Readers of arrays instead of Postgres."""

    def read_candidates(self, plan: Plan, query: Query, *, limit: int) -> Candidates:
        ids = np.array([30, 10, 20])
        return Candidates((CandidateList("made up", 1.0, ids, np.array([3.0, 2.0, 1.0]), np.zeros(3, np.int64)),), 7)

    def complete_scores(self, plan: Plan, query: Query, item_ids: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.array([[1.0], [3.0], [2.0]], dtype=np.float32)

    def read_item_vectors(self, space: object, item_ids: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.zeros((len(item_ids), 2), dtype=np.float32)

    def read_ranking_arrays(self, plan: Plan) -> None:
        return None


def test_other_readers_take_the_place_of_postgres() -> None:
    rankers.register("odd")(Wanting)
    Wanting.told.clear()
    plan = Plan(1, (StrategyPlan("made up", "scores", 1.0, model_id=1),), ranker="odd")

    with CaptureQueriesContext(connection) as captured:
        chosen = recommend(plan, Query(1, now=NOW, size=2), readers=Recorded())

    assert len(captured) == 0
    assert chosen.item_ids.tolist() == [10, 20]
    assert Wanting.told[0].history_length == 7
