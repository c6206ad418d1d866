"""Slates for groups over the API."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Catalog
from profiles.services.groups import write_group
from recommender.models import Recommendation
from tests.catalog.api.callers import make_caller, read_error
from tests.recommender.services.test_group_slates import ANA, BOB, list_for
from tests.recommender.worlds import World, make_placement, make_world

pytestmark = pytest.mark.django_db

PATH = "/recommendations"


@pytest.fixture
def world() -> World:
    world = make_world(*ANA)
    list_for(world, ana=ANA, bob=BOB)
    make_placement(world, ("shortlist", "ready", 1.0), ranker="weighted_score", reranker="", size=4)
    write_group(world.catalog.pk, key="the pair/1", members=["ana", "bob"])
    return world


def read_places(answer: Any) -> dict[str, list[tuple[str | None, int | None]]]:
    return {
        item["key"]: [(member["user_id"], member["place"]) for member in item["members"]] for item in answer["items"]
    }


def test_a_group_for_this_once_and_a_stored_one_get_the_same(world: World) -> None:
    caller = make_caller(world.catalog, "ingest")

    status, stored = caller.get(PATH, group="the pair/1", placement="home", how="least_misery")
    named = caller.get(PATH, user_ids=["ana", "bob"], how="least_misery")[1]
    posted = caller.post(PATH, {"user_ids": ["ana", "bob"], "how": "least_misery", "seen": "all"})[1]

    assert status == 200
    assert stored["group"] == {"key": "the pair/1", "how": "least_misery", "size": 2}
    assert named["group"] == {"key": None, "how": "least_misery", "size": 2}
    assert list(read_places(stored)) == ["middle", "bridge", "anas", "bobs"]
    assert read_places(stored)["bridge"] == [("ana", 2), ("bob", 3)]
    assert stored["items"] == named["items"] == posted["items"]
    assert Recommendation.objects.filter(profile=None).count() == 3


def test_a_publishable_key_is_not_told_who_is_in_a_group(world: World) -> None:
    caller = make_caller(world.catalog, "publishable")
    assert read_places(caller.get(PATH, group="the pair/1")[1])["bridge"] == [(None, 2), (None, 3)]
    assert read_places(caller.get(PATH, user_ids=["ana", "bob"])[1])["bridge"] == [("ana", 2), ("bob", 3)]


def test_a_slate_for_one_person_says_nothing_of_groups(world: World) -> None:
    answer = make_caller(world.catalog).get(PATH, user_id="ana")[1]
    assert "group" not in answer
    assert all("members" not in item for item in answer["items"])


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"group": "none"}, 404, "group_not_found", "group"),
        ({"group": "the pair/1", "user_id": "ana"}, 400, "invalid", "group"),
        ({"user_ids": ["ana"], "user_id": "ana"}, 400, "invalid", "user_ids"),
        ({"user_ids": ["ana"], "group": "the pair/1"}, 400, "invalid", "user_ids"),
        ({"user_ids": []}, 400, "invalid", "user_ids"),
        ({"user_ids": "ana"}, 400, "invalid", "user_ids"),
        ({"user_ids": ["ana", ""]}, 400, "required", "user_ids"),
        ({"user_ids": ["ana"], "how": "median"}, 400, "invalid", "how"),
        ({"user_ids": ["ana"], "seen": "some"}, 400, "invalid", "seen"),
        ({"user_id": "ana", "how": "average"}, 400, "invalid", "how"),
        ({"seen": "all"}, 400, "invalid", "seen"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    world: World, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    answered, answer = make_caller(world.catalog).post(PATH, body)
    assert (answered, read_error(answer)) == (status, (code, field, None))


def test_a_group_of_another_catalog_is_unknown(world: World) -> None:
    other = Catalog.objects.create(key="other", name="Other")
    status, answer = make_caller(other).get(PATH, group="the pair/1")
    assert (status, read_error(answer)[0]) == (404, "group_not_found")
