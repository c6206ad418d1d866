"""The demo site in a browser: a reader's way through it, with and without scripts, in two languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from profiles.models import Interaction
from recommender.models import Recommendation
from tests.browser.bookshop import open_bookshop
from tests.browser.conftest import OpenPage
from tests.recommender.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def shop(settings: Any, live_server: Any) -> World:
    return open_bookshop(settings.RECSITE_DEFAULT_CATALOG)


def become(page: Page, reader: str) -> None:
    page.get_by_label("You are").fill(reader)
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(reader)


def read_titles(page: Page) -> list[str]:
    return page.locator(".rec-title").all_inner_texts()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_readers_click_is_recorded_once_and_changes_the_next_slate(
    shop: World, open_page: OpenPage, scripts: bool
) -> None:
    page = open_page("/demo/", java_script_enabled=scripts)
    become(page, "ada")
    before = read_titles(page)
    assert len(before) == 10
    chosen = page.locator(".rec-title").nth(4)
    title = chosen.inner_text()

    chosen.click()

    assert "/demo/items/" in page.url
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    clicks = Interaction.objects.filter(profile__key="ada", kind="click")
    assert [click.item.title for click in clicks] == [title]
    assert len(read_titles(page)) == 8
    assert title not in read_titles(page)

    page.go_back()
    assert read_titles(page) == before
    page.locator(".rec-title").nth(4).click()
    assert clicks.count() == 1

    page.get_by_role("link", name="Demo bookshop").click()
    after = read_titles(page)
    assert len(after) == 10
    assert title not in after
    assert after != before


def test_a_visitor_who_is_nobody_gets_a_slate_and_leaves_no_trace(shop: World, open_page: OpenPage) -> None:
    page = open_page("/demo/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    before = Interaction.objects.count()

    page.locator(".rec-title").first.click()

    assert "/demo/items/" in page.url
    assert Interaction.objects.count() == before


def test_an_item_with_a_slash_in_its_key_has_a_page(shop: World, open_page: OpenPage) -> None:
    page = open_page("/demo/items/a/b%20c")
    expect(page.get_by_role("heading", level=1)).to_have_text("A Key with a Slash and a Space")
    expect(page).to_have_title("A Key with a Slash and a Space")
    assert Recommendation.objects.filter(placement__key="product-page").count() == 1


def test_markup_in_a_title_is_text(shop: World, open_page: OpenPage) -> None:
    page = open_page("/demo/items/markup")
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Bold</b> & “Quoted”")
    assert page.locator("b").count() == 0


def test_a_chinese_browser_gets_a_chinese_page(shop: World, open_page: OpenPage) -> None:
    page = open_page("/demo/", locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    assert CHINESE.search(page.get_by_role("heading", level=1).inner_text())
    assert CHINESE.search(page.locator(".rec-heading").inner_text())
    for reason in page.locator(".rec-reason").all_inner_texts():
        assert CHINESE.search(reason)
    expect(page.get_by_role("button", name="English")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_language_button_turns_the_page_chinese_and_it_stays_so(
    shop: World, open_page: OpenPage, scripts: bool
) -> None:
    page = open_page("/demo/items/book-1", java_script_enabled=scripts)
    assert page.locator("html").get_attribute("lang") == "en"

    page.get_by_role("button", name="简体中文").click()

    assert page.url.endswith("/demo/items/book-1")
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.locator(".demo-brand").click()
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    assert CHINESE.search(page.get_by_role("heading", level=1).inner_text())
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
