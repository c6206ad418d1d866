"""People like somebody, over the API: reasons, privacy, bad input."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import translation

from catalog.models import EmbeddingSpace
from profiles.models import Profile
from profiles.records import FriendshipRecord
from profiles.services.friendships import add_friendships
from recommender.models import ProfileVector
from recommender.services.people import find_people
from tests.catalog.api.callers import Caller, make_caller, read_error
from tests.recommender.worlds import World, act, make_profile, make_world

pytestmark = pytest.mark.django_db

PATH = "/people"


@pytest.fixture
def world() -> World:
    world = make_world("hit", "rare/1", "lone")
    for name, keys in {"ada": ("hit", "rare/1"), "bob": ("rare/1", "hit"), "cal": ("hit",), "dan": ("lone",)}.items():
        profile = make_profile(world, name)
        for key in keys:
            act(world, profile, key)
    return world


@pytest.fixture
def caller(world: World) -> Caller:
    return make_caller(world.catalog, "ingest")


def test_people_come_with_what_they_share(world: World, caller: Caller) -> None:
    add_friendships(world.catalog.pk, [FriendshipRecord("ada", "dan"), FriendshipRecord("dan", "bob")])

    status, answer = caller.get(PATH, user_id="ada")

    assert status == 200
    bob, cal = answer["people"]
    assert bob == {
        "user_id": "bob",
        "score": 1.0,
        "shared_items": ["rare/1", "hit"],
        "common_friends": 1,
        "reason": "shares: Title of rare/1, Title of hit; 1 friend in common",
    }
    assert (cal["user_id"], cal["shared_items"], cal["reason"]) == ("cal", ["hit"], "shares: Title of hit")
    assert 0 < cal["score"] < 0.5
    assert [person["user_id"] for person in caller.get(PATH, user_id="ada", limit=1)[1]["people"]] == ["bob"]


def test_reasons_have_the_marks_of_the_readers_language(world: World) -> None:
    add_friendships(world.catalog.pk, [FriendshipRecord("ada", "dan"), FriendshipRecord("dan", "bob")])
    with translation.override("zh-hans"):
        bob = find_people(world.catalog.pk, user_id="ada")[0]
    assert "Title of rare/1、Title of hit；" in bob.reason


def test_somebody_unknown_or_lonely_is_like_nobody(world: World, caller: Caller) -> None:
    make_profile(world, "new")
    assert caller.get(PATH, user_id="who?") == caller.get(PATH, user_id="new") == (200, {"people": []})


def test_an_alias_asks_for_the_profile_behind_it(world: World, caller: Caller) -> None:
    Profile.objects.create(catalog=world.catalog, key="cookie", merged_into=Profile.objects.get(key="ada"))
    assert caller.get(PATH, user_id="cookie") == caller.get(PATH, user_id="ada")


def test_publishable_keys_ask_only_where_the_site_lets_them(world: World) -> None:
    caller = make_caller(world.catalog, "publishable")

    status, answer = caller.get(PATH, user_id="ada")
    assert (status, read_error(answer)) == (403, ("scope_required", None, None))
    with override_settings(RECSITE_PEOPLE={"publishable": True}):
        assert caller.get(PATH, user_id="ada")[0] == 200


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("", "required", "user_id"),
        ("?user_id=ada&limit=0", "invalid", "limit"),
        ("?user_id=ada&limit=101", "invalid", "limit"),
        ("?user_id=ada&limit=many", "invalid", "limit"),
        ("?user_id=a%00", "invalid", "user_id"),
        ("?user_id=ada&n=3", "unknown_field", "n"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(caller: Caller, query: str, code: str, field: str) -> None:
    status, answer = caller.call("GET", PATH + query)
    assert (status, read_error(answer)) == (400, (code, field, None))


def test_the_number_of_statements_is_fixed(world: World, caller: Caller) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            caller.get(PATH, user_id="ada")
        counts.append(len(queries))
        for number in range(len(Profile.objects.all()), 30):
            act(world, make_profile(world, f"p{number}"), "hit")
    assert counts == [4, 4]  # the key, the person, the people, what they share


def test_taste_is_told_by_vectors_where_the_setting_names_a_space_of_people(world: World, caller: Caller) -> None:
    space = EmbeddingSpace.objects.create(
        catalog=world.catalog, role="ials", dimensions=2, metric="inner_product", state="active"
    )
    for name, vector in {"ada": [1, 0], "dan": [1, 1], "cal": [0, -1]}.items():
        profile = Profile.objects.get(key=name)
        ProfileVector.objects.create(space=space, profile=profile, vector=vector, interaction_id=1)

    def ask(user_id: str) -> dict[str, str]:
        people = caller.get(PATH, user_id=user_id)[1]["people"]
        return {person["user_id"]: person["reason"] for person in people}

    assert set(ask("ada")) == {"bob", "cal"}
    with override_settings(RECSITE_PEOPLE={"vectors": "ials"}):
        assert ask("ada") == {"dan": "similar taste"}
        assert set(ask("bob")) == {"ada", "cal"}  # whom no vector knows
