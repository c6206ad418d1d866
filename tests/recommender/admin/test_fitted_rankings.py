"""Fitted rankings in the admin: their figures, and steps that only a POST of those who may takes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recommender import tasks
from recommender.models import Evaluation, FittedRanking, Placement
from recommender.services.tuning import TuningOptions, tune_placement
from tests.editors import read_text
from tests.recommender.halves_world import halves as halves
from tests.recommender.halves_world import make_halves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

QUICK = TuningOptions(budget_seconds=5.0, learners=("even", "odd", "popular"), protocol="next-item")


def tune(placement: Placement) -> FittedRanking:
    fitted = tune_placement(placement.catalog_id, placement.key, options=QUICK).fitted
    assert fitted is not None
    return fitted


def page(fitted: FittedRanking) -> str:
    return reverse("admin:recommender_fittedranking_change", args=[fitted.pk])


def step(name: str, fitted: FittedRanking) -> str:
    return f"/admin/recommender/fittedranking/{fitted.pk}/{name}/"


def tune_url(placement: Placement) -> str:
    return f"/admin/recommender/placement/{placement.pk}/tune/"


def sign_in(*permissions: str) -> Client:
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_it_beside_every_strategy_and_what_was_before(editor: Client) -> None:
    _, placement = make_halves()
    fitted = tune(placement)
    text = read_text(editor.get(page(fitted)))
    for name in ("home", "home (before)", "even", "odd", "popular"):
        assert name in text
    assert "1.0000 (1.0000 – 1.0000)" in text
    assert "120 people, protocol next-item" in text
    assert "reciprocal_rank: even × 2" in text
    assert f"blend #{fitted.pk}" in read_text(editor.get(reverse("admin:recommender_fittedranking_changelist")))


def test_one_click_goes_back_and_one_forth(editor: Client) -> None:
    _, placement = make_halves()
    fitted = tune(placement)
    assert "those of before?" in read_text(editor.get(step("roll_back", fitted)))
    placement.refresh_from_db()
    assert placement.ranker == "blend"
    assert "are those of before." in read_text(editor.post(step("roll_back", fitted), follow=True))
    placement.refresh_from_db()
    assert placement.ranker == "reciprocal_rank"
    editor.post(step("promote", fitted))
    placement.refresh_from_db()
    assert placement.ranker == "blend"


def test_buttons_fit_the_state(editor: Client) -> None:
    _, placement = make_halves()
    fitted = tune(placement)
    shown = {}
    for state in ("active", "retired", "candidate"):
        FittedRanking.objects.update(state=state)
        content = editor.get(page(fitted)).content.decode()
        shown[state] = {name for name in ("promote", "roll_back") if f'"{step(name, fitted)}"' in content}
    assert shown == {"active": {"roll_back"}, "retired": {"promote"}, "candidate": {"promote"}}


def test_what_cannot_be_rolled_back_says_why(editor: Client) -> None:
    _, placement = make_halves()
    fitted = FittedRanking.objects.create(placement=placement, ranker="blend", data=b"", state="retired")
    assert "only the active one can be rolled back" in read_text(editor.post(step("roll_back", fitted), follow=True))
    assert editor.get(page(fitted)).status_code == 200


@pytest.mark.parametrize("name", ["promote", "roll_back"])
def test_who_may_only_look_takes_no_step(name: str) -> None:
    _, placement = make_halves()
    fitted = tune(placement)
    client = sign_in("view_fittedranking")
    assert client.get(page(fitted)).status_code == 200
    assert client.post(step(name, fitted)).status_code == 403
    placement.refresh_from_db()
    assert placement.ranker == "blend"


def test_a_placement_is_tuned_from_its_page_after_a_question(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.tune_placement, "apply_async", lambda args, named, **_: sent.extend(args))
    _, placement = make_halves()
    assert (
        f'"{tune_url(placement)}"'
        in editor.get(reverse("admin:recommender_placement_change", args=[placement.pk])).content.decode()
    )
    assert "Learners are tried" in read_text(editor.get(tune_url(placement)))
    assert not sent
    assert "has been asked to tune it" in read_text(editor.post(tune_url(placement), follow=True))
    row = Evaluation.objects.get()
    assert (sent, row.protocol, row.placement) == ([row.pk], "tune", placement)
    assert editor.get(reverse("admin:recommender_evaluation_change", args=[row.pk])).status_code == 200


def test_a_tuning_that_is_done_has_its_report_in_the_admin(editor: Client) -> None:
    from recommender.services.tuning_runs import run_tuning, start_tuning

    catalog, _ = make_halves()
    options = {"budget_seconds": 5.0, "learners": ["even", "odd", "popular"], "protocol": "next-item"}
    row = run_tuning(start_tuning(catalog.pk, placement="home", options=options).pk)
    assert row is not None
    text = read_text(editor.get(reverse("admin:recommender_evaluation_change", args=[row.pk])))
    assert "home (before)" in text
    assert "120 cases, drawn from 240, with 120 targets" in text


def test_a_placement_on_a_page_is_refused_with_the_reason(editor: Client) -> None:
    _, placement = make_halves(("similar_items", "text", 1.0))
    assert "stands on the page of an item" in read_text(editor.post(tune_url(placement), follow=True))
    assert not Evaluation.objects.exists()


def test_to_tune_takes_more_than_to_edit_a_placement() -> None:
    _, placement = make_halves()
    client = sign_in("view_placement", "change_placement")
    assert client.post(tune_url(placement)).status_code == 403
    assert not Evaluation.objects.exists()
