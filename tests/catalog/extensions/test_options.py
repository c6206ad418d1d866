"""Options: plain JSON values in, one frozen dataclass out, and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from catalog.extensions import OptionError, OptionField, describe_options, dump_options, load_options


@dataclass(frozen=True, slots=True)
class Everything:
    """Every type that an option may have."""

    size: int
    ratio: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0, "help": "How much."})
    exact: bool = False
    name: str = "x"
    fields: tuple[str, ...] = ("title", "text")
    metric: Literal["cosine", "inner_product"] = "cosine"
    limit: int | None = field(default=None, metadata={"minimum": 1})
    half_life: float | None = None
    label: str | None = "none"
    quotes: bool | None = None
    columns: tuple[str, ...] | None = None
    pooling: Literal["mean", "cls"] | None = None
    made: tuple[str, ...] = field(default_factory=lambda: ("a",))


@dataclass(frozen=True, slots=True)
class Nothing:
    """A component with nothing to set."""


def load(**values: Any) -> Everything:
    return load_options(Everything, {"size": 3, **values})


def test_what_is_left_out_takes_its_default() -> None:
    assert load() == Everything(size=3)
    assert load().made == ("a",)


@pytest.mark.parametrize(
    ("name", "value", "loaded"),
    [
        ("size", 7, 7),
        ("ratio", 0.25, 0.25),
        ("ratio", 1, 1.0),
        ("exact", True, True),
        ("name", "", ""),
        ("name", "红楼梦", "红楼梦"),
        ("fields", ["title"], ("title",)),
        ("fields", [], ()),
        ("fields", ("a", "b"), ("a", "b")),
        ("metric", "inner_product", "inner_product"),
        ("limit", 5, 5),
        ("limit", None, None),
        ("half_life", 3, 3.0),
        ("half_life", None, None),
        ("label", None, None),
        ("quotes", False, False),
        ("quotes", None, None),
        ("columns", ["b"], ("b",)),
        ("columns", None, None),
        ("pooling", "cls", "cls"),
        ("pooling", None, None),
    ],
)
def test_a_value_of_the_right_type_is_taken(name: str, value: Any, loaded: Any) -> None:
    taken = getattr(load(**{name: value}), name)
    assert taken == loaded
    assert type(taken) is type(loaded)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", True),
        ("size", 1.0),
        ("size", "1"),
        ("size", None),
        ("size", [1]),
        ("ratio", True),
        ("ratio", "0.5"),
        ("ratio", None),
        ("ratio", math.nan),
        ("ratio", math.inf),
        pytest.param("ratio", 10**400, id="ratio-huge"),
        ("half_life", -math.inf),
        ("exact", 1),
        ("exact", "true"),
        ("exact", None),
        ("name", 1),
        ("name", b"x"),
        ("name", None),
        ("fields", "title"),
        ("fields", ["title", 1]),
        ("fields", {"title": 1}),
        ("fields", None),
        ("metric", "euclid"),
        ("metric", ["cosine"]),
        ("metric", None),
        ("limit", True),
        ("limit", 1.5),
        ("columns", [None]),
        ("pooling", "max"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(OptionError) as refusal:
        load(**{name: value})
    assert refusal.value.field == name
    assert str(refusal.value) == f"option {name!r}: {refusal.value.reason}"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ratio", -0.01, "must be at least 0.0, not -0.01"),
        ("ratio", 1.01, "must be at most 1.0, not 1.01"),
        ("limit", 0, "must be at least 1, not 0"),
    ],
)
def test_a_value_out_of_bounds_is_refused(name: str, value: float, reason: str) -> None:
    with pytest.raises(OptionError) as refusal:
        load(**{name: value})
    assert (refusal.value.field, refusal.value.reason) == (name, reason)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_bounds_themselves_are_inside(value: float) -> None:
    assert load(ratio=value).ratio == value


def test_an_unknown_option_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(OptionError, match=r"'sise': unknown \(known: size, ratio, exact, "):
        load(sise=4)
    with pytest.raises(OptionError, match=r"'size': unknown \(known: none\)"):
        load_options(Nothing, {"size": 1})


def test_a_missing_required_option_is_named() -> None:
    with pytest.raises(OptionError) as refusal:
        load_options(Everything, {})
    assert (refusal.value.field, refusal.value.reason) == ("size", "required")


def test_a_wrong_choice_names_the_choices() -> None:
    with pytest.raises(OptionError, match="must be one of cosine, inner_product, not 'euclid'"):
        load(metric="euclid")


def test_options_survive_json() -> None:
    for options in (
        load(),
        load(ratio=1, exact=True, fields=[], limit=9, half_life=0.1, columns=["a", "b"], pooling="mean", made=[]),
    ):
        dumped = dump_options(options)
        assert load_options(Everything, json.loads(json.dumps(dumped))) == options
        assert list(dumped) == [described.name for described in describe_options(Everything)]
    assert dump_options(Nothing()) == {}
    assert load_options(Nothing, {}) == Nothing()


def test_a_form_learns_everything_about_a_field() -> None:
    described = {entry.name: entry for entry in describe_options(Everything)}
    assert described["size"] == OptionField("size", "int", True, None, "", (), False)
    assert described["ratio"] == OptionField("ratio", "float", False, 0.5, "How much.", (), False)
    assert described["exact"] == OptionField("exact", "bool", False, False, "", (), False)
    assert described["fields"] == OptionField("fields", "list", False, ["title", "text"], "", (), False)
    assert described["made"].default == ["a"]
    choices = ("cosine", "inner_product")
    assert described["metric"] == OptionField("metric", "choice", False, "cosine", "", choices, False)
    assert described["label"] == OptionField("label", "str", False, "none", "", (), True)
    assert described["pooling"] == OptionField("pooling", "choice", False, None, "", ("mean", "cls"), True)
    assert [name for name, entry in described.items() if entry.optional] == [
        *("limit", "half_life", "label", "quotes", "columns", "pooling")
    ]
