"""Neighbours whose model weighs a history by steps, on several timescales."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.models import Interaction, Profile
from recommender.evaluation.scoring import make_scorer
from recommender.learners import Neighbours
from recommender.models import ItemNeighbours
from recommender.readers.candidates import read_candidates
from recommender.records import CandidateList, HistoryReading, Plan, Query, StrategyPlan
from recommender.selectors import load_plan
from recommender.training.loading import load_dataset
from tests.recommender.worlds import (
    NOW,
    World,
    act,
    make_placement,
    make_profile,
    make_world,
    publish_banks,
    publish_neighbours,
)

pytestmark = pytest.mark.django_db

FLAT = HistoryReading(half_life=0.0, window=50)
STEEP = HistoryReading(half_life=1.0, window=50)


def read(world: World, profile: Profile | None, *strategies: StrategyPlan, **fields: Any) -> CandidateList:
    plan = Plan(world.catalog.pk, strategies)
    query = Query(world.catalog.pk, now=NOW, size=10, profile_id=profile and profile.pk, **fields)
    return read_candidates(plan, query, limit=100).lists[0]


def read_scores(
    world: World, profile: Profile, readings: list[HistoryReading], *banks: dict[str, dict[str, float]]
) -> dict[str, float]:
    model = publish_banks(world, "ridge", readings, *banks)
    found = read(world, profile, StrategyPlan("ridge", "neighbours", 1.0, model_id=model.pk, readings=tuple(readings)))
    return dict(zip(world.keys(found.item_ids), found.scores.tolist(), strict=True))


def walk(world: World, *keys: str, **fields: Any) -> Profile:
    """A profile that took these items in turn, the last of them a day ago."""
    profile = make_profile(world)
    for place, key in enumerate(keys):
        act(world, profile, key, days_ago=len(keys) - place, **fields)
    return profile


def test_a_step_weighs_half_as_much_each_half_life() -> None:
    world = make_world("a", "b", "c", "x", "y", "z")
    profile = walk(world, "a", "b", "c")

    found = read_scores(world, profile, [STEEP], {"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {"z": 1.0}})

    assert found == pytest.approx({"z": 1.0, "y": 0.5, "x": 0.25})


def test_a_half_life_of_0_weighs_all_steps_1_whatever_their_kind_and_age() -> None:
    world = make_world("a", "b", "x")
    profile = make_profile(world)
    act(world, profile, "a", kind="view", days_ago=4000)
    act(world, profile, "b", kind="purchase", days_ago=1)

    assert read_scores(world, profile, [FLAT], {"a": {"x": 1.0}, "b": {"x": 10.0}}) == pytest.approx({"x": 11.0})


def test_steps_beyond_the_window_say_nothing() -> None:
    world = make_world("a", "b", "c", "x", "y", "z")
    profile = walk(world, "a", "b", "c")
    rows = {"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {"z": 1.0}}

    assert set(read_scores(world, profile, [HistoryReading(0.0, 2)], rows)) == {"y", "z"}


def test_a_run_of_one_item_is_one_step_and_a_return_to_it_another() -> None:
    world = make_world("a", "b", "x", "y")
    profile = walk(world, "a", "b", "a", "a", "a")

    found = read_scores(world, profile, [STEEP], {"a": {"x": 1.0}, "b": {"y": 1.0}})

    assert found == pytest.approx({"x": 1.0 + 0.25, "y": 0.5})


def test_what_was_disliked_is_no_step_and_breaks_no_run() -> None:
    world = make_world("a", "b", "c", "x", "y", "z")
    profile = make_profile(world)
    for days_ago, (key, kind, value) in {
        5: ("c", "like", None),
        4: ("a", "like", None),
        3: ("b", "dislike", None),
        2: ("b", "rating", 1.0),
        1: ("a", "rating", 5.0),
    }.items():
        act(world, profile, key, kind=kind, value=value, days_ago=days_ago)

    found = read_scores(world, profile, [STEEP], {"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {"z": 1.0}})

    assert found == pytest.approx({"x": 1.0, "z": 0.5})


def test_rows_at_one_moment_go_by_their_ids() -> None:
    world = make_world("a", "b", "x", "y")
    profile = make_profile(world)
    act(world, profile, "a")
    act(world, profile, "b")

    found = read_scores(world, profile, [STEEP], {"a": {"x": 1.0}, "b": {"y": 1.0}})

    assert found == pytest.approx({"y": 1.0, "x": 0.5})


def test_searches_and_what_comes_after_now_are_no_steps() -> None:
    world = make_world("a", "b", "x", "y")
    profile = make_profile(world)
    act(world, profile, "a", days_ago=2)
    Interaction.objects.create(
        catalog=world.catalog,
        profile=profile,
        kind="search",
        query_text="ridges",
        occurred_at=NOW - timedelta(days=1),
    )
    act(world, profile, "b", days_ago=-1)

    assert read_scores(world, profile, [STEEP], {"a": {"x": 1.0}, "b": {"y": 1.0}}) == pytest.approx({"x": 1.0})


def test_each_bank_is_read_with_its_own_reading_and_the_sums_add_up() -> None:
    world = make_world("a", "b", "x", "y")
    profile = walk(world, "a", "b")
    slow = {"a": {"x": 1.0}, "b": {"x": 1.0, "y": 1.0}}
    fast = {"a": {"y": 8.0}, "b": {"x": 3.0}}

    found = read_scores(world, profile, [FLAT, STEEP], slow, fast)

    assert found == pytest.approx({"x": 2.0 + 3.0, "y": 1.0 + 4.0})


def test_a_sum_below_0_is_a_low_score_with_readings_and_none_without() -> None:
    world = make_world("a", "x", "y", "z")
    profile = walk(world, "a")
    rows = {"a": {"x": -1.0, "y": 2.0, "z": 0.0}}

    assert read_scores(world, profile, [FLAT], rows) == pytest.approx({"y": 2.0, "x": -1.0})
    plain = publish_neighbours(world, "co_visitation", rows)
    found = read(world, profile, StrategyPlan("co_visitation", "neighbours", 1.0, model_id=plain.pk))
    assert world.keys(found.item_ids) == ["y"]


def test_the_step_that_adds_most_speaks_for_an_item() -> None:
    world = make_world("a", "b", "x")
    profile = walk(world, "a", "b")
    model = publish_banks(world, "ridge", [STEEP], {"a": {"x": 5.0}, "b": {"x": 2.0}})

    found = read(world, profile, StrategyPlan("ridge", "neighbours", 1.0, model_id=model.pk, readings=(STEEP,)))

    assert world.keys(found.evidence_ids) == ["a"]


def test_a_context_item_is_read_with_every_bank_and_weighs_1() -> None:
    world = make_world("a", "b", "x", "y")
    profile = walk(world, "b", "a")
    readings = (STEEP, FLAT)
    model = publish_banks(
        world, "ridge", readings, {"b": {"x": 1.0}, "a": {"y": 9.0}}, {"b": {"x": 2.0, "y": -1.0}, "a": {"y": 9.0}}
    )
    strategy = StrategyPlan("ridge", "neighbours", 1.0, model_id=model.pk, readings=readings)

    for somebody in (profile, None):
        found = read(world, somebody, strategy, item_ids=tuple(world.ids("b")))
        expected = {"x": 3.0, "y": -1.0}
        assert dict(zip(world.keys(found.item_ids), found.scores.tolist(), strict=True)) == expected


def test_a_window_wider_than_the_history_length_reaches_further_and_decayed_strategies_do_not(
    settings: LazySettings,
) -> None:
    settings.RECSITE_HISTORY_LENGTH = 2
    world = make_world("a", "b", "c", "d", "x")
    profile = walk(world, "a", "b", "c", "d")
    rows = {key: {"x": 1.0} for key in "abcd"}
    wide = HistoryReading(0.0, 3)
    ridge = publish_banks(world, "ridge", [wide], rows)
    plain = publish_neighbours(world, "co_visitation", {"a": {"x": 1.0}, "b": {"x": 1.0}})
    plan = Plan(
        world.catalog.pk,
        (
            StrategyPlan("ridge", "neighbours", 1.0, model_id=ridge.pk, readings=(wide,)),
            StrategyPlan("co_visitation", "neighbours", 1.0, model_id=plain.pk),
        ),
    )

    query = Query(world.catalog.pk, now=NOW, size=5, profile_id=profile.pk)
    lists = read_candidates(plan, query, limit=10).lists

    assert lists[0].scores.tolist() == [3.0]
    assert lists[1].item_ids.tolist() == []


def test_negative_rows_and_runs_do_not_use_a_window_up(settings: LazySettings) -> None:
    settings.RECSITE_HISTORY_LENGTH = 2
    world = make_world("a", "b", "c", "x", "y")
    profile = make_profile(world)
    act(world, profile, "a", days_ago=9)
    for days_ago in (8, 7, 6, 5):
        act(world, profile, "c", kind="dislike", days_ago=days_ago)
    for days_ago in (4, 3, 2, 1):
        act(world, profile, "b", days_ago=days_ago)

    found = read_scores(world, profile, [HistoryReading(0.0, 2)], {"a": {"x": 1.0}, "b": {"y": 2.0}})

    assert found == {"x": 1.0, "y": 2.0}


def test_weights_too_small_for_a_number_are_as_good_as_0() -> None:
    world = make_world("a", "b", "x", "y")
    profile = walk(world, "a", "b")

    found = read_scores(world, profile, [HistoryReading(1e-9, 50)], {"a": {"x": 1.0}, "b": {"y": 1.0}})

    assert found["y"] == 1.0
    assert found["x"] == pytest.approx(0.0, abs=1e-300)


def test_a_history_from_another_century_is_read() -> None:
    world = make_world("a", "x")
    profile = make_profile(world)
    act(world, profile, "a", kind="view", days_ago=120 * 365)
    plain = publish_neighbours(world, "co_visitation", {"a": {"x": 1.0}})

    found = read(world, profile, StrategyPlan("co_visitation", "neighbours", 1.0, model_id=plain.pk))

    assert world.keys(found.item_ids) == ["x"]


def test_the_plan_takes_the_readings_of_the_active_model() -> None:
    world = make_world("a", "x")
    make_placement(world, ("neighbours", "ridge", 1.0), ("scores", "popular", 1.0))
    model = publish_banks(world, "ridge", [STEEP, FLAT], {"a": {"x": 1.0}}, {})

    with CaptureQueriesContext(connection) as captured:
        plan = load_plan(world.catalog.pk, "home")

    assert len(captured) == 1
    assert plan.strategies[0].model_id == model.pk
    assert plan.strategies[0].readings == (STEEP, FLAT)
    assert plan.strategies[1].readings == ()


def test_readings_cost_no_further_statement() -> None:
    world = make_world("a", "x")
    profile = walk(world, "a")
    model = publish_banks(world, "ridge", [STEEP, FLAT], {"a": {"x": 1.0}}, {})

    with CaptureQueriesContext(connection) as captured:
        read(world, profile, StrategyPlan("ridge", "neighbours", 1.0, model_id=model.pk, readings=(STEEP, FLAT)))

    assert len(captured) == 1


@pytest.mark.parametrize("seed", range(3))
def test_sql_and_arrays_say_the_same_of_random_histories(seed: int) -> None:
    dice = np.random.default_rng(seed)
    keys = [f"i{place}" for place in range(20)]
    world = make_world(*keys)
    profiles = [make_profile(world, f"p{place}") for place in range(3)]
    for profile in profiles:
        for place in range(40):
            act(
                world,
                profile,
                keys[int(dice.integers(8))],
                kind=str(dice.choice(["like", "view", "dislike", "rating"])),
                value=float(dice.integers(1, 6)),
                days_ago=40.0 - place,
            )
    readings = (HistoryReading(0.0, 7), HistoryReading(3.0, 100))
    banks = [
        {
            key: dict(zip(dice.permutation(keys)[:6].tolist(), dice.standard_normal(6).tolist(), strict=True))
            for key in keys
        }
        for _ in readings
    ]
    model = publish_banks(world, "ridge", readings, *banks)
    histories = load_dataset(world.catalog.pk, until=NOW)
    scorer = make_scorer(publication_of(model.pk, readings), object(), histories)  # type: ignore[arg-type]
    strategy = StrategyPlan("ridge", "neighbours", 1.0, model_id=model.pk, readings=readings)

    for profile in profiles:
        (row,) = np.flatnonzero(histories.profile_ids == profile.pk)
        dense = scorer.score(np.array([row]))[0]
        found = read(world, profile, strategy)
        places = np.searchsorted(histories.item_ids, found.item_ids)
        np.testing.assert_allclose(found.scores, dense[places], rtol=1e-5)
        seen = set(histories.items[histories.profiles == row].tolist())
        assert set(places.tolist()) == set(np.flatnonzero(~np.isnan(dense)).tolist()) - seen


def publication_of(model_id: int, readings: tuple[HistoryReading, ...]) -> Neighbours:
    rows = list(ItemNeighbours.objects.filter(model=model_id).order_by("bank", "item"))
    return Neighbours(
        item_ids=np.array([row.item_id for row in rows]),
        offsets=np.append(0, np.cumsum([len(row.neighbour_ids) for row in rows])),
        neighbour_ids=np.concatenate([row.neighbour_ids for row in rows]),
        weights=np.concatenate([row.weights for row in rows]),
        banks=np.array([row.bank for row in rows], dtype=np.int16),
        readings=readings,
    )
