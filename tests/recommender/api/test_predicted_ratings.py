"""Predicted ratings over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recommender.api.predicted_ratings import MAX_ITEMS
from tests.catalog.api.callers import Caller, make_caller, read_error
from tests.recommender.rating_shop import open_shop, train_ratings
from tests.recommender.worlds import World, make_world

pytestmark = pytest.mark.django_db

PATH = "/predicted-ratings"


@pytest.fixture
def world() -> World:
    world, _ = open_shop()
    train_ratings(world)
    return world


@pytest.fixture
def caller(world: World) -> Caller:
    return make_caller(world.catalog, "publishable")


def read_ratings(answer: Any) -> dict[str, float | None]:
    assert list(answer) == ["ratings"]
    assert all(list(entry) == ["item", "rating"] for entry in answer["ratings"])
    return {entry["item"]: entry["rating"] for entry in answer["ratings"]}


def test_ratings_come_in_the_order_asked_for_by_keys_with_slashes(caller: Caller) -> None:
    status, answer = caller.get(PATH, user_id="gay-0", item_ids=["sad/3", "gay/3", "good"])

    assert status == 200
    found = read_ratings(answer)
    assert list(found) == ["sad/3", "gay/3", "good"]
    assert found["gay/3"] is not None
    assert found["sad/3"] is not None
    assert found["gay/3"] > 4.0 > 2.0 > found["sad/3"]


def test_somebody_unknown_or_unnamed_gets_what_the_average_person_would_say(caller: Caller) -> None:
    unnamed = caller.get(PATH, item_ids=["good", "bad"])
    unknown = caller.get(PATH, user_id="who?", item_ids=["good", "bad"])

    assert unnamed[0] == 200
    assert unnamed == unknown
    found = read_ratings(unnamed[1])
    assert found["good"] is not None
    assert found["bad"] is not None
    assert found["good"] > 4.0 > 2.0 > found["bad"]


def test_items_that_nothing_is_known_of_have_null(world: World, caller: Caller) -> None:
    make_world("late")
    answer = caller.get(PATH, user_id="gay-0", item_ids=["late", "good", "no such", "nul\0"])
    assert answer[0] == 400  # no key has a NUL in it
    found = read_ratings(caller.get(PATH, user_id="gay-0", item_ids=["late", "good", "no such"])[1])
    assert (found["late"], found["no such"]) == (None, None)
    assert found["good"] is not None


def test_an_item_named_twice_is_answered_once(caller: Caller) -> None:
    assert len(caller.get(PATH, item_ids=["good", "bad", "good"])[1]["ratings"]) == 2


def test_without_a_model_the_code_says_so(world: World) -> None:
    other = make_world("a", catalog="other")
    status, answer = make_caller(other.catalog, "publishable").get(PATH, item_ids=["a"])
    assert (status, read_error(answer)) == (404, ("rating_model_not_found", None, None))


@pytest.mark.parametrize(
    ("parameters", "code", "field"),
    [
        ({}, "required", "item_ids"),
        ({"user_id": "u"}, "required", "item_ids"),
        ({"item_ids": ["a", ""]}, "required", "item_ids"),
        ({"user_id": "", "item_ids": ["a"]}, "required", "user_id"),
        ({"item_ids": [str(n) for n in range(MAX_ITEMS + 1)]}, "invalid", "item_ids"),
        ({"item_id": ["a"]}, "unknown_field", "item_id"),
    ],
)
def test_bad_parameters_are_refused(caller: Caller, parameters: dict[str, Any], code: str, field: str) -> None:
    status, answer = caller.get(PATH, **parameters)
    assert (status, read_error(answer)) == (400, (code, field, None))


def test_it_takes_as_many_statements_for_many_items_as_for_one(caller: Caller) -> None:
    counts = []
    for keys in (["good"], ["good", "bad", "gay/1", "gay/2", "sad/1", "no such"]):
        with CaptureQueriesContext(connection) as queries:
            assert caller.get(PATH, user_id="sad-0", item_ids=keys)[0] == 200
        counts.append(len(queries))
    assert counts == [3, 3]  # the key, the keys of items and person, the prediction
