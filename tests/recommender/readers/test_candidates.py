"""Each reader turns its published shape into candidates, live filters applied, in one statement."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.models import Profile
from recommender.readers.candidates import read_candidates
from recommender.readers.statements import compose_candidates
from recommender.records import Plan, Query, SpaceRef, StrategyPlan
from tests.recommender.worlds import (
    NOW,
    World,
    act,
    make_profile,
    make_world,
    place_items,
    publish_neighbours,
    publish_scores,
    publish_shortlist,
)

pytestmark = pytest.mark.django_db

PLANE = {"north": [1.0, 0.0], "north-east": [0.8, 0.6], "east": [0.0, 1.0], "south": [-1.0, 0.0]}


def make_plan(world: World, *strategies: StrategyPlan, **fields: Any) -> Plan:
    return Plan(catalog_id=world.catalog.pk, strategies=strategies, **fields)


def make_query(world: World, **fields: Any) -> Query:
    return Query(catalog_id=world.catalog.pk, now=NOW, size=10, **fields)


def read_keys(world: World, plan: Plan, query: Query, *, limit: int = 10) -> list[str]:
    return world.keys(read_candidates(plan, query, limit=limit).lists[0].item_ids)


def history_match(world: World, vectors: dict[str, list[float]] = PLANE, **fields: Any) -> StrategyPlan:
    space = place_items(world, vectors, **fields)
    return StrategyPlan("history_match", "history_match", 1.0, space=SpaceRef(space.pk, 2, space.metric))


def test_history_match_ranks_by_cosine_to_what_was_liked() -> None:
    world = make_world(*PLANE)
    plan = make_plan(world, history_match(world))
    profile = make_profile(world)
    act(world, profile, "north")

    found = read_candidates(plan, make_query(world, profile_id=profile.pk), limit=10).lists[0]

    assert world.keys(found.item_ids) == ["north-east", "east", "south"]
    np.testing.assert_allclose(found.scores, [0.8, 0.0, -1.0], atol=2e-3)


def test_history_match_by_inner_product_prefers_the_longer_vector() -> None:
    world = make_world("seed", "short", "long")
    strategy = history_match(world, {"seed": [1, 0], "short": [1, 0], "long": [3, 0]}, metric="inner_product")
    profile = make_profile(world)
    act(world, profile, "seed")

    found = read_candidates(make_plan(world, strategy), make_query(world, profile_id=profile.pk), limit=10).lists[0]

    assert world.keys(found.item_ids) == ["long", "short"]
    np.testing.assert_allclose(found.scores, [3.0, 1.0], atol=5e-3)


def test_a_recent_like_outweighs_an_old_one() -> None:
    world = make_world("old", "new", "near-old", "near-new")
    strategy = history_match(world, {"old": [1, 0], "new": [0, 1], "near-old": [1, 0.1], "near-new": [0.1, 1]})
    profile = make_profile(world)
    act(world, profile, "old", days_ago=720)
    act(world, profile, "new", days_ago=1)

    assert read_keys(world, make_plan(world, strategy), make_query(world, profile_id=profile.pk)) == [
        "near-new",
        "near-old",
    ]


def test_a_dislike_pushes_away() -> None:
    world = make_world("liked", "disliked", "near-disliked", "opposite")
    strategy = history_match(
        world, {"liked": [0.7, 0.7], "disliked": [0, 1], "near-disliked": [0.2, 1], "opposite": [1, -0.2]}
    )
    profile = make_profile(world)
    act(world, profile, "liked")
    act(world, profile, "disliked", kind="dislike")

    assert read_keys(world, make_plan(world, strategy), make_query(world, profile_id=profile.pk))[0] == "opposite"


def test_only_dislikes_propose_nothing_rather_than_the_opposite() -> None:
    world = make_world(*PLANE)
    plan = make_plan(world, history_match(world))
    profile = make_profile(world)
    act(world, profile, "north", kind="dislike")

    assert read_keys(world, plan, make_query(world, profile_id=profile.pk)) == []


def test_a_history_without_vectors_proposes_nothing() -> None:
    world = make_world("bare", *PLANE)
    plan = make_plan(world, history_match(world))
    profile = make_profile(world)
    act(world, profile, "bare")

    assert read_keys(world, plan, make_query(world, profile_id=profile.pk)) == []


def test_what_happens_after_now_is_not_known() -> None:
    world = make_world(*PLANE)
    plan = make_plan(world, history_match(world))
    profile = make_profile(world)
    act(world, profile, "north", days_ago=2)
    act(world, profile, "south", days_ago=-1)

    assert read_keys(world, plan, make_query(world, profile_id=profile.pk)) == ["north-east", "east", "south"]


def test_similar_items_are_near_the_context_item_and_name_it_as_evidence() -> None:
    world = make_world(*PLANE)
    space = place_items(world, PLANE)
    strategy = StrategyPlan("similar_items", "similar_items", 1.0, space=SpaceRef(space.pk, 2, "cosine"))
    (north,) = world.ids("north")

    found = read_candidates(make_plan(world, strategy), make_query(world, item_ids=(north,)), limit=2).lists[0]

    assert world.keys(found.item_ids) == ["north-east", "east"]
    assert found.evidence_ids.tolist() == [north, north]


def test_neighbours_sum_over_the_history_and_name_the_strongest_seed() -> None:
    world = make_world("a", "b", "x", "y")
    model = publish_neighbours(world, "co_visitation", {"a": {"x": 1.0, "y": 3.0}, "b": {"x": 4.0, "a": 9.0}})
    strategy = StrategyPlan("co_visitation", "neighbours", 1.0, model_id=model.pk)
    profile = make_profile(world)
    act(world, profile, "a", days_ago=0)
    act(world, profile, "b", days_ago=0)

    found = read_candidates(make_plan(world, strategy), make_query(world, profile_id=profile.pk), limit=10).lists[0]

    assert world.keys(found.item_ids) == ["x", "y"]
    np.testing.assert_allclose(found.scores, [5.0, 3.0])
    assert world.keys(found.evidence_ids) == ["b", "a"]


def test_neighbours_of_the_context_item_come_before_the_history() -> None:
    world = make_world("a", "b", "x", "y")
    model = publish_neighbours(world, "co_visitation", {"a": {"x": 1.0}, "b": {"y": 1.0}})
    strategy = StrategyPlan("co_visitation", "neighbours", 1.0, model_id=model.pk)
    profile = make_profile(world)
    act(world, profile, "a")

    query = make_query(world, profile_id=profile.pk, item_ids=tuple(world.ids("b")))

    assert read_keys(world, make_plan(world, strategy), query) == ["y"]


def test_scores_are_read_best_first_with_ties_by_id() -> None:
    world = make_world("a", "b", "c")
    model = publish_scores(world, "popular", {"c": 1.0, "a": 2.0, "b": 1.0})
    strategy = StrategyPlan("popular", "scores", 1.0, model_id=model.pk)

    assert read_keys(world, make_plan(world, strategy), make_query(world)) == ["a", "b", "c"]
    assert read_keys(world, make_plan(world, strategy), make_query(world), limit=1) == ["a"]


def test_a_shortlist_is_read_for_its_own_profile_alone() -> None:
    world = make_world("a", "b")
    ada, bob = make_profile(world, "ada"), make_profile(world, "bob")
    model = publish_shortlist(world, "generative", ada, {"b": 2.0, "a": 1.0})
    plan = make_plan(world, StrategyPlan("generative", "shortlist", 1.0, model_id=model.pk))

    assert read_keys(world, plan, make_query(world, profile_id=ada.pk)) == ["b", "a"]
    assert read_keys(world, plan, make_query(world, profile_id=bob.pk)) == []


def test_the_last_list_is_the_catalogue_newest_first() -> None:
    world = make_world("newest", "older", "oldest")

    found = read_candidates(make_plan(world), make_query(world), limit=10).lists[-1]

    assert found.name == "fallback_newest"
    assert world.keys(found.item_ids) == ["newest", "older", "oldest"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hidden": True}, "hidden"),
        ({"available": False}, "unavailable"),
        ({"expires_at": NOW}, "expired"),
        ({"published_at": NOW + timedelta(seconds=1)}, "not yet published"),
    ],
)
def test_what_may_not_be_shown_never_comes_from_any_shape(change: dict[str, Any], why: str) -> None:
    world = make_world("seed", "gone", "kept")
    for name, value in change.items():
        setattr(world.items["gone"], name, value)
    world.items["gone"].save()
    plan, query = make_full_plan(world)

    for found in read_candidates(plan, query, limit=10).lists:
        assert world.keys(found.item_ids) == ["kept"], (found.name, why)


def test_seen_and_excluded_items_stay_out_of_every_shape() -> None:
    world = make_world("seed", "seen", "excluded", "kept")
    plan, query = make_full_plan(world)
    act(world, make_profile_of(query), "seen", kind="view")
    query = replace(query, exclude_ids=tuple(world.ids("excluded")))

    for found in read_candidates(plan, query, limit=10).lists:
        assert world.keys(found.item_ids) == ["kept"], found.name


def test_seen_items_may_return_but_dismissed_ones_do_not() -> None:
    world = make_world("seed", "dismissed", "kept")
    plan, query = make_full_plan(world)
    act(world, make_profile_of(query), "dismissed", kind="dismiss")

    last = read_candidates(replace(plan, exclude_seen=False), query, limit=10).lists[-1]

    assert world.keys(last.item_ids) == ["seed", "kept"]


def test_items_of_another_catalog_are_out_of_reach() -> None:
    world = make_world("a")
    make_world("b", catalog="other")

    assert world.keys(read_candidates(make_plan(world), make_query(world), limit=10).lists[-1].item_ids) == ["a"]


def test_a_plan_of_any_size_costs_one_statement() -> None:
    world = make_world("seed", "kept")
    plan, query = make_full_plan(world)

    with CaptureQueriesContext(connection) as captured:
        read_candidates(plan, replace(query, filters={"kind": "item"}), limit=10)

    assert len(captured) == 1


def test_filters_narrow_every_shape_and_an_impossible_one_leaves_nothing() -> None:
    world = make_world("seed", "old", "recent")
    for key, year in {"seed": 1950, "old": 1960, "recent": 2010}.items():
        world.items[key].attributes = {"year": year}
        world.items[key].save()
    plan, query = make_full_plan(world)

    for found in read_candidates(plan, replace(query, filters={"attributes__year__gte": 2000}), limit=10).lists:
        assert world.keys(found.item_ids) == ["recent"], found.name
    for found in read_candidates(plan, replace(query, filters={"kind__in": []}), limit=10).lists:
        assert found.item_ids.tolist() == [], found.name


def make_full_plan(world: World) -> tuple[Plan, Query]:
    """Every shape proposes every item of the world; the profile has liked ``seed``."""
    keys = list(world.items)
    space = place_items(world, {key: [1.0, place / 10] for place, key in enumerate(keys)})
    profile = make_profile(world)
    act(world, profile, "seed")
    scores = dict.fromkeys(keys, 1.0)
    plan = make_plan(
        world,
        StrategyPlan("history_match", "history_match", 1.0, space=SpaceRef(space.pk, 2, "cosine")),
        StrategyPlan(
            "co_visitation",
            "neighbours",
            1.0,
            model_id=publish_neighbours(world, "co_visitation", {"seed": scores}).pk,
        ),
        StrategyPlan("popular", "scores", 1.0, model_id=publish_scores(world, "popular", scores).pk),
        StrategyPlan("ready", "shortlist", 1.0, model_id=publish_shortlist(world, "ready", profile, scores).pk),
    )
    return plan, make_query(world, profile_id=profile.pk)


def make_profile_of(query: Query) -> Profile:
    return Profile.objects.get(pk=query.profile_id)


@pytest.mark.parametrize(("few", "taken", "left"), [(5000, "exact", "walked"), (1, "walked", "exact")])
def test_how_many_pass_the_filters_chooses_the_path(
    monkeypatch: pytest.MonkeyPatch, few: int, taken: str, left: str
) -> None:
    monkeypatch.setattr("recommender.readers.vectors.FEW_ITEMS", few)
    world = make_world(*PLANE)
    plan = make_plan(world, history_match(world))
    profile = make_profile(world)
    act(world, profile, "north")
    query = make_query(world, profile_id=profile.pk, filters={"kind": "item"})
    statement = compose_candidates(plan, query, limit=10)

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + statement.sql, statement.params)
        (explained,) = cursor.fetchone() or ()
    loops = {name: read_embedding_loops(explained[0]["Plan"], name) for name in (taken, left)}

    assert loops[taken] > 0
    assert loops[left] == 0
    assert read_keys(world, plan, query) == ["north-east", "east", "south"]


def read_embedding_loops(node: dict[str, Any], alias: str, *, inside: bool = False) -> int:
    """How often the embeddings were read under the sub-select named ``alias``."""
    inside = inside or node.get("Alias") == alias
    own = node["Actual Loops"] if inside and node.get("Relation Name") == "catalog_embedding" else 0
    return int(own) + sum(read_embedding_loops(child, alias, inside=inside) for child in node.get("Plans", []))
