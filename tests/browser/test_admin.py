"""The admin in a real browser: it works under its policy, in both languages and both schemes of colour."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from recommender.models import Placement
from tests.browser.bookshop import open_bookshop
from tests.recommender.worlds import World

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
TakeShot = Callable[[Page, str], None]


@pytest.fixture
def shop(transactional_db: None) -> World:
    User.objects.create_superuser("mei", password="a long password")
    return open_bookshop("demo")


def sign_in(open_page: OpenPage, path: str, **options: str) -> Page:
    page = open_page(f"/admin/login/?next={path}", **options)
    page.fill("[name=username]", "mei")
    page.fill("[name=password]", "a long password")
    page.click("[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


def test_the_main_pages_keep_the_policy_and_log_nothing(shop: World, open_page: OpenPage, take_shot: TakeShot):
    placement = Placement.objects.get(key="home")
    page = sign_in(open_page, "/admin/")
    expect(page.locator(".rs-workers .rs-label")).to_be_visible()
    for name, path in {
        "items": "/admin/catalog/item/",
        "item": f"/admin/catalog/item/{shop.items['chinese'].pk}/change/",
        "spaces": "/admin/catalog/embeddingspace/",
        "new-space": "/admin/catalog/embeddingspace/add/",
        "interactions": "/admin/profiles/interaction/",
        "placement": f"/admin/recommender/placement/{placement.pk}/change/",
        "preview": f"/admin/recommender/placement/preview/?placement={placement.pk}&profile=ada",
        "schedule": "/admin/django_celery_beat/periodictask/",
    }.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        expect(page.locator("#content")).to_be_visible()
        take_shot(page, f"admin-{name}")


def test_an_action_is_run_from_the_list(shop: World, open_page: OpenPage):
    page = sign_in(open_page, "/admin/catalog/item/")
    page.locator("#result_list tbody input.action-select").first.check()
    page.locator("select[name=action]").select_option("hide")
    page.locator("#changelist-actions button[type=submit]").click()
    expect(page.get_by_text("1 item hidden.")).to_be_visible()
    expect(page.locator(".rs-label-bad", has_text="hidden")).to_have_count(1)


def test_filters_open_and_narrow_the_list(shop: World, open_page: OpenPage):
    page = sign_in(open_page, "/admin/catalog/item/")
    page.locator("#changelist a", has_text="Filters").first.click()
    page.fill("#changelist-filter input[name=category]", "fantasy")
    page.locator("#changelist-filter button[type=submit]").click()
    page.wait_for_url("**category=fantasy**")
    expect(page.locator("#result_list tbody tr")).to_have_count(15)


def test_a_catalog_is_completed_as_one_types(shop: World, open_page: OpenPage):
    page = sign_in(open_page, "/admin/catalog/embeddingspace/add/")
    page.locator(".select2-selection").first.click()
    page.locator("input.select2-search__field").fill("dem")
    page.locator(".select2-results__option", has_text="demo").click()
    expect(page.locator(".select2-selection__rendered").first).to_contain_text("demo")


def test_the_preview_follows_what_is_typed_into_the_form(shop: World, open_page: OpenPage):
    placement = Placement.objects.get(key="home")
    page = sign_in(open_page, f"/admin/recommender/placement/{placement.pk}/change/")
    expect(page.locator(".rs-entry")).to_have_count(10)
    page.fill("#id_size", "4")
    page.locator("#id_size").blur()
    expect(page.locator(".rs-entry")).to_have_count(4)
    page.fill("#id_filters", '{"password": 1}')
    page.locator("#id_filters").blur()
    expect(page.locator(".rs-problem")).to_contain_text("password: unknown column")
    placement.refresh_from_db()
    assert placement.size == 10


def test_the_slider_shows_its_number(shop: World, open_page: OpenPage):
    placement = Placement.objects.get(key="home")
    page = sign_in(open_page, f"/admin/recommender/placement/{placement.pk}/change/")
    page.locator("#id_diversity").fill("0.75")
    expect(page.locator(".rs-slider output")).to_have_text("0.75")


def test_the_preview_page_follows_the_chosen_profile(shop: World, open_page: OpenPage):
    page = sign_in(open_page, "/admin/recommender/placement/preview/")
    page.fill("[name=profile]", "ada")
    page.fill("[name=n]", "3")
    expect(page.locator(".rs-entry")).to_have_count(3)
    page.wait_for_url("**profile=ada**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_speaks_chinese(shop: World, open_page: OpenPage, take_shot: TakeShot, scheme: str):
    page = sign_in(open_page, "/admin/", locale="zh-CN", color_scheme=scheme)
    expect(page.locator("#nav-sidebar")).to_contain_text("推荐位")
    take_shot(page, f"admin-dashboard-zh-{scheme}")


def test_the_language_is_switched_by_hand(shop: World, open_page: OpenPage):
    page = sign_in(open_page, "/admin/catalog/item/")
    page.get_by_text("mei", exact=True).last.click()
    page.get_by_text("简体中文").click()
    expect(page.locator("h1, #header-inner").first).to_contain_text("条目")
