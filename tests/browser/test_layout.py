"""How widgets and the demo site hold up: narrow pages, hard titles, keyboards, headings, contrast."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page

from recommender.models import Placement
from tests.browser.bookshop import KEYS, TITLES, open_bookshop
from tests.browser.conftest import OpenPage
from tests.recommender.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TakeShot = Callable[[Page, str], None]

HOME = "/demo/"
ITEM = "/demo/items/long"
WIDTHS = [320, 768, 1280]

FIND_OUTSIDE = """
() => [...document.querySelectorAll("body *")]
    .filter(element => element.getClientRects().length)
    .map(element => [element.className || element.tagName, element.getBoundingClientRect()])
    .filter(([, box]) => box.left < -1 || box.right > document.documentElement.clientWidth + 1)
    .map(([name, box]) => `${name}: ${box.left} to ${box.right}`)
"""
# Colours are painted over each other as the page does, so that translucent ones count as they look.
MEASURE_CONTRAST = """
selector => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const luminance = colours => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    return Math.min(...[...document.querySelectorAll(selector)].map(element => {
        const grounds = [];
        for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
        const [low, high] = [luminance(grounds), luminance([...grounds, getComputedStyle(element).color])]
            .sort((one, other) => one - other);
        return (high + 0.05) / (low + 0.05);
    }));
}
"""


@pytest.fixture
def shop(settings: Any, live_server: Any) -> World:
    world = open_bookshop(settings.RECSITE_DEFAULT_CATALOG)
    Placement.objects.update(size=len(KEYS), diversity=0.0)
    return world


@pytest.mark.parametrize("path", [HOME, ITEM, "/demo/items/unbroken", "/demo/items/chinese", "/demo/items/arabic"])
@pytest.mark.parametrize("widget", ["grid", "list"])
def test_nothing_reaches_beyond_the_page(
    shop: World, open_page: OpenPage, take_shot: TakeShot, path: str, widget: str
) -> None:
    Placement.objects.update(widget=widget, widget_options={})
    page = open_page(path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        take_shot(page, f"{path.strip('/').replace('/', '-')}-{widget}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert page.evaluate(FIND_OUTSIDE) == []
    shown = set(page.locator(".rec-title").all_text_contents())
    assert shown >= set(TITLES.values()) - {page.get_by_role("heading", level=1).inner_text()}


@pytest.mark.parametrize("columns", [1, 2, 4, 5, 8])
def test_cards_of_a_row_do_not_overlap_and_are_of_one_height(shop: World, open_page: OpenPage, columns: int) -> None:
    Placement.objects.update(widget="grid", widget_options={"columns": columns})
    page = open_page(HOME, viewport={"width": 1280, "height": 900})
    boxes = [card.bounding_box() for card in page.locator(".rec-item").all()]
    rows: dict[int, list[Any]] = {}
    for box in boxes:
        assert box is not None
        rows.setdefault(round(box["y"]), []).append(box)
    assert {len(row) for row in list(rows.values())[:-1]} <= {columns}
    for row in rows.values():
        assert len({round(box["height"]) for box in row}) == 1
        for left, right in pairwise(row):
            assert left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize("path", [HOME, ITEM])
@pytest.mark.parametrize("widget", ["grid", "list"])
def test_every_control_is_reached_by_tab_and_shows_it(shop: World, open_page: OpenPage, path: str, widget: str) -> None:
    Placement.objects.update(widget=widget, widget_options={})
    page = open_page(path)
    wanted = page.locator("a[href], button, input:not([type=hidden])").count()
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement, style = getComputedStyle(at);
                    const box = at.getBoundingClientRect();
                    return [at.tagName + [...document.querySelectorAll("*")].indexOf(at),
                            style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
                            box.top < innerHeight && box.bottom > 0];
                }"""
            )
        )
    assert len({name for name, _, _ in reached}) == wanted
    assert [name for name, outlined, _ in reached if not outlined] == []
    assert [name for name, _, visible in reached if not visible] == []


@pytest.mark.parametrize("path", [HOME, ITEM])
@pytest.mark.parametrize("widget", ["grid", "list"])
def test_headings_descend_by_one_and_the_list_is_a_list(
    shop: World, open_page: OpenPage, path: str, widget: str
) -> None:
    Placement.objects.update(widget=widget, widget_options={})
    page = open_page(path)
    levels = page.evaluate("() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    region = page.get_by_role("region")
    assert region.get_attribute("aria-label") == page.locator(".rec-heading").inner_text()
    assert region.get_by_role("listitem").count() == page.locator(".rec-title").count()


def test_every_image_has_alt_and_is_shown(shop: World, open_page: OpenPage) -> None:
    page = open_page(HOME)
    images = page.locator("img")
    assert images.count() == 2
    for image in images.all():
        assert image.get_attribute("alt") is not None
        image.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every(image => image.complete)")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")


def test_an_image_that_comes_late_moves_nothing(shop: World, open_page: OpenPage) -> None:
    page = open_page(HOME)
    before = [card.bounding_box() for card in page.locator(".rec-item").all()]
    page.evaluate("for (const image of document.images) image.removeAttribute('src')")
    assert [card.bounding_box() for card in page.locator(".rec-item").all()] == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [HOME, ITEM])
def test_text_can_be_read_against_its_ground(
    shop: World, open_page: OpenPage, take_shot: TakeShot, scheme: str, path: str
) -> None:
    page = open_page(path, color_scheme=scheme)
    take_shot(page, f"{path.strip('/').replace('/', '-')}-{scheme}")
    for selector in ("h1", ".rec-heading", ".rec-title", ".rec-reason", ".rec-categories", ".rec-cover",
                     ".demo-footer", ".demo-header a", ".demo-header button", ".demo-header label"):  # fmt: skip
        assert page.evaluate(MEASURE_CONTRAST, selector) >= 4.5, selector


def test_the_title_of_each_language_runs_its_own_way(shop: World, open_page: OpenPage) -> None:
    page = open_page(HOME)
    directions = page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('.rec-title')]"
        ".map(title => [title.textContent, getComputedStyle(title).direction]))"
    )
    assert {key: directions[title] for key, title in TITLES.items() if key in ("arabic", "chinese", "long")} == {
        "arabic": "rtl",
        "chinese": "ltr",
        "long": "ltr",
    }
