"""Items over the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Catalog, Item
from tests.catalog.api.callers import Caller, make_caller, read_error

pytestmark = pytest.mark.django_db

COUNTS = ("created", "updated", "unchanged", "superseded", "rejected")
ODD_KEYS = [
    "a/b",
    "/leading",
    "trailing/",
    "a//b",
    "with space",
    "100%",
    "a%2Fb",
    "?x=1&y#z",
    "红楼梦",
    "שלום",
    "🚀+&",
    "similar",
    "a/similar/b",
    "k" * 512,
]


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def caller(catalog: Catalog) -> Caller:
    return make_caller(catalog, "ingest")


def count(answer: Any) -> tuple[int, ...]:
    return tuple(answer[name] for name in COUNTS)


def test_one_item_is_written_and_read_back(caller: Caller) -> None:
    sent = {
        "key": "b-17",
        "title": "Dune",
        "text": "Sand.",
        "kind": "book",
        "url": "https://shop.example/b-17",
        "image_url": "/covers/17.jpg",
        "language": "en",
        "categories": ["science fiction"],
        "attributes": {"year": 1965, "prices": [1.5, None], "x": {"y": True}},
        "published_at": "2026-01-31T12:00:00Z",
        "available": False,
    }

    status, answer = caller.post("/items", sent)
    assert (status, count(answer)) == (200, (1, 0, 0, 0, 0))
    assert answer["rows"] == [{"index": 0, "status": "created", "key": "b-17"}]

    status, item = caller.get("/items/b-17")
    assert status == 200
    assert item.pop("created_at") == item.pop("updated_at")
    assert item == {**sent, "expires_at": None, "hidden": False}


def test_each_row_of_a_batch_has_its_status_and_good_rows_land(caller: Caller) -> None:
    caller.post("/items", [{"key": "same", "title": "Same"}, {"key": "changed", "title": "Old"}])

    status, answer = caller.post(
        "/items",
        [
            {"key": "new"},
            {"key": "same", "title": "Same"},
            {"key": "changed", "title": "New"},
            {"key": "twice", "title": "First"},
            {"key": "", "title": "No key", "colour": "red"},
            {"key": "twice", "title": "Last"},
            7,
        ],
    )

    assert (status, count(answer)) == (200, (2, 1, 1, 1, 2))
    assert [(row["index"], row["status"]) for row in answer["rows"]] == list(
        enumerate(["created", "unchanged", "updated", "superseded", "rejected", "created", "rejected"])
    )
    assert [(e["code"], e["field"]) for e in answer["rows"][4]["errors"]] == [
        ("required", "key"),
        ("unknown_field", "colour"),
    ]
    assert answer["rows"][6]["errors"] == [{"code": "invalid", "message": "a row must be an object", "field": None}]
    assert "error" not in answer
    assert caller.get("/items/twice")[1]["title"] == "Last"


def test_a_batch_of_bad_rows_alone_is_a_422_with_the_first_error_and_every_row(caller: Caller) -> None:
    status, answer = caller.post("/items", [{"key": "a", "expires_at": "soon"}, {}])

    assert (status, count(answer)) == (422, (0, 0, 0, 0, 2))
    assert read_error(answer) == ("invalid", "expires_at", 0)
    assert [row["errors"][0]["field"] for row in answer["rows"]] == ["expires_at", "key"]
    assert not Item.objects.exists()


def test_an_empty_batch_changes_nothing(caller: Caller) -> None:
    status, answer = caller.post("/items", [])

    assert (status, count(answer), answer["rows"]) == (200, (0, 0, 0, 0, 0), [])


def test_more_than_ten_thousand_rows_are_refused_whole(caller: Caller) -> None:
    status, answer = caller.post("/items", [{"key": str(number)} for number in range(10_001)])

    assert (status, read_error(answer)) == (413, ("too_many_rows", None, None))
    assert not Item.objects.exists()


def test_a_batch_costs_the_same_statements_whatever_its_size(caller: Caller) -> None:
    costs = []
    for size in (1, 500):
        with CaptureQueriesContext(connection) as captured:
            caller.post("/items", [{"key": f"{size}-{number}"} for number in range(size)])
        costs.append(len(captured))

    assert costs[0] == costs[1] <= 8


@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_key_works_in_a_path(caller: Caller, key: str) -> None:
    assert caller.post("/items", {"key": key, "title": "Odd"})[0] == 200

    assert caller.get(f"/items/{quote(key, safe='')}")[1]["key"] == key
    assert caller.get("/items", key=key)[1]["items"][0]["key"] == key
    assert caller.delete(f"/items/{quote(key, safe='')}") == (204, None)
    assert not Item.objects.exists()


def test_a_key_that_ends_like_another_route_is_read_and_deleted_by_parameter(caller: Caller) -> None:
    caller.post("/items", [{"key": "a/similar"}, {"key": "b"}])

    assert [item["key"] for item in caller.get("/items", key=["b", "a/similar", "none", "b"])[1]["items"]] == [
        "b",
        "a/similar",
    ]
    assert caller.delete("/items?key=a/similar&key=none") == (200, {"deleted": 1})
    assert [item.key for item in Item.objects.all()] == ["b"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_item_is_a_404(caller: Caller, method: str) -> None:
    status, answer = caller.call(method, "/items/nothing")

    assert (status, read_error(answer)) == (404, ("item_not_found", "key", None))


@pytest.mark.parametrize("key", ["%00", "%01", "k" * 513, "%20"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_cannot_be_a_key_is_a_400(caller: Caller, method: str, key: str) -> None:
    status, answer = caller.call(method, f"/items/{key}")

    assert (status, read_error(answer)[1]) == (400, "key")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("query", ["", "?key=", "?key=" + "&key=".join(map(str, range(501)))])
def test_no_keys_and_too_many_are_refused(caller: Caller, method: str, query: str) -> None:
    status, answer = caller.call(method, f"/items{query}")

    assert (status, read_error(answer)[1]) == (400, "key")


def test_a_key_of_one_catalog_never_reaches_the_rows_of_another(catalog: Catalog, caller: Caller) -> None:
    other = make_caller(Catalog.objects.create(key="other", name="Other"), "admin")
    caller.post("/items", [{"key": "shared", "title": "Ours"}, {"key": "ours"}])

    assert other.get("/items/shared")[0] == 404
    assert other.get("/items", key=["shared", "ours"])[1] == {"items": []}
    assert other.delete("/items/shared")[0] == 404
    assert other.delete("/items?key=ours")[1] == {"deleted": 0}
    assert other.post("/items", {"key": "shared", "title": "Theirs"})[1]["created"] == 1
    assert caller.get("/items/shared")[1]["title"] == "Ours"
    assert sorted(Item.objects.values_list("catalog__key", "key", "title")) == [
        ("other", "shared", "Theirs"),
        ("shop", "ours", ""),
        ("shop", "shared", "Ours"),
    ]


def test_a_catalog_named_in_a_row_is_an_unknown_field(caller: Caller) -> None:
    other = Catalog.objects.create(key="other", name="Other")

    status, answer = caller.post("/items", {"key": "a", "catalog_id": other.pk})

    assert (status, read_error(answer)) == (422, ("unknown_field", "catalog_id", 0))
    assert not Item.objects.exists()


def test_an_editors_hiding_stays_when_the_site_writes_again(caller: Caller) -> None:
    caller.post("/items", {"key": "a", "title": "x"})
    Item.objects.update(hidden=True)

    caller.post("/items", {"key": "a", "title": "y"})

    assert caller.get("/items/a")[1]["hidden"] is True
