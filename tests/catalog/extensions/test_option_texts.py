"""Options from a command line: texts in, plain values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from catalog.extensions import OptionError, load_options, read_option_texts


@dataclass(frozen=True, slots=True)
class Options:
    """One option of each type."""

    size: int = 1
    ratio: float = 0.5
    exact: bool = False
    name: str = ""
    limit: int | None = 3
    mapping: tuple[str, ...] = ()
    metric: Literal["cosine", "inner_product"] = "cosine"


def test_texts_become_values_of_their_types() -> None:
    texts = ["size=7", "ratio=1e-2", "exact=Yes", "name=a=b", "limit=none", "mapping=x=y", "mapping=z", "metric=cosine"]
    values = read_option_texts(Options, texts)
    assert values == {
        "size": 7,
        "ratio": 0.01,
        "exact": True,
        "name": "a=b",
        "limit": None,
        "mapping": ["x=y", "z"],
        "metric": "cosine",
    }
    assert load_options(Options, values) == Options(7, 0.01, True, "a=b", None, ("x=y", "z"))


@pytest.mark.parametrize(("text", "value"), [("true", True), ("ON", True), ("1", True), ("no", False), ("0", False)])
def test_yes_and_no_have_many_spellings(text: str, value: bool) -> None:
    assert read_option_texts(Options, [f"exact={text}"]) == {"exact": value}


@pytest.mark.parametrize(
    ("texts", "field", "reason"),
    [
        (["size"], "size", "write name=value"),
        (["size=1", "size=2"], "size", "given twice"),
        (["size=one"], "size", "must be a number, not 'one'"),
        (["size=1.5"], "size", "must be a number, not '1.5'"),
        (["ratio="], "ratio", "must be a number, not ''"),
        (["size=none"], "size", "must be a number, not 'none'"),
        (["exact=maybe"], "exact", "must be true or false, not 'maybe'"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_by_name(texts: list[str], field: str, reason: str) -> None:
    with pytest.raises(OptionError) as refusal:
        read_option_texts(Options, texts)
    assert (refusal.value.field, refusal.value.reason) == (field, reason)


@pytest.mark.parametrize("texts", [["sise=1"], ["metric=euclid"], ["ratio=nan"]])
def test_what_only_loading_can_refuse_is_passed_on_to_it(texts: list[str]) -> None:
    values: dict[str, Any] = read_option_texts(Options, texts)
    with pytest.raises(OptionError):
        load_options(Options, values)


def test_no_texts_are_no_options() -> None:
    assert read_option_texts(Options, []) == {}
