"""Interaction rows: what is taken, what is refused and why."""

import math
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from catalog.importers import importers
from catalog.importers.columns import FIELDS
from catalog.records import RowError, SourceRow
from profiles.interaction_rows import INTERACTION_FIELDS, check_interaction_row, derive_interaction_id
from profiles.records import InteractionRecord

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KINDS = {"view", "rating", "search"}


def check(**fields: Any) -> InteractionRecord | tuple[RowError, ...]:
    return check_interaction_row(
        SourceRow(3, {"user_id": "u", "kind": "view", "item": "i", **fields}), now=NOW, kinds=KINDS
    )


def take(**fields: Any) -> InteractionRecord:
    checked = check(**fields)
    assert isinstance(checked, InteractionRecord), checked
    return checked


def refuse(**fields: Any) -> RowError:
    checked = check(**fields)
    assert isinstance(checked, tuple), checked
    (error,) = checked
    assert error.line == 3
    return error


def test_importers_and_checks_agree_on_the_fields() -> None:
    assert FIELDS["interactions"] == INTERACTION_FIELDS


def test_without_a_time_it_happened_now_and_has_no_id() -> None:
    assert check() == InteractionRecord(user_id="u", kind="view", item="i", occurred_at=NOW)


def test_a_full_row_becomes_a_record() -> None:
    record = take(
        interaction_id="evt/1 ü",
        user_id=42,
        item="a/b c",
        kind="rating",
        value="4.5",
        occurred_at="2026-04-30 10:00:00",
        query="  two\n words ",
        context={"device": "phone"},
        recommendation_id="6f1d9c1e-3a55-4f57-9f0e-2d9f4d1c7e11",
        position="3",
    )
    assert record == InteractionRecord(
        interaction_id="evt/1 ü",
        user_id="42",
        item="a/b c",
        kind="rating",
        value=4.5,
        occurred_at=datetime(2026, 4, 30, 10, tzinfo=UTC),
        query="two words",
        context={"device": "phone"},
        recommendation_id=UUID("6f1d9c1e-3a55-4f57-9f0e-2d9f4d1c7e11"),
        position=3,
    )


@pytest.mark.parametrize(
    "value",
    [
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1_000",
        "",
        "five",
        math.nan,
        math.inf,
        -math.inf,
        True,
        [5],
        10**400,
        2e9,
        "1e400",
    ],
)
def test_values_refused(value: Any) -> None:
    error = refuse(kind="rating", value=value)
    assert error.field == "value"
    assert len(error.reason) < 120


@pytest.mark.parametrize(("given", "value"), [(0, 0.0), ("-1", -1.0), (" 3.50 ", 3.5), (".5", 0.5), ("1e3", 1000.0)])
def test_values_taken(given: Any, value: float) -> None:
    assert take(kind="rating", value=given).value == value


def test_a_rating_needs_a_value() -> None:
    assert refuse(kind="rating") == RowError(3, "value", "required for kind 'rating'", "required")


def test_a_search_needs_a_query_and_no_item() -> None:
    assert take(kind="search", item=None, query="dragons").item is None
    assert refuse(kind="search", item=None) == RowError(3, "query", "required for kind 'search'", "required")
    assert refuse(kind="search", item=None, query="  ").field == "query"


def test_any_other_kind_needs_an_item() -> None:
    assert refuse(item=None) == RowError(3, "item", "required for kind 'view'", "required")
    assert refuse(item="") == RowError(3, "item", "empty", "required")


def test_user_and_kind_are_required() -> None:
    checked = check_interaction_row(SourceRow(1, {}), now=NOW, kinds=KINDS)
    assert checked == (RowError(1, "user_id", "required", "required"), RowError(1, "kind", "required", "required"))


def test_an_unknown_kind_and_an_unknown_field_are_named() -> None:
    assert refuse(kind="stare").reason == "'stare' is not known (known: rating, search, view)"
    assert refuse(kind="stare").code == "unknown_kind"
    assert refuse(rating=5).code == "unknown_field"


def test_five_minutes_ahead_is_taken_and_a_second_more_is_the_future() -> None:
    assert take(occurred_at=NOW + timedelta(minutes=5)).occurred_at == NOW + timedelta(minutes=5)
    error = refuse(occurred_at=NOW + timedelta(minutes=5, seconds=1))
    assert (error.field, error.code) == ("occurred_at", "future")


def test_however_late_a_row_comes_it_keeps_its_own_time() -> None:
    assert take(occurred_at="1999-12-31").occurred_at == datetime(1999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("given", ["31/12/1999", "soon", "", "2024-02-30"])
def test_times_refused(given: str) -> None:
    assert refuse(occurred_at=given).field == "occurred_at"


def test_a_row_with_a_time_and_no_id_gets_the_same_id_every_time() -> None:
    first = take(occurred_at="2026-04-01T00:00:00Z")
    again = take(occurred_at="2026-04-01 02:00:00+02:00")
    assert first.interaction_id == again.interaction_id == derive_interaction_id(first)
    assert first.interaction_id is not None
    assert first.interaction_id.startswith("auto-")
    assert len(first.interaction_id) == 37


@pytest.mark.parametrize(
    "other",
    [
        {"user_id": "v"},
        {"item": "j"},
        {"kind": "rating", "value": 1},
        {"occurred_at": "2026-04-01T00:00:01Z"},
        {"value": 0},
        {"query": "q"},
        {"user_id": "ui", "item": "i"},
    ],
)
def test_derived_ids_differ_where_the_rows_do(other: dict[str, Any]) -> None:
    ids = {
        take(**{"occurred_at": "2026-04-01T00:00:00Z", **fields}).interaction_id for fields in ({}, {"value": 5}, other)
    }
    assert len(ids) == 3


def test_a_given_id_is_kept() -> None:
    assert take(occurred_at="2026-04-01", interaction_id="mine").interaction_id == "mine"
    assert refuse(interaction_id="x" * 129).code == "too_long"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recommendation_id", "nonsense"),
        ("recommendation_id", 5),
        ("position", -1),
        ("position", 1.5),
        ("position", 40_000),
        ("context", []),
        ("context", {"a": math.nan}),
        ("query", "a\x00b"),
        ("user_id", "x" * 513),
        ("user_id", "a\x1bb"),
    ],
)
def test_other_fields_refused(field: str, value: Any) -> None:
    assert refuse(**{field: value}).field == field


@pytest.mark.shared_data
@pytest.mark.parametrize("folder", ["ml-100k", "goodbooks-10k"])
def test_real_ratings_are_all_taken_and_no_two_share_an_id(shared_data: Path, folder: str) -> None:
    component = importers.get("movielens" if folder == "ml-100k" else "goodbooks")
    rows = component(component.Options()).read_rows(shared_data / folder, "interactions")
    ids = set()
    for row in islice(rows, 100_000):
        assert isinstance(row, SourceRow)
        record = check_interaction_row(row, now=NOW, kinds=KINDS)
        assert isinstance(record, InteractionRecord)
        ids.add(record.interaction_id)
    assert len(ids) == 100_000
