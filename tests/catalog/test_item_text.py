"""What encoders read of an item, and when its digest changes."""

import uuid
from typing import Any

import pytest

from catalog.item_text import compose_text, digest_text

BOOK: dict[str, Any] = {
    "title": "红楼梦",
    "text": "A family's rise and fall.",
    "categories": ("fiction", "classics"),
    "attributes": {"year": 1791, "authors": ["Cao Xueqin", "Gao E"], "price": 9.5, "binding": "paperback"},
}


def test_title_categories_attributes_by_name_and_text_in_this_order() -> None:
    assert compose_text(**BOOK) == "红楼梦\nfiction, classics\nCao Xueqin, Gao E\npaperback\nA family's rise and fall."


def test_only_chosen_attributes_are_read_whatever_their_order() -> None:
    chosen = compose_text(**BOOK, embedded_attributes=["binding"])
    assert chosen == "红楼梦\nfiction, classics\npaperback\nA family's rise and fall."
    both = [
        compose_text(**BOOK, embedded_attributes=names) for names in (["binding", "authors"], ["authors", "binding"])
    ]
    assert both == [compose_text(**BOOK)] * 2


@pytest.mark.parametrize("chosen", [None, [], ()])
def test_an_empty_choice_means_every_attribute(chosen: Any) -> None:
    assert compose_text(**BOOK, embedded_attributes=chosen) == compose_text(**BOOK)


def test_a_chosen_attribute_that_the_item_lacks_or_that_is_a_number_adds_nothing() -> None:
    assert compose_text(title="a", attributes={"year": 1}, embedded_attributes=["year", "colour"]) == "a"


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"title": "红楼夢"}, True),
        ({"text": "Another blurb."}, True),
        ({"categories": ("fiction",)}, True),
        ({"attributes": {**BOOK["attributes"], "binding": "cloth"}}, True),
        ({"attributes": {**BOOK["attributes"], "price": 12, "in_stock": False}}, False),
        ({"attributes": dict(reversed(BOOK["attributes"].items()))}, False),
        ({"title": " 红楼梦\n"}, False),
    ],
    ids=["title", "text", "categories", "attribute", "price", "order of attributes", "outer spaces"],
)
def test_digest_changes_with_what_encoders_read_and_with_nothing_else(change: dict[str, Any], differs: bool) -> None:
    before, after = (digest_text(compose_text(**row)) for row in (BOOK, BOOK | change))
    assert (before != after) is differs


def test_digest_is_the_same_in_every_process() -> None:
    assert digest_text("red shoes") == uuid.UUID("7b5c9b06-89a0-5c27-e9bd-422bcbbd08e3")


def test_text_moved_from_title_to_text_of_an_item_without_anything_else_reads_alike() -> None:
    assert compose_text(title="a", text="") == compose_text(title="", text="a") == "a"


@pytest.mark.parametrize("odd", [None, 3.5, True, {"a": "b"}, [None, 7, ["nested"]], object(), float("nan")])
def test_odd_values_never_raise(odd: Any) -> None:
    composed = compose_text(title=odd, text=odd, categories=odd, attributes={"a": odd, "b": "kept", 3: "not a name"})
    assert "kept" in composed
    assert "nested" not in composed
    assert compose_text(title="kept", attributes=odd if not isinstance(odd, dict) else None) == "kept"
    assert isinstance(digest_text(composed), uuid.UUID)


def test_a_title_that_is_a_number_is_read() -> None:
    assert compose_text(title=1984) == "1984"


def test_a_lone_surrogate_has_a_digest() -> None:
    assert digest_text("\ud83d") != digest_text("")
