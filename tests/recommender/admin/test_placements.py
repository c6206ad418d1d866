"""Placements in the admin: what they take is checked, and the preview shows what would be served."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from recommender.models import Placement, PlacementStrategy, Recommendation
from recommender.services.recommendations import recommend
from tests.editors import read_text
from tests.recommender.worlds import World, act, make_placement, make_profile, make_world, publish_scores

PREVIEW = "/admin/recommender/placement/preview/"


@pytest.fixture
def world(db: None) -> World:
    world = make_world("a", "b", "c", "d", "e")
    publish_scores(world, "popular", {"a": 5, "b": 4, "c": 3, "d": 2, "e": 1})
    publish_scores(world, "newest", {"e": 5, "d": 4, "c": 3, "b": 2, "a": 1})
    return world


@pytest.fixture
def home(world: World) -> Placement:
    return make_placement(world, ("scores", "popular", 1.0))


def fields(home: Placement, **changed: Any) -> dict[str, Any]:
    strategy = home.strategies.get()
    return {
        "name": "Home", "size": 3, "diversity": "0.25", "filters": "{}", "exclude_seen": "on",
        "ranker": "reciprocal_rank", "ranker_options": "{}", "reranker": "", "reranker_options": "{}",
        "widget": "grid", "widget_options": "{}",
        "strategies-TOTAL_FORMS": 1, "strategies-INITIAL_FORMS": 1, "strategies-0-id": strategy.pk,
        "strategies-0-placement": home.pk, "strategies-0-reader": "scores", "strategies-0-source": "popular",
        "strategies-0-weight": "1", "strategies-0-position": "0", **changed,
    }  # fmt: skip


def page(home: Placement) -> str:
    return reverse("admin:recommender_placement_change", args=[home.pk])


def entries(answer: Any) -> list[str]:
    return [row["entry"].key for row in answer.context["entries"]]


def test_a_placement_is_edited(editor: Client, home: Placement):
    answer = editor.post(page(home), fields(home, filters='{"kind__in": ["item"]}'))
    assert answer.status_code == 302
    home.refresh_from_db()
    assert (home.name, home.size, home.diversity, home.reranker) == ("Home", 3, 0.25, "")
    assert home.filters == {"kind__in": ["item"]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"filters": '{"password": 1}'}, "password: unknown column"),
        ({"filters": '{"published_at__gte": "soon"}'}, "published_at__gte: must be a date"),
        ({"filters": "[]"}, "Write a JSON object"),
        ({"ranker_options": '{"k": "x"}'}, "k: must be of type"),
        ({"widget_options": '{"colour": "red"}'}, "colour: unknown"),
        ({"ranker": "magic"}, "Select a valid choice"),
        ({"diversity": "1.5"}, "less than or equal to 1"),
        ({"size": "101"}, "less than or equal to 100"),
        ({"strategies-0-weight": "0"}, "A weight is above 0"),
    ],
)
def test_bad_input_is_refused_with_a_reason(editor: Client, home: Placement, changed: dict[str, str], said: str):
    answer = editor.post(page(home), fields(home, **changed))
    assert answer.status_code == 200
    assert said in read_text(answer)
    home.refresh_from_db()
    assert (home.name, home.size) == ("home", 5)


def test_a_component_that_is_no_longer_installed_stays_and_is_marked(editor: Client, home: Placement):
    Placement.objects.filter(pk=home.pk).update(widget="carousel")
    assert "carousel (not installed)" in read_text(editor.get(page(home)))


def test_the_preview_is_what_would_be_served(editor: Client, world: World, home: Placement):
    ada = make_profile(world)
    act(world, ada, "a")
    answer = editor.get(PREVIEW, {"placement": home.pk, "profile": "ada", "n": 3})
    served = recommend(world.catalog.pk, placement="home", user_id="ada", n=3, log=False)
    assert entries(answer) == [entry.key for entry in served.entries] == ["b", "c", "d"]
    assert "3 of 3 entries in" in read_text(answer)
    assert Recommendation.objects.count() == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"item": "nothing"}, "no item 'nothing'"),
        ({"n": "0"}, "greater than or equal to 1"),
        ({"n": "100000"}, "less than or equal to 1000"),
        ({"diversity": "2"}, "less than or equal to 1"),
        ({"diversity": "nan"}, "Enter a number"),
    ],
)
def test_a_preview_that_cannot_be_shown_says_why(editor: Client, home: Placement, query: dict[str, str], said: str):
    assert said in read_text(editor.get(PREVIEW, {"placement": home.pk, **query}))


def test_a_preview_for_a_stranger_or_of_nothing_is_shown(editor: Client, world: World, home: Placement):
    assert entries(editor.get(PREVIEW, {"placement": home.pk, "profile": "nobody"})) == ["a", "b", "c", "d", "e"]
    Placement.objects.all().delete()
    assert "There is no placement yet." in read_text(editor.get(PREVIEW))


def test_the_draft_shows_what_is_in_the_form_and_keeps_nothing(editor: Client, home: Placement):
    url = f"/admin/recommender/placement/{home.pk}/draft/"
    answer = editor.post(url, fields(home, size=2, **{"strategies-0-source": "newest", "preview-profile": ""}))
    assert entries(answer) == ["e", "d"]
    home.refresh_from_db()
    assert (home.size, PlacementStrategy.objects.get().source) == (5, "popular")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"filters": '{"x": 1}'}, "Filters: x: unknown column"),
        ({"strategies-0-weight": "-1"}, "Weight"),
        ({"preview-item": "none"}, "no item 'none'"),
    ],
)
def test_a_draft_with_errors_names_the_first(editor: Client, home: Placement, changed: dict[str, str], said: str):
    answer = editor.post(f"/admin/recommender/placement/{home.pk}/draft/", fields(home, **changed))
    assert said in read_text(answer)


def test_a_draft_is_not_asked_for_by_get(editor: Client, home: Placement):
    assert editor.get(f"/admin/recommender/placement/{home.pk}/draft/").status_code == 403
