"""Groups of people over the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from catalog.models import Catalog
from profiles.models import Profile, ProfileGroup
from tests.catalog.api.callers import Caller, make_caller, read_error

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def caller(catalog: Catalog) -> Caller:
    return make_caller(catalog, "ingest")


@pytest.mark.parametrize("key", ["family-7", "a/b c", "ü"])
def test_a_group_is_written_read_replaced_and_deleted(caller: Caller, key: str) -> None:
    path = f"/groups/{quote(key, safe='')}"

    made = caller.call("PUT", path, {"name": "The Millers", "members": ["b", "a", "b"]})
    assert made == (201, {"key": key, "name": "The Millers", "members": ["a", "b"]})
    assert caller.get(path) == (200, made[1])
    assert caller.call("PUT", path, {"members": ["c"]}) == (200, {"key": key, "name": "", "members": ["c"]})
    assert caller.delete(path) == (204, None)
    assert caller.get(path)[0] == caller.delete(path)[0] == 404
    assert set(Profile.objects.values_list("key", flat=True)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "required", "members"),
        ({"members": "a"}, "invalid", "members"),
        ({"members": [["a"]]}, "invalid", "members"),
        ({"members": [""]}, "required", "members"),
        ({"members": ["a"], "name": 3}, "invalid", "name"),
        ({"members": ["a"], "name": "x" * 201}, "too_long", "name"),
        ({"members": ["a"], "owner": "a"}, "unknown_field", "owner"),
        ({"members": [f"u{n}" for n in range(31)]}, "too_many_members", "members"),
        ([], "invalid", None),
    ],
)
def test_a_group_that_cannot_be_is_refused_by_name(caller: Caller, body: Any, code: str, field: str | None) -> None:
    status, answer = caller.call("PUT", "/groups/g", body)

    assert (status, read_error(answer)) == (400, (code, field, None))
    assert not ProfileGroup.objects.exists()
    assert not Profile.objects.exists()


def test_a_group_of_another_catalog_is_unknown(caller: Caller) -> None:
    other = make_caller(Catalog.objects.create(key="other", name="Other"), "ingest")
    other.call("PUT", "/groups/g", {"members": ["a"]})

    assert caller.get("/groups/g")[0] == caller.delete("/groups/g")[0] == 404
    assert caller.call("PUT", "/groups/g", {"members": []})[0] == 201
    assert other.get("/groups/g")[1]["members"] == ["a"]
