"""The demo site's pages as HTTP answers: who may see what, what is refused, what it costs."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver
from pytest_django import DjangoAssertNumQueries

from profiles.models import Profile
from recommender.services.placements import create_first_placements
from tests.recommender.worlds import World, act, make_profile, make_world, publish_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings: Any) -> World:
    world = make_world("a", "b/c d", "hidden", catalog=settings.RECSITE_DEFAULT_CATALOG)
    for key, item in world.items.items():
        item.url = f"/demo/items/{key}"
        item.hidden = key == "hidden"
        item.save()
    publish_scores(world, "popular", {"a": 2.0, "b/c d": 1.0, "hidden": 3.0})
    create_first_placements(world.catalog.pk)
    return world


def choose(client: Client, reader: str) -> None:
    assert client.post("/demo/as", {"reader": reader}).status_code == 302


def test_home_shows_the_visible_items_alone(client: Client, shop: World) -> None:
    page = client.get("/demo/")
    assert page.status_code == 200
    assert "Title of a" in page.text
    assert "Title of b/c d" in page.text
    assert "Title of hidden" not in page.text


def test_home_of_an_empty_catalogue_is_a_page_without_a_box(client: Client, db: None) -> None:
    page = client.get("/demo/")
    assert page.status_code == 200
    assert "rec-widget" not in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/demo/items/a", 200),
        ("/demo/items/b/c%20d", 200),
        ("/demo/items/hidden", 404),
        ("/demo/items/nothing", 404),
        ("/demo/items/" + "x" * 600, 404),
        ("/demo/items/a%00", 404),
        ("/demo/items/%ED%A0%80", 404),
        ("/demo/items/", 404),
    ],
)
def test_an_item_has_a_page_where_it_may_be_seen(client: Client, shop: World, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_an_item_of_another_catalog_has_no_page(client: Client, shop: World) -> None:
    make_world("theirs", catalog="another")
    assert client.get("/demo/items/theirs").status_code == 404


def test_a_chosen_reader_is_remembered_and_forgotten(client: Client, shop: World) -> None:
    choose(client, "  ada ")
    assert "Welcome back, ada" in client.get("/demo/").text
    choose(client, "")
    assert "Welcome back" not in client.get("/demo/").text


@pytest.mark.parametrize(
    "reader",
    ["<script>alert(1)</script>", "读者 一", "x" * 5000, "a\x00b", "' OR 1=1 --", "\ud800"],
    ids=["markup", "chinese", "long", "nul", "quotes", "surrogate"],
)
def test_any_name_can_be_played(client: Client, shop: World, reader: str) -> None:
    choose(client, reader.encode("utf-8", "replace").decode())
    page = client.get("/demo/")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "Title of a" in page.text
    assert not Profile.objects.exists()


def test_a_reader_is_chosen_by_post_with_a_token_alone(shop: World) -> None:
    assert Client().get("/demo/as").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/demo/as", {"reader": "ada"}).status_code == 403
    assert Client().post("/demo/").status_code == 405
    assert Client().delete("/demo/items/a").status_code == 405


def test_what_the_reader_knows_is_not_shown_again(client: Client, shop: World) -> None:
    act(shop, make_profile(shop, "ada"), "a")
    choose(client, "ada")
    page = client.get("/demo/").text
    assert "Title of a<" not in page
    assert "Title of b/c d" in page


def test_six_readers_are_suggested_and_none_that_was_merged(client: Client, shop: World) -> None:
    readers = [make_profile(shop, f"reader-{number}") for number in range(8)]
    readers[0].merged_into = readers[1]
    readers[0].save()
    page = client.get("/demo/").text
    assert page.count("<option") == 6
    assert 'value="reader-0"' not in page


@pytest.mark.parametrize("count", [1, 40])
def test_a_page_costs_the_same_whatever_is_on_it(
    client: Client, shop: World, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    make_world(*(f"more-{number}" for number in range(count)), catalog=shop.catalog.key, url="/x")
    choose(client, "ada")
    client.get("/demo/")
    with django_assert_num_queries(8):
        client.get("/demo/")


@pytest.mark.parametrize("mounted", [True, False])
def test_it_is_mounted_where_the_settings_say_so(settings: Any, mounted: bool) -> None:
    settings.RECSITE_DEMO_SITE = mounted
    spec = importlib.util.find_spec("recsite.urls")
    assert spec is not None
    assert spec.loader is not None
    urls = importlib.util.module_from_spec(spec)  # beside the module in use, which stays as it is
    spec.loader.exec_module(urls)
    found = [str(entry.pattern) for entry in urls.urlpatterns if isinstance(entry, URLResolver)]
    assert ("demo/" in found) is mounted


@pytest.mark.parametrize("path", ["/demo/", "/demo/items/a"])
def test_its_pages_keep_the_strict_policy(client: Client, shop: World, path: str) -> None:
    policy = client.get(path)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_root_leads_to_the_shop(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/demo/")
