"""Trainings in a real browser: the bar moves by itself, and the page is there when the run is over."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from recommender.models import TrainedModel
from recommender.services.retraining import put_live
from recommender.services.training import start_training, train_model
from tests.browser.test_admin import OpenPage, TakeShot, sign_in
from tests.recommender.chain_world import follow as follow
from tests.recommender.chain_world import make_ring

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/recommender/trainedmodel/"


@pytest.fixture
def ring(transactional_db: None, follow: object) -> tuple[TrainedModel, TrainedModel]:
    """An active model, and a candidate that is worse."""
    User.objects.create_superuser("mei", password="a long password")
    catalog = make_ring()
    models = []
    for step in (1, 7):
        run = start_training(catalog.pk, learner="follow", options={"step": step}, measure=True, promote=True)
        models.append(train_model(run.pk))
        put_live(run.pk)
    train_model(start_training(catalog.pk, learner="popular", measure=True).pk)
    return models[0], models[1]


def begin(learner: str, catalog_id: int, *, progress: float) -> TrainedModel:
    return TrainedModel.objects.create(
        catalog_id=catalog_id,
        learner=learner,
        shape="neighbours",
        options={"step": 2},
        progress=progress,
        attempts=2,
        trained_until=timezone.now(),
    )


def test_the_bar_moves_and_the_page_follows_the_end_of_the_run(
    ring: tuple[TrainedModel, TrainedModel], open_page: OpenPage, take_shot: TakeShot
):
    run = begin("follow", ring[0].catalog_id, progress=0.25)
    page = sign_in(open_page, f"{LIST}{run.pk}/change/")
    expect(page.locator(".rs-live")).to_contain_text("25 %, attempt 2")
    take_shot(page, "training-running")
    TrainedModel.objects.filter(pk=run.pk).update(progress=0.75)
    expect(page.locator(".rs-live")).to_contain_text("75 %, attempt 2")
    TrainedModel.objects.filter(pk=run.pk).update(state="failed", error="RuntimeError: no convergence")
    expect(page.locator(".rs-live")).to_have_count(0)
    expect(page.locator(".rs-code-bad")).to_contain_text("no convergence")
    take_shot(page, "training-failed")


def test_a_run_is_stopped_from_its_page(
    ring: tuple[TrainedModel, TrainedModel], open_page: OpenPage, take_shot: TakeShot
):
    run = start_training(ring[0].catalog_id, learner="follow")
    page = sign_in(open_page, f"{LIST}{run.pk}/change/")
    expect(page.locator(".rs-live")).to_contain_text("waits for a worker")
    page.get_by_role("link", name="Stop training").click()
    page.wait_for_load_state("networkidle")
    take_shot(page, "training-stop")
    page.get_by_role("button", name="Stop training").click()
    expect(page.get_by_text("is cancelled.")).to_be_visible()
    run.refresh_from_db()
    assert run.state == "cancelled"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_worse_candidate_shows_its_figures(
    ring: tuple[TrainedModel, TrainedModel], open_page: OpenPage, take_shot: TakeShot, scheme: str
):
    begin("transitions", ring[0].catalog_id, progress=0.4)
    page = sign_in(open_page, f"{LIST}{ring[1].pk}/change/", color_scheme=scheme)
    expect(page.get_by_role("link", name="Promote anyway")).to_be_visible()
    expect(page.locator(".rs-facts").first).to_contain_text("NDCG@10")
    take_shot(page, f"training-worse-{scheme}")
    page.goto(LIST)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#result_list .rs-live")).to_contain_text("40 %")
    take_shot(page, f"training-list-{scheme}")
    page.goto(f"{LIST}add/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#id_measure")).to_be_checked()
    take_shot(page, f"training-add-{scheme}")
