"""The commands `recommend` and `similar`, and how a slate looks in a terminal."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from recommender.management.commands._slates import print_slate
from recommender.models import Recommendation
from recommender.records import Reason, Slate, SlateEntry
from tests.recommender.worlds import make_placement, make_world, publish_scores

LONG_TITLE = "Unbroken: A World War II Story of Survival, Resilience, and Redemption"


def make_slate(title: str, *, reason: str = "Popular with many", exhausted: bool = False) -> Slate:
    entry = SlateEntry(
        item_id=1,
        key="k",
        kind="book",
        title=title,
        url="",
        image_url="",
        categories=(),
        attributes={},
        score=0.5,
        sources=("similar_items", "co_visitation"),
        reason=Reason("popular", reason),
    )
    return Slate(entries=(entry,), requested=2, exhausted=exhausted, milliseconds=1.25, timings={})


def show(slate: Slate, *, width: int = 80, heading: str = "somebody") -> str:
    console = Console(file=StringIO(), width=width)
    print_slate(console, slate, heading=heading)
    return console.file.getvalue()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, "--catalog", "shop", stdout=out)
    return out.getvalue()


def test_a_long_title_leaves_room_for_the_other_columns() -> None:
    words = show(make_slate(LONG_TITLE)).split()
    assert {"Unbroken:", "Redemption", "0.5000", "similar_items,", "co_visitation", "Popular", "many"} <= set(words)


@pytest.mark.parametrize("title", ["[/b] closed", "[red]not a colour[/red]", "\\[x]", "红楼梦", "עברית 🎉"])
def test_titles_reasons_and_headings_are_shown_as_they_are(title: str) -> None:
    shown = show(make_slate(title, reason=f"Like {title}"), heading=title, width=200)
    assert shown.count(title) == 3


def test_a_slate_that_holds_all_there_is_says_so() -> None:
    assert show(make_slate("x", exhausted=True)).endswith("1 of 2: no further item is eligible\n")


@pytest.mark.django_db
def test_json_holds_items_scores_sources_reasons_and_timing() -> None:
    world = make_world("a", "b")
    publish_scores(world, "popular", {"b": 2.0, "a": 1.0})
    make_placement(world, ("scores", "popular", 1.0))
    document = json.loads(run("recommend", "nobody", "--json"))
    assert [item["key"] for item in document["items"]] == ["b", "a"]
    assert [item["sources"] for item in document["items"]] == [["popular"], ["popular"]]
    assert {item["reason"]["code"] for item in document["items"]} == {"popular"}
    assert document["items"][0]["score"] > document["items"][1]["score"] > 0
    assert document["took_ms"] > 0
    assert document["recommendation_id"] == str(Recommendation.objects.get().pk)


@pytest.mark.django_db
@pytest.mark.parametrize("n", ["0", "-1", "100000"])
@pytest.mark.parametrize("command", [("recommend", "nobody"), ("similar", "a")])
def test_impossible_sizes_are_one_line(command: tuple[str, str], n: str) -> None:
    make_placement(make_world("a"))
    with pytest.raises(CommandError, match=f"^n: must be from 1 to 1000, not {n}$"):
        run(*command, "-n", n)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("similar", "nosuch"), "item: no item 'nosuch'"),
        (("recommend", "x", "--placement", "nosuch"), "placement: no placement 'nosuch'"),
    ],
)
def test_unknown_things_are_one_line(arguments: tuple[str, ...], message: str) -> None:
    make_placement(make_world("a"))
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert str(caught.value) == message


@pytest.mark.django_db
def test_an_empty_catalogue_has_an_empty_slate() -> None:
    make_placement(make_world())
    document = json.loads(run("recommend", "nobody", "--json"))
    assert (document["items"], document["exhausted"]) == ([], True)
