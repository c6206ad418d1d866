"""The HTML fragment as a page of its own: what a site includes works before any script or style is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from profiles.models import Interaction
from recommender.click_links import sign_person
from recommender.models import Placement, Recommendation
from tests.browser.bookshop import TITLES, open_bookshop
from tests.browser.conftest import OpenPage
from tests.recommender.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(settings: Any, live_server: Any) -> World:
    return open_bookshop(settings.RECSITE_DEFAULT_CATALOG)


@pytest.mark.parametrize("widget", ["grid", "list"])
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_shows_entries_that_lead_to_their_items(
    shop: World, open_page: OpenPage, widget: str, scripts: bool
) -> None:
    Placement.objects.update(widget=widget, widget_options={})
    page = open_page("/w/demo/home?n=3", java_script_enabled=scripts)
    expect(page.get_by_role("heading", level=2)).to_have_text("For you")
    assert page.locator(".rec-title").count() == 3
    title = page.locator(".rec-title").first.inner_text()

    page.locator(".rec-title").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_click_of_the_person_it_was_signed_for_is_recorded_with_its_place(shop: World, open_page: OpenPage) -> None:
    page = open_page(f"/w/demo/home?person={sign_person(shop.catalog.pk, 'ada')}", java_script_enabled=False)
    served = Recommendation.objects.get()
    page.locator(".rec-title").nth(2).click()

    click = Interaction.objects.get(kind="click")
    assert (click.profile.key, click.recommendation_id, click.position) == ("ada", served.pk, 2)


def test_a_click_by_nobody_known_leads_on_and_is_not_recorded(shop: World, open_page: OpenPage) -> None:
    page = open_page("/w/demo/home", java_script_enabled=False)
    page.locator(".rec-title").first.click()
    assert "/demo/items/" in page.url
    assert not Interaction.objects.filter(kind="click").exists()


def test_a_hard_title_is_the_same_text_in_the_fragment(shop: World, open_page: OpenPage) -> None:
    page = open_page("/w/demo/home?n=10")
    assert set(page.locator(".rec-title").all_text_contents()) >= set(TITLES.values())


def test_it_follows_the_language_of_the_browser(
    shop: World, open_page: OpenPage, take_shot: Callable[[Page, str], None]
) -> None:
    page = open_page("/w/demo/home", locale="zh-CN")
    take_shot(page, "fragment-zh")
    text = page.locator(".rec-widget").inner_text()
    assert "Popular with many" not in text
    assert "For you" not in text
