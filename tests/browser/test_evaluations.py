"""Evaluations in a real browser: started from a placement, watched, and read in both schemes of colour."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import translation
from playwright.sync_api import Page, expect

from catalog.models import Embedding, EmbeddingSpace, Item
from recommender import tasks
from recommender.models import Evaluation, Placement
from recommender.services.evaluating import run_evaluation, start_evaluation
from tests.browser.test_admin import OpenPage, TakeShot, sign_in
from tests.recommender.chain_world import follow as follow
from tests.recommender.walks import LAST_STEP, make_walks

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LIST = "/admin/recommender/evaluation/"
FIND_COVERED = """
() => [...document.querySelectorAll("svg.rs-chart")].flatMap(chart => {
    const frame = chart.getBoundingClientRect();
    const boxes = [...chart.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
    const cut = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(([name]) => `${name}: cut off`);
    const covered = boxes.flatMap(([name, one], place) => boxes.slice(place + 1)
        .filter(([, other]) => one.left < other.right - 1 && other.left < one.right - 1
            && one.top + 3 < other.bottom && other.top + 3 < one.bottom)
        .map(([other]) => `${name} covers ${other}`));
    return [...cut, ...covered];
})
"""


@pytest.fixture
def walks(transactional_db: None, follow: object) -> Placement:
    """A placement with many strategies and items with vectors."""
    User.objects.create_superuser("mei", password="a long password")
    catalog, placement = make_walks(
        ("neighbours", "follow", 0.5),
        ("history_match", "text", 1.0),
        ("neighbours", "co_visitation", 0.3),
        ("neighbours", "item_knn", 0.3),
        ("scores", "popular", 0.2),
        ("scores", "newest", 0.2),
        ("neighbours", "no_such_learner", 1.0),
    )
    space = EmbeddingSpace.objects.create(catalog=catalog, encoder="hashing", dimensions=4, state="active")
    Embedding.objects.bulk_create(
        Embedding(space=space, item=item, vector=[1.0, place, place % 3, place % 2], content_digest=item.content_digest)
        for place, item in enumerate(Item.objects.filter(catalog=catalog))
    )
    return placement


def evaluate(placement: Placement, protocol: str = LAST_STEP, **options: Any) -> Evaluation:
    row = start_evaluation(placement.catalog_id, placement=placement.key, protocol=protocol, options=options)
    done = run_evaluation(row.pk)
    assert done is not None
    return done


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_read(walks: Placement, open_page: OpenPage, take_shot: TakeShot, scheme: str):
    row = evaluate(walks, "random:0.7", k=3)
    assert row.error == ""
    page = sign_in(open_page, f"{LIST}{row.pk}/change/", color_scheme=scheme)
    expect(page.locator("svg.rs-chart")).to_have_count(4)
    take_shot(page, f"evaluation-{scheme}")
    assert "; ".join(page.evaluate(FIND_COVERED)) == ""
    check_widths(page, take_shot if scheme == "light" else None)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(LIST)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#result_list")).to_contain_text("@3")
    take_shot(page, f"evaluation-list-{scheme}")


def check_widths(page: Page, take_shot: TakeShot | None) -> None:
    for width in (1600, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        if take_shot:
            take_shot(page, f"evaluation-{width}")


def test_a_report_is_read_in_chinese(walks: Placement, open_page: OpenPage, take_shot: TakeShot):
    row = evaluate(walks)
    page = sign_in(open_page, f"{LIST}{row.pk}/change/", locale="zh-CN")
    expect(page.locator("svg.rs-chart")).to_have_count(4)
    take_shot(page, "evaluation-zh")
    assert "; ".join(page.evaluate(FIND_COVERED)) == ""
    translation.activate("en")


def test_it_is_started_from_the_placement_and_its_bar_moves(
    walks: Placement, open_page: OpenPage, take_shot: TakeShot, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    monkeypatch.setattr(tasks.evaluate_placement, "apply_async", lambda args, named, **_: asked.append(*args))
    page = sign_in(open_page, f"/admin/recommender/placement/{walks.pk}/change/")
    page.get_by_role("link", name="Evaluate now").click()
    page.wait_for_load_state("networkidle")
    take_shot(page, "evaluation-question")
    page.get_by_role("button", name="Evaluate now").click()
    expect(page.locator("#result_list .rs-live")).to_contain_text("waits for a worker")
    row = Evaluation.objects.get()
    assert asked == [row.pk]
    page.goto(f"{LIST}{row.pk}/change/")
    Evaluation.objects.filter(pk=row.pk).update(progress=0.4)
    expect(page.locator(".rs-live")).to_contain_text("40 %")
    take_shot(page, "evaluation-running")
    Evaluation.objects.filter(pk=row.pk).update(state="failed", error="RuntimeError: no convergence")
    expect(page.locator(".rs-code-bad")).to_contain_text("no convergence")
    page.goto(f"{LIST}add/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#id_protocol")).to_have_value("time:0.9")
    take_shot(page, "evaluation-add")
