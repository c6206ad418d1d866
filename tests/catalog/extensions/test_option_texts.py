"""Options from a command line: texts in, plain values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from catalog.extensions import OptionError, load_options, read_option_texts


@dataclass(frozen=True)
class Options:
    mapping: tuple[str, ...] = ()
    quotes: bool = True
    depth: int = 1
    share: float = 0.5
    name: str = "x"
    mode: Literal["fast", "slow"] = "fast"
    most: int | None = 3


def load(*texts: str) -> Options:
    return load_options(Options, read_option_texts(Options, texts))


def test_every_type_is_read_from_text():
    texts = ["quotes=no", "depth=-4", "share=1e-3", "name=a=b ", "mode=slow", "most=None"]
    assert load(*texts) == Options((), False, -4, 0.001, "a=b ", "slow", None)


def test_a_list_is_given_entry_by_entry():
    assert load("mapping=title=Name", "mapping=key=ID, the one").mapping == ("title=Name", "key=ID, the one")


def test_nothing_given_is_the_defaults():
    assert load() == Options()


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        (["quotes"], "quotes"),
        (["quotes=maybe"], "quotes"),
        (["depth=1.5"], "depth"),
        (["share=nan"], "share"),
        (["share=lots"], "share"),
        (["mode=medium"], "mode"),
        (["depth=none"], "depth"),
        (["depth=1", "depth=1"], "depth"),
        (["colour=red"], "colour"),
        (["=1"], ""),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_option(texts, field):
    with pytest.raises(OptionError) as caught:
        load(*texts)
    assert caught.value.field == field


@pytest.mark.parametrize(("text", "value"), [("true", True), ("ON", True), ("1", True), ("no", False), ("0", False)])
def test_yes_and_no_have_many_spellings(text: str, value: bool) -> None:
    assert read_option_texts(Options, [f"quotes={text}"]) == {"quotes": value}
