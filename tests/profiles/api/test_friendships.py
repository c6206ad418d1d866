"""Friendships over the API."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Catalog
from profiles.models import Friendship, Profile
from tests.catalog.api.callers import Caller, make_caller, read_error

pytestmark = pytest.mark.django_db

PATH = "/friendships"


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def caller(catalog: Catalog) -> Caller:
    return make_caller(catalog, "ingest")


def pair(user: Any, friend: Any, **more: Any) -> dict[str, Any]:
    return {"user_id": user, "friend_id": friend, **more}


def test_a_batch_answers_row_by_row(catalog: Catalog, caller: Caller) -> None:
    Profile.objects.create(catalog=catalog, key="alias", merged_into=Profile.objects.create(catalog=catalog, key="a"))

    status, answer = caller.post(
        PATH, [pair("a", "b"), pair("b", "alias"), pair("a", "a"), pair("a", "alias"), pair("a", 7), pair("", "b"), 3]
    )

    assert status == 200
    assert [row["status"] for row in answer["rows"]] == [
        "created", "unchanged", "rejected", "rejected", "created", "rejected", "rejected",
    ]  # fmt: skip
    assert (answer["created"], answer["unchanged"], answer["rejected"]) == (2, 1, 4)
    errors = {
        row["index"]: [(e["code"], e["field"]) for e in row["errors"]] for row in answer["rows"] if "errors" in row
    }
    assert errors == {
        2: [("same_profile", "friend_id")],
        3: [("same_profile", "friend_id")],
        5: [("required", "user_id")],
        6: [("invalid", None)],
    }
    assert caller.get(PATH, user_id="alias") == (200, {"user_id": "a", "friends": ["b", "7"]})


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({}, "required", "user_id"),
        ({"user_id": "a"}, "required", "friend_id"),
        (pair("a", None), "required", "friend_id"),
        (pair("a", ["b"]), "invalid", "friend_id"),
        (pair("a", "b\0"), "invalid", "friend_id"),
        (pair("a", "b" * 513), "too_long", "friend_id"),
        (pair("a", "b", since="2020"), "unknown_field", "since"),
    ],
)
def test_a_row_that_is_wrong_is_refused_by_name(caller: Caller, row: Any, code: str, field: str) -> None:
    status, answer = caller.post(PATH, row)

    assert (status, read_error(answer)) == (422, (code, field, 0))
    assert not Friendship.objects.exists()


def test_friendships_end_by_person(caller: Caller) -> None:
    caller.post(PATH, [pair("a", "b"), pair("c", "a"), pair("a", "d")])

    assert caller.delete(f"{PATH}?user_id=a&friend_id=b&friend_id=c&friend_id=nobody") == (200, {"deleted": 2})
    assert caller.delete(f"{PATH}?user_id=a&friend_id=b") == (200, {"deleted": 0})
    assert caller.get(PATH, user_id="a")[1]["friends"] == ["d"]


@pytest.mark.parametrize(
    ("method", "query", "status", "code", "field"),
    [
        ("GET", "", 400, "required", "user_id"),
        ("GET", "?user_id=nobody", 404, "profile_not_found", "user_id"),
        ("DELETE", "?user_id=a", 400, "required", "friend_id"),
        ("DELETE", "?friend_id=a", 400, "required", "user_id"),
        ("DELETE", "?user_id=a&" + "&".join(["friend_id=b"] * 501), 400, "too_long", "friend_id"),
        ("GET", "?user_id=a&friend_id=b", 400, "unknown_field", "friend_id"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    caller: Caller, method: str, query: str, status: int, code: str, field: str
) -> None:
    answered, answer = caller.call(method, PATH + query)

    assert (answered, read_error(answer)) == (status, (code, field, None))


def test_people_of_another_catalog_are_unknown(caller: Caller) -> None:
    other = make_caller(Catalog.objects.create(key="other", name="Other"), "ingest")
    other.post(PATH, pair("a", "b"))

    assert caller.get(PATH, user_id="a")[0] == 404
    assert caller.delete(f"{PATH}?user_id=a&friend_id=b") == (200, {"deleted": 0})
    assert Friendship.objects.count() == 1
