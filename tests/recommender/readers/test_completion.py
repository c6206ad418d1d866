"""What every strategy makes of the merged candidates: the same numbers as its own list, and NaN where it is silent."""

from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.models import Profile
from recommender.readers.candidates import read_candidates
from recommender.readers.completion import complete_scores
from recommender.records import LONGEST_HISTORY, HistoryReading, Plan, Query, SpaceRef, StrategyPlan
from tests.recommender.worlds import (
    NOW,
    World,
    act,
    make_profile,
    make_world,
    place_items,
    publish_banks,
    publish_neighbours,
    publish_scores,
    publish_shortlist,
)

pytestmark = pytest.mark.django_db

READINGS = (HistoryReading(1.0, 10), HistoryReading(0.0, 2))


@pytest.fixture
def world() -> World:
    return make_world("seed", "page", "known", "unknown", "odd")


@pytest.fixture
def profile(world: World) -> Profile:
    profile = make_profile(world)
    act(world, profile, "seed", days_ago=0)
    return profile


@pytest.fixture
def plan(world: World, profile: Profile) -> Plan:
    space = place_items(
        world, {"seed": [1.0, 0.0], "page": [0.0, 1.0], "known": [0.6, 0.8], "odd": [-1.0, 0.0], "unknown": [0.0, 0.0]}
    )
    ref = SpaceRef(space.pk, 2, "cosine")
    co = publish_neighbours(world, "co_visitation", {"seed": {"known": 2.0, "odd": -1.0}, "page": {"odd": 4.0}})
    ridge = publish_banks(
        world, "ridge", READINGS, {"seed": {"known": 2.0, "odd": -1.0}}, {"seed": {"odd": -1.0}, "page": {"known": 3.0}}
    )
    popular = publish_scores(world, "popular", {"known": 7.0, "odd": float("inf"), "page": 1.0})
    ready = publish_shortlist(world, "ready", profile, {"known": 0.5})
    return Plan(
        world.catalog.pk,
        (
            StrategyPlan("history_match", "history_match", 1.0, space=ref),
            StrategyPlan("similar_items", "similar_items", 1.0, space=ref),
            StrategyPlan("co_visitation", "neighbours", 1.0, model_id=co.pk),
            StrategyPlan("ridge", "neighbours", 1.0, model_id=ridge.pk, readings=READINGS),
            StrategyPlan("ready", "shortlist", 1.0, model_id=ready.pk),
            StrategyPlan("unpublished", "neighbours", 1.0),
            StrategyPlan("fallback_popular", "scores", 0.0, model_id=popular.pk),
        ),
    )


def complete(world: World, plan: Plan, query: Query, *keys: str) -> dict[str, dict[str, float]]:
    """What each strategy says, by name and key; what is NaN is left out."""
    scores = complete_scores(plan, query, np.array(world.ids(*keys)))
    assert scores.dtype == np.float32
    assert scores.shape == (len(keys), len(plan.strategies))
    return {
        strategy.name: {key: float(score) for key, score in zip(keys, column, strict=True) if not np.isnan(score)}
        for strategy, column in zip(plan.strategies, scores.T, strict=True)
    }


def test_a_history_speaks_of_every_candidate(world: World, plan: Plan, profile: Profile) -> None:
    found = complete(world, plan, Query(world.catalog.pk, NOW, 5, profile_id=profile.pk), "odd", "unknown", "known")

    assert found == {
        "history_match": {"odd": pytest.approx(-1.0, abs=1e-3), "known": pytest.approx(0.6, abs=1e-3)},
        "similar_items": {},
        "co_visitation": {"known": 2.0},
        "ridge": {"odd": -2.0, "known": 2.0},
        "ready": {"known": 0.5},
        "unpublished": {},
        "fallback_popular": {"known": 7.0},
    }


def test_on_the_page_of_an_item_that_item_speaks(world: World, plan: Plan) -> None:
    query = Query(world.catalog.pk, NOW, 5, item_ids=tuple(world.ids("page")))

    found = complete(world, plan, query, "known", "odd")

    assert found == {
        "history_match": {},
        "similar_items": {"known": pytest.approx(0.8, abs=1e-3), "odd": pytest.approx(0.0, abs=1e-3)},
        "co_visitation": {"odd": 4.0},
        "ridge": {"known": 3.0},
        "ready": {},
        "unpublished": {},
        "fallback_popular": {"known": 7.0},
    }


def test_it_agrees_with_the_lists(world: World, plan: Plan, profile: Profile) -> None:
    for query in (
        Query(world.catalog.pk, NOW, 5, profile_id=profile.pk),
        Query(world.catalog.pk, NOW, 5, profile_id=profile.pk, item_ids=tuple(world.ids("page"))),
    ):
        lists = read_candidates(plan, query, limit=10).lists
        for column, entry in enumerate(lists[:-1]):
            scores = complete_scores(plan, query, entry.item_ids)[:, column]
            np.testing.assert_allclose(scores, entry.scores, rtol=1e-6)


@pytest.mark.parametrize("somebody", [True, False])
def test_it_costs_one_statement_at_most(world: World, plan: Plan, profile: Profile, somebody: bool) -> None:
    query = Query(world.catalog.pk, NOW, 5, profile_id=profile.pk if somebody else None)
    with CaptureQueriesContext(connection) as captured:
        complete_scores(plan, query, np.array(world.ids("known", "odd")))
        complete_scores(plan, query, np.empty(0, dtype=np.int64))
        complete_scores(replace(plan, strategies=()), query, np.array(world.ids("known")))

    assert len(captured) == 1


def test_a_history_is_as_long_as_its_steps(world: World, plan: Plan, profile: Profile) -> None:
    act(world, profile, "page", days_ago=3)
    act(world, profile, "page", days_ago=4)
    act(world, profile, "known", days_ago=5, kind="dislike")
    query = Query(world.catalog.pk, NOW, 5, profile_id=profile.pk)

    assert read_candidates(plan, query, limit=1).history_length == 2
    assert read_candidates(plan, replace(query, profile_id=None), limit=1).history_length == 0
    assert read_candidates(Plan(world.catalog.pk, ()), query, limit=1).history_length == 2


def test_a_history_is_counted_up_to_a_limit(world: World, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.readers.fragments.LONGEST_HISTORY", 2)
    monkeypatch.setattr("recommender.readers.candidates.LONGEST_HISTORY", 2)
    assert LONGEST_HISTORY == 1000
    model = publish_banks(world, "ridge", [HistoryReading(0.0, 3)], {"known": {"odd": 1.0}})
    strategy = StrategyPlan("ridge", "neighbours", 1.0, model_id=model.pk, readings=(HistoryReading(0.0, 3),))
    for days_ago, key in enumerate(["page", "known", "page"], start=1):
        act(world, profile, key, days_ago=days_ago)

    found = read_candidates(
        Plan(world.catalog.pk, (strategy,)), Query(world.catalog.pk, NOW, 5, profile_id=profile.pk), limit=5
    )

    assert found.history_length == 2
    assert world.keys(found.lists[0].item_ids) == ["odd"]
