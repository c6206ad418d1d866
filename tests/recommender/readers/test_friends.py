"""What friends like as a strategy: one voice a friend, faded by time, and how the reason counts them."""

from __future__ import annotations

import numpy as np
import pytest
from django.test.utils import override_settings

from profiles.models import Profile
from profiles.records import FriendshipRecord
from profiles.services.friendships import add_friendships
from recommender.readers.candidates import read_candidates
from recommender.readers.completion import complete_scores
from recommender.readers.friends import count_friends
from recommender.records import Plan, Query
from recommender.selectors import load_plan
from recommender.services.recommendations import recommend
from tests.recommender.worlds import NOW, World, act, make_placement, make_profile, make_world, publish_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Ada has two friends, who like the pair; one of them likes a lone thing over and over; a stranger likes all."""
    world = make_world("pair", "lone", "old", "bad", "seen", "other")
    people = {name: make_profile(world, name) for name in ("ada", "bob", "cal", "zoe")}
    add_friendships(world.catalog.pk, [FriendshipRecord("ada", "bob"), FriendshipRecord("cal", "ada")])
    for name in ("bob", "cal"):
        act(world, people[name], "pair", days_ago=0)
        act(world, people[name], "seen", days_ago=0)
    for _ in range(9):
        act(world, people["bob"], "lone", days_ago=0)
    act(world, people["cal"], "old", days_ago=180)
    act(world, people["cal"], "bad", days_ago=2)
    act(world, people["cal"], "bad", kind="dislike", days_ago=0)
    act(world, people["ada"], "seen", kind="view", days_ago=0)
    for key in ("pair", "lone", "other"):
        act(world, people["zoe"], key, days_ago=0)
    make_placement(world, ("friends", "friends", 1.0))
    return world


def ask(world: World, name: str = "ada") -> tuple[Plan, Query]:
    profile = Profile.objects.get(catalog=world.catalog, key=name)
    return load_plan(world.catalog.pk, "home"), Query(world.catalog.pk, NOW, 5, profile_id=profile.pk)


def test_a_friend_is_one_voice_that_fades_and_can_be_taken_back(world: World) -> None:
    plan, query = ask(world)

    found = read_candidates(plan, query, limit=10).lists[0]

    assert found.name == "friends"
    assert world.keys(found.item_ids) == ["pair", "lone", "old"]
    np.testing.assert_allclose(found.scores, [2.0, 1.0, 0.5], atol=1e-6)


def test_given_items_get_the_same_scores_and_seen_ones_too(world: World) -> None:
    plan, query = ask(world)
    ids = np.array(world.ids("old", "bad", "seen", "pair", "other"))

    scores = complete_scores(plan, query, ids)

    np.testing.assert_allclose(scores[:, 0], [0.5, np.nan, 2.0, 2.0, np.nan], atol=1e-6)


def test_friendship_is_mutual_and_a_stranger_has_no_friends(world: World) -> None:
    act(world, Profile.objects.get(key="ada"), "other")
    plan, query = ask(world, "bob")
    assert world.keys(read_candidates(plan, query, limit=10).lists[0].item_ids) == ["other"]
    for query in (ask(world, "zoe")[1], Query(world.catalog.pk, NOW, 5)):
        assert not len(read_candidates(plan, query, limit=10).lists[0].item_ids)


@pytest.mark.parametrize(
    ("names", "pair", "lone"),
    [
        (0, "Liked by 2 friends", "Liked by 1 friend"),
        (1, "Liked by bob and 1 other", "Liked by bob"),
        (2, "Liked by bob, cal", "Liked by bob"),
    ],
)
def test_the_reason_says_how_many_and_who_only_where_the_site_lets_it(
    world: World, names: int, pair: str, lone: str
) -> None:
    with override_settings(RECSITE_PEOPLE={"name_friends": names}):
        slate = recommend(world.catalog.pk, placement="home", user_id="ada", n=3)

    reasons = {entry.key: entry.reason for entry in slate.entries}
    assert (reasons["pair"].code, reasons["pair"].text) == ("friends", pair)
    assert (reasons["lone"].code, reasons["lone"].text) == ("friends", lone)
    assert slate.entries[0].sources == ("friends",)


def test_a_slate_costs_one_statement_more_where_friends_speak_for_it(world: World, django_assert_num_queries) -> None:
    publish_scores(world, "popular", {"other": 1.0})
    make_placement(world, ("friends", "friends", 1.0), ("scores", "popular", 5.0), key="mixed")
    with django_assert_num_queries(6):  # plan, keys, candidates, details, friends, log
        recommend(world.catalog.pk, placement="mixed", user_id="ada")
    with django_assert_num_queries(5):
        recommend(world.catalog.pk, placement="mixed", user_id="zoe")


def test_friends_are_counted_by_item(world: World) -> None:
    _, query = ask(world)
    ids = world.ids("pair", "lone", "bad")
    found = count_friends(query, ids, names=1)
    assert {world.keys([item_id])[0]: (it.count, it.keys) for item_id, it in found.items()} == {
        "pair": (2, ("bob",)),
        "lone": (1, ("bob",)),
    }
    assert count_friends(query, []) == {}
