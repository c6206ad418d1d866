"""Slates for groups: opposite tastes and the three textbook answers; what was seen; whom a slate is logged for."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.identity import merge_profiles
from profiles.models import Profile
from profiles.services.groups import write_group
from recommender.models import Recommendation, Shortlist, TrainedModel
from recommender.selectors import QueryError
from recommender.services.group_slates import GroupSlate, recommend_to_group
from recommender.services.recommendations import recommend
from tests.recommender.worlds import (
    World,
    act,
    make_placement,
    make_profile,
    make_world,
    place_items,
    publish_neighbours,
    publish_scores,
)

pytestmark = pytest.mark.django_db

ANA = {"anas": 1.0, "bobs": 0.0, "middle": 0.6, "bridge": 0.9}
BOB = {"anas": 0.0, "bobs": 1.0, "middle": 0.75, "bridge": 0.5}


def list_for(world: World, **lists: dict[str, float]) -> None:
    model, _ = TrainedModel.objects.get_or_create(
        catalog=world.catalog, learner="ready", shape="shortlists", state="active"
    )
    for name, scores in lists.items():
        profile = Profile.objects.filter(key=name).first() or make_profile(world, name)
        Shortlist.objects.create(
            model=model, profile=profile, item_ids=world.ids(*scores), scores=list(scores.values())
        )


@pytest.fixture
def world() -> World:
    """Ana and Bob, of opposite tastes; their placement goes by their own lists alone."""
    world = make_world(*ANA, "spare", "hit")
    list_for(world, ana=ANA, bob=BOB)
    make_placement(world, ("shortlist", "ready", 1.0), ranker="weighted_score", reranker="", size=4)
    return world


def ask(world: World, *user_ids: str, **options: Any) -> GroupSlate:
    return recommend_to_group(world.catalog.pk, placement="home", user_ids=user_ids or ("ana", "bob"), **options)


def keys(found: GroupSlate) -> list[str]:
    return [entry.key for entry in found.slate.entries]


@pytest.mark.parametrize(
    ("how", "order", "scores"),
    [
        ("average", ["bridge", "middle", "anas", "bobs"], [0.7, 0.675, 0.5, 0.5]),
        ("least_misery", ["middle", "bridge", "anas", "bobs"], [0.6, 0.5, 0.0, 0.0]),
        ("most_pleasure", ["anas", "bobs", "bridge", "middle"], [1.0, 1.0, 0.9, 0.75]),
    ],
)
def test_opposite_tastes_get_the_three_textbook_answers(
    world: World, how: str, order: list[str], scores: list[float]
) -> None:
    found = ask(world, how=how)

    assert keys(found) == order
    assert [entry.score for entry in found.slate.entries] == pytest.approx(scores)
    assert {entry.sources for entry in found.slate.entries} == {("ready",)}
    assert {(entry.reason.code, entry.reason.text) for entry in found.slate.entries} == {
        ("group", "Chosen for the 2 of you")
    }


def test_each_entry_says_what_it_is_to_each(world: World) -> None:
    found = ask(world)
    views = {key: [(view.user_id, view.place, round(view.score, 3)) for view in found.views[key]] for key in ANA}
    assert views == {
        "anas": [("ana", 1, 1.0), ("bob", 4, 0.0)],
        "bobs": [("ana", 4, 0.0), ("bob", 1, 1.0)],
        "middle": [("ana", 3, 0.6), ("bob", 2, 0.75)],
        "bridge": [("ana", 2, 0.9), ("bob", 3, 0.5)],
    }


def test_a_group_of_one_gets_the_persons_own_order(world: World) -> None:
    assert keys(ask(world, "ana", n=3)) == ["anas", "bridge", "middle"]


def test_what_any_has_seen_is_left_out_or_only_what_all_have(world: World) -> None:
    act(world, Profile.objects.get(key="ana"), "bridge", kind="view")
    assert keys(ask(world, n=3)) == ["middle", "anas", "bobs"]
    assert keys(ask(world, n=3, seen="all")) == ["bridge", "middle", "anas"]

    act(world, Profile.objects.get(key="bob"), "bridge", kind="view")
    assert keys(ask(world, n=3, seen="all")) == ["middle", "anas", "bobs"]


def test_what_one_has_pushed_away_stays_out_even_of_all_and_of_seen_items(world: World) -> None:
    act(world, Profile.objects.get(key="bob"), "bridge", kind="dismiss")
    assert "bridge" not in keys(ask(world, n=6, seen="all"))
    assert "bridge" not in keys(ask(world, "ana", "bob", "nobody", n=6, seen="all"))
    world.catalog.placement_set.update(exclude_seen=False)
    assert "bridge" not in keys(ask(world, n=6))


def test_what_strategies_leave_open_is_filled_with_what_nobody_has_seen(world: World) -> None:
    publish_scores(world, "popular", {"hit": 1.0, "anas": 0.5})
    act(world, Profile.objects.get(key="bob"), "spare", kind="view")

    found = ask(world, n=6)

    assert keys(found) == ["bridge", "middle", "anas", "bobs", "hit"]
    assert found.slate.exhausted
    assert found.slate.entries[-1].sources == ("fallback_popular",)
    assert found.slate.entries[-1].reason.code == "popular"
    assert [view.score for view in found.views["hit"]] == [0.0, 0.0]


def test_somebody_unknown_is_a_person_without_a_history(world: World) -> None:
    make_placement(world, ("shortlist", "ready", 1.0), ("scores", "popular", 1.0), key="mixed", reranker="")
    publish_scores(world, "popular", {"hit": 3.0, "middle": 1.0})
    found = recommend_to_group(world.catalog.pk, placement="mixed", user_ids=["ana", "who?"], how="most_pleasure", n=2)
    assert set(keys(found)) == {"middle", "hit"}  # the best of ana, in both lists, and that of a stranger
    assert found.user_ids == ("ana", "who?")
    assert found.views["hit"][1].place == 1


def test_two_keys_of_one_person_are_one_member(world: World) -> None:
    merge_profiles(world.catalog.pk, source="cookie", into="ana", create_missing=True)
    found = ask(world, "cookie", "bob", "ana", "bob")
    assert found.user_ids == ("cookie", "bob")
    assert keys(found) == keys(ask(world))


def test_a_stored_group_is_asked_by_its_key_and_logged_for_no_profile(world: World) -> None:
    write_group(world.catalog.pk, key="pair", members=["bob", "ana"])

    found = recommend_to_group(world.catalog.pk, placement="home", group="pair", how="least_misery")

    assert keys(found) == ["middle", "bridge", "anas", "bobs"]
    assert found.user_ids == ("ana", "bob")
    row = Recommendation.objects.get()
    assert (row.pk, row.profile_id) == (found.slate.recommendation_id, None)
    assert world.keys(row.item_ids) == keys(found)
    assert set(row.sources) == {"ready"}
    ask(world, log=False)
    assert Recommendation.objects.count() == 1


def test_filters_exclusions_and_the_item_of_the_page_hold_for_all(world: World) -> None:
    assert keys(ask(world, exclude=["bridge", "none"], n=3)) == ["middle", "anas", "bobs"]
    assert keys(ask(world, item="middle", n=3)) == ["bridge", "anas", "bobs"]
    assert keys(ask(world, filters={"key__in": ["anas", "bobs"]})) == ["anas", "bobs"]


def test_diversity_re_ranks_the_slate_of_a_group_as_any_other(world: World) -> None:
    world.catalog.placement_set.update(reranker="mmr")
    assert keys(ask(world, diversity=0.0)) == ["bridge", "middle", "anas", "bobs"]


def test_statements_grow_by_two_a_member(world: World) -> None:
    list_for(world, cal=ANA, dan=BOB)
    counts = []
    for people in (["ana"], ["ana", "bob"], ["ana", "bob", "cal", "dan"]):
        with CaptureQueriesContext(connection) as queries:
            ask(world, *people)
        counts.append(len(queries))
    # people, plan, items, details, log; candidates and scores of each
    assert counts == [7, 9, 13]


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ({"how": "median"}, "invalid", "how"),
        ({"seen": "none"}, "invalid", "seen"),
        ({"group": "none", "user_ids": ()}, "group_not_found", "group"),
        ({"group": "a\0", "user_ids": ()}, "group_not_found", "group"),
        ({"group": "empty", "user_ids": ()}, "empty_group", "group"),
        ({"user_ids": ()}, "invalid", "user_ids"),
        ({"user_ids": [f"u{n}" for n in range(31)]}, "invalid", "user_ids"),
        ({"n": 0}, "invalid", "n"),
        ({"item": "none"}, "item_not_found", "item"),
        ({"placement": "none"}, "placement_not_found", "placement"),
        ({"filters": {"nope": 1}}, "invalid_filter", "nope"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(world: World, options: dict[str, Any], code: str, field: str) -> None:
    write_group(world.catalog.pk, key="empty", members=[])
    with pytest.raises(QueryError) as caught:
        recommend_to_group(world.catalog.pk, **{"placement": "home", "user_ids": ["ana"], **options})
    assert (caught.value.code, caught.value.field) == (code, field)
    assert not Recommendation.objects.exists()


def test_every_shape_has_a_say_and_the_place_of_each_is_that_of_its_own_slate() -> None:
    world = make_world("a", "b", "c", "d", "e", "f")
    place_items(world, {key: [1.0, number / 2] for number, key in enumerate("abcdef")})
    publish_neighbours(world, "co_visitation", {"a": {"b": 2.0, "c": 1.0}, "f": {"e": 2.0, "d": 1.0}})
    publish_scores(world, "popular", {"c": 2.0, "d": 1.0})
    for name, item in (("ana", "a"), ("bob", "f")):
        act(world, make_profile(world, name), item)
    make_placement(
        world,
        ("history_match", "text", 1.0),
        ("neighbours", "co_visitation", 1.0),
        ("scores", "popular", 0.5),
        diversity=0.0,
        exclude_seen=False,
    )

    found = ask(world, "ana", "bob", n=6, how="most_pleasure")

    for row, name in enumerate(("ana", "bob")):
        alone = recommend(world.catalog.pk, placement="home", user_id=name, n=6, log=False)
        own = sorted(found.views, key=lambda key: (found.views[key][row].place or 99, key))
        assert own == [entry.key for entry in alone.entries]
    assert found.slate.entries[0].score == 1.0
    assert set(found.slate.entries[0].sources) <= {"history_match", "co_visitation", "popular"}
