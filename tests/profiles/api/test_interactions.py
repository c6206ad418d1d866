"""Interactions over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Catalog, Item
from profiles.models import Interaction, Profile
from tests.catalog.api.callers import Caller, make_caller, read_error

pytestmark = pytest.mark.django_db

COUNTS = ("created", "duplicate", "rejected")


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def caller(catalog: Catalog) -> Caller:
    caller = make_caller(catalog, "ingest")
    caller.post("/items", [{"key": "a"}, {"key": "b/c d"}])
    return caller


def count(answer: Any) -> tuple[int, ...]:
    return tuple(answer[name] for name in COUNTS)


def show_statuses(answer: Any) -> list[str]:
    assert [row["index"] for row in answer["rows"]] == list(range(len(answer["rows"])))
    return [row["status"] for row in answer["rows"]]


def test_one_interaction_is_recorded_with_all_it_says(caller: Caller) -> None:
    status, answer = caller.post(
        "/interactions",
        {
            "interaction_id": "i-1",
            "user_id": "u 1",
            "item": "b/c d",
            "kind": "rating",
            "value": 4.5,
            "occurred_at": "2026-01-31T13:00:00+01:00",
            "context": {"page": "/x"},
            "recommendation_id": "0197c6a0-5f0e-7c4b-9a55-0d6f8a4be001",
            "position": 3,
        },
    )

    assert (status, count(answer), show_statuses(answer)) == (200, (1, 0, 0), ["created"])
    stored = Interaction.objects.select_related("profile", "item").get()
    assert (stored.profile.key, stored.item and stored.item.key) == ("u 1", "b/c d")
    assert (stored.kind, stored.value, stored.key, stored.position) == ("rating", 4.5, "i-1", 3)
    assert stored.occurred_at.isoformat() == "2026-01-31T12:00:00+00:00"
    assert (stored.context, str(stored.recommendation_id)) == ({"page": "/x"}, "0197c6a0-5f0e-7c4b-9a55-0d6f8a4be001")


def test_each_row_of_a_batch_has_its_status_and_good_rows_land(caller: Caller) -> None:
    caller.post("/interactions", {"interaction_id": "old", "user_id": "u", "item": "a", "kind": "view"})
    future = (timezone.now() + timedelta(hours=1)).isoformat()

    status, answer = caller.post(
        "/interactions",
        [
            {"interaction_id": "old", "user_id": "u", "item": "a", "kind": "view"},
            {"interaction_id": "new", "user_id": "u", "item": "a", "kind": "view"},
            {"user_id": "u", "item": "a", "kind": "juggle"},
            {"user_id": "u", "item": "nothing", "kind": "view"},
            {"interaction_id": "new", "user_id": "u", "item": "b/c d", "kind": "like"},
            {"user_id": "v", "item": "a", "kind": "view", "occurred_at": future},
            [],
            {"user_id": "v", "kind": "search", "query": "dune"},
            {"user_id": "v", "item": "a", "kind": "rating", "value": "NaN"},
        ],
    )

    assert (status, count(answer)) == (200, (2, 2, 5))
    assert show_statuses(answer) == [
        "duplicate",
        "created",
        "rejected",
        "rejected",
        "duplicate",
        "rejected",
        "rejected",
        "created",
        "rejected",
    ]
    errors = {
        row["index"]: (row["errors"][0]["code"], row["errors"][0]["field"]) for row in answer["rows"] if "errors" in row
    }
    assert errors == {
        2: ("unknown_kind", "kind"),
        3: ("unknown_item", "item"),
        5: ("future", "occurred_at"),
        6: ("invalid", None),
        8: ("invalid", "value"),
    }
    assert Interaction.objects.count() == 3


def test_the_same_batch_again_changes_nothing_and_says_so(caller: Caller) -> None:
    batch = [{"interaction_id": f"i-{n}", "user_id": f"u{n % 3}", "item": "a", "kind": "view"} for n in range(50)]
    first = caller.post("/interactions", batch)[1]
    before = list(Interaction.objects.order_by("pk").values())

    again = caller.post("/interactions", batch)[1]

    assert (count(first), count(again)) == ((50, 0, 0), (0, 50, 0))
    assert set(show_statuses(again)) == {"duplicate"}
    assert list(Interaction.objects.order_by("pk").values()) == before


def test_rows_that_are_all_refused_are_a_422(caller: Caller) -> None:
    status, answer = caller.post("/interactions", [{"user_id": "u", "item": "nothing", "kind": "view"}])

    assert (status, count(answer), read_error(answer)) == (422, (0, 0, 1), ("unknown_item", "item", 0))
    assert not Interaction.objects.exists()


def test_duplicates_alone_are_no_error(caller: Caller) -> None:
    row = {"interaction_id": "i", "user_id": "u", "item": "a", "kind": "view"}
    caller.post("/interactions", row)

    assert caller.post("/interactions", row)[0] == 200


def test_an_unknown_item_is_created_on_demand(caller: Caller) -> None:
    row = {"user_id": "u", "item": "later", "kind": "view"}

    assert caller.post("/interactions?on_unknown=reject", row)[0] == 422
    assert caller.post("/interactions?on_unknown=create", row)[0] == 200
    assert Item.objects.filter(key="later").count() == 1


def test_another_way_with_unknown_items_is_refused(caller: Caller) -> None:
    status, answer = caller.post("/interactions?on_unknown=hold", {})

    assert (status, read_error(answer)) == (400, ("invalid", "on_unknown", None))


def test_a_batch_costs_the_same_statements_whatever_its_size(caller: Caller) -> None:
    costs = []
    for size in (1, 500):
        with CaptureQueriesContext(connection) as captured:
            caller.post(
                "/interactions",
                [
                    {"interaction_id": f"{size}-{n}", "user_id": f"u{n}", "item": "a", "kind": "view"}
                    for n in range(size)
                ],
            )
        costs.append(len(captured))

    assert costs[0] == costs[1] <= 14


def test_a_publishable_key_records_for_one_visitor_and_creates_nothing(catalog: Catalog, caller: Caller) -> None:
    public = make_caller(catalog, "publishable")
    view = {"item": "a", "kind": "view"}

    assert public.post("/interactions", [{"user_id": "u", **view}, {"user_id": "u", **view}])[0] == 200
    for path, rows, field in (
        ("/interactions", [{"user_id": "u", **view}, {"user_id": "v", **view}], "user_id"),
        ("/interactions?on_unknown=create", [{"user_id": "u", "item": "new", "kind": "view"}], "on_unknown"),
    ):
        status, answer = public.post(path, rows)
        assert (status, read_error(answer)[1]) == (403, field)
    assert Interaction.objects.count() == 2
    assert Item.objects.count() == 2


def test_a_key_of_one_catalog_never_writes_to_another(catalog: Catalog, caller: Caller) -> None:
    other = make_caller(Catalog.objects.create(key="other", name="Other"))
    row = {"interaction_id": "i", "user_id": "u", "item": "a", "kind": "view"}
    caller.post("/interactions", row)

    status, answer = other.post("/interactions", row)
    assert (status, read_error(answer)) == (422, ("unknown_item", "item", 0))
    other.post("/items", {"key": "a"})
    assert count(other.post("/interactions", row)[1]) == (1, 0, 0)

    rows = Interaction.objects.values_list("catalog__key", "profile__catalog__key", "item__catalog__key", "key")
    assert sorted(rows) == [("other", "other", "other", "i"), ("shop", "shop", "shop", "i")]
    assert sorted(Profile.objects.values_list("catalog__key", "key")) == [("other", "u"), ("shop", "u")]
