"""Who is like somebody, by hand-counted taste and friends."""

from __future__ import annotations

from math import log, sqrt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import EmbeddingSpace, Item
from profiles.identity import merge_profiles
from profiles.models import Friendship, Profile
from profiles.records import FriendshipRecord
from profiles.services.friendships import add_friendships
from recommender.models import ProfileVector
from recommender.readers.people import find_taste_space, read_people, read_shared_items
from tests.recommender.worlds import NOW, World, act, make_profile, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Everybody likes the hit; ada and bob share two rare items, ada and cal one that three like."""
    world = make_world("hit", "rare/1", "rare/2", "known", "none")
    likes = {
        "ada": ("hit", "rare/1", "rare/2", "known"),
        "bob": ("hit", "rare/1", "rare/2"),
        "cal": ("hit", "known"),
        "dan": ("hit", "known"),
        "eve": ("hit",),
        "fay": ("none",),
    }
    for name, keys in likes.items():
        profile = make_profile(world, name)
        for key in keys:
            act(world, profile, key)
    return world


def befriend(world: World, *pairs: str) -> None:
    names = {profile.key[0]: profile.key for profile in Profile.objects.filter(catalog=world.catalog)}
    add_friendships(world.catalog.pk, [FriendshipRecord(names[one], names[other]) for one, other in pairs])


def find(world: World, name: str = "ada", *, space=None, limit: int = 10) -> dict[str, float]:
    profile = Profile.objects.get(catalog=world.catalog, key=name)
    found = read_people(world.catalog.pk, profile_id=profile.pk, now=NOW, space=space, limit=limit)
    return {match.key: pytest.approx(match.score, abs=1e-6) for match in found}


def test_rare_items_count_by_one_over_the_root_of_their_fans(world: World) -> None:
    hit, rare, known = 1 / sqrt(5), 1 / sqrt(2), 1 / sqrt(3)
    taste = {"bob": hit + 2 * rare, "cal": hit + known, "dan": hit + known, "eve": hit}

    assert find(world) == {name: score / taste["bob"] for name, score in taste.items()}
    assert list(find(world)) == ["bob", "cal", "dan", "eve"]
    assert list(find(world, limit=2)) == ["bob", "cal"]


def test_likes_count_whatever_their_number_and_dislikes_and_the_future_do_not(world: World) -> None:
    before = find(world)
    gus = make_profile(world, "gus")
    act(world, gus, "rare/1", kind="dislike")
    act(world, gus, "rare/2", days_ago=-1)
    act(world, Profile.objects.get(key="eve"), "hit", kind="view")
    assert find(world) == before


def test_friends_of_friends_are_weighed_by_how_few_friends_the_common_ones_have(world: World) -> None:
    befriend(world, "fb", "fc", "be", "ca", "ce", "cd")

    # fay shares no taste: b knows f, e; c knows f, a, e, d.
    narrow, wide = 1 / log(2), 1 / log(4)
    assert find(world, "fay") == {"eve": 1.0, "ada": wide / (narrow + wide), "dan": wide / (narrow + wide)}


def test_taste_and_friends_are_averaged_and_friends_are_known_already(world: World) -> None:
    befriend(world, "ab", "be")

    hit, known = 1 / sqrt(5), 1 / sqrt(3)
    best = hit + known
    assert find(world) == {"eve": 0.5 * hit / best + 0.5, "cal": 0.5, "dan": 0.5}


def test_vectors_of_people_take_the_place_of_shared_items(world: World) -> None:
    profiles = {profile.key: profile for profile in Profile.objects.all()}
    space = EmbeddingSpace.objects.create(
        catalog=world.catalog, role="ials", dimensions=2, metric="inner_product", state="active"
    )
    vectors = {"ada": (1, 0), "bob": (-1, 0), "cal": (0, 3), "fay": (5, 5), "eve": (2, 0)}
    for name, vector in vectors.items():
        ProfileVector.objects.create(space=space, profile=profiles[name], vector=list(vector), interaction_id=1)

    ref = find_taste_space(world.catalog.pk, profiles["ada"].pk, role="ials")
    assert ref is not None
    assert (ref.id, ref.dimensions) == (space.pk, 2)
    found = find(world, space=ref)
    assert list(found) == ["eve", "fay"]
    assert found["fay"] == pytest.approx(1 / sqrt(2), abs=2e-3)
    assert find_taste_space(world.catalog.pk, profiles["dan"].pk, role="ials") is None
    assert find_taste_space(world.catalog.pk, profiles["ada"].pk, role="text") is None
    EmbeddingSpace.objects.update(state="retired")
    assert find_taste_space(world.catalog.pk, profiles["ada"].pk, role="ials") is None


def test_aliases_and_other_catalogs_are_never_found(world: World) -> None:
    other = make_world("hit", catalog="other")
    act(other, make_profile(other, "zoe"), "hit")
    merge_profiles(world.catalog.pk, source="cal", into="bob")

    assert set(find(world)) == {"bob", "dan", "eve"}
    assert find(other, "zoe") == {}


def test_shared_items_come_rarest_first_and_what_is_hidden_is_not_named(world: World) -> None:
    ids = {profile.key: profile.pk for profile in Profile.objects.all()}
    others = [ids["bob"], ids["cal"], ids["fay"]]

    def read() -> list[list[str]]:
        found = read_shared_items(world.catalog.pk, profile_id=ids["ada"], others=others, now=NOW, limit=2)
        return [[item.key for item in found[other]] for other in others]

    assert read() == [["rare/1", "rare/2"], ["known", "hit"], []]
    Item.objects.filter(key="rare/1").update(hidden=True)
    assert read() == [["rare/2", "hit"], ["known", "hit"], []]


def test_each_costs_one_statement(world: World) -> None:
    befriend(world, "ab", "bc", "cd")
    ada = Profile.objects.get(key="ada")
    with CaptureQueriesContext(connection) as queries:
        read_people(world.catalog.pk, profile_id=ada.pk, now=NOW, space=None, limit=5)
        read_shared_items(world.catalog.pk, profile_id=ada.pk, others=[ada.pk], now=NOW, limit=5)
    assert len(queries) == 2
    assert Friendship.objects.count() == 3
