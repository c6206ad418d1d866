"""Trained models in the admin: trained, promoted, rolled back to, each after a question."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from recommender import tasks
from recommender.models import Recommendation, TrainedModel
from tests.editors import read_text
from tests.recommender.admin.runs import WORSE, make_model, make_worse, step
from tests.recommender.admin.runs import asked as asked
from tests.recommender.admin.runs import world as world
from tests.recommender.worlds import NOW, World, make_profile


def test_a_model_is_trained_with_checked_options(
    editor: Client, world: World, asked: list[int], django_capture_on_commit_callbacks: Any
):
    data = {
        "catalog": world.catalog.pk, "learner": "popular", "options": '{"half_life_days": 7}',
        "promote_when_trained": "on",
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        answer = editor.post(reverse("admin:recommender_trainedmodel_add"), data)
        assert asked == []
    model = TrainedModel.objects.get()
    assert answer.status_code == 302
    assert (model.learner, model.shape, model.options["half_life_days"]) == ("popular", "scores", 7.0)
    assert (model.promote_when_trained, model.measure) == (True, False)
    assert asked == [model.pk]


def test_a_run_is_measured_unless_the_editor_says_no(editor: Client, world: World):
    content = editor.get(reverse("admin:recommender_trainedmodel_add")).content.decode()
    (box,) = re.findall(r'<input[^>]*name="measure"[^>]*>', content)
    assert "checked" in box


def test_a_run_that_no_broker_takes_waits_with_its_wishes(
    editor: Client, world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.train_model_run, "apply_async", refuse)
    data = {"catalog": world.catalog.pk, "learner": "popular", "options": "{}", "measure": "on",
            "promote_when_trained": "on"}  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        assert editor.post(reverse("admin:recommender_trainedmodel_add"), data).status_code == 302
    model = TrainedModel.objects.get()
    assert (model.state, model.promote_when_trained, model.measure) == ("training", True, True)


@pytest.mark.parametrize("options", ['{"half_life_days": -1}', '{"other": 1}', '{"half_life_days": "long"}'])
def test_options_that_do_not_fit_the_learner_are_refused(editor: Client, world: World, asked: list[int], options: str):
    data = {"catalog": world.catalog.pk, "learner": "popular", "options": options}
    answer = editor.post(reverse("admin:recommender_trainedmodel_add"), data)
    assert (answer.status_code, asked, TrainedModel.objects.count()) == (200, [], 0)


def test_train_now_takes_the_same_options(editor: Client, world: World, asked: list[int]):
    model = make_model(world, "active", 0)
    TrainedModel.objects.filter(pk=model.pk).update(options={"half_life_days": 3.0})
    editor.post(step("train_again", model))
    again = TrainedModel.objects.get(state="training")
    assert again.options == {"half_life_days": 3.0}
    assert (again.promote_when_trained, again.measure) == (True, True)
    assert asked == [again.pk]


def test_a_run_shows_its_progress_which_asks_for_itself_again(editor: Client, world: World):
    run = make_model(world, "training", 0)
    TrainedModel.objects.filter(pk=run.pk).update(progress=0.42, trained_until=NOW, attempts=2)
    address = reverse("admin:recommender_trainedmodel_progress", args=[run.pk])
    for page in ("admin:recommender_trainedmodel_changelist", "admin:recommender_trainedmodel_change"):
        content = editor.get(reverse(page, args=[run.pk] if page.endswith("change") else [])).content.decode()
        assert f'hx-get="{address}" hx-trigger="every 2s" hx-swap="outerHTML"' in content
        assert "42 %, attempt 2" in content
    answer = editor.get(address)
    assert answer.content.decode().startswith('<div class="rs-live" hx-get=')
    assert "HX-Refresh" not in answer


@pytest.mark.parametrize(
    ("fields", "text"),
    [({}, "waits for a worker"), ({"cancel_requested": True, "progress": 0.5, "trained_until": NOW}, "50 %, is being")],
)
def test_a_bar_says_what_a_run_is_about(editor: Client, world: World, fields: dict[str, Any], text: str):
    run = make_model(world, "training", 0)
    TrainedModel.objects.filter(pk=run.pk).update(**fields)
    assert text in editor.get(reverse("admin:recommender_trainedmodel_progress", args=[run.pk])).content.decode()


def test_a_run_that_is_over_has_the_page_loaded_anew(editor: Client, world: World):
    model = make_model(world, "candidate", 0)
    answer = editor.get(reverse("admin:recommender_trainedmodel_progress", args=[model.pk]))
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")
    assert editor.get(reverse("admin:recommender_trainedmodel_progress", args=[999_999])).status_code == 404


@pytest.mark.parametrize(
    ("fields", "under_way"),
    [
        ({}, True),
        ({"metrics": {"judgement": "worse"}}, False),
        ({"promote_when_trained": False}, False),
        ({"finished_at": timezone.now() - timedelta(minutes=5)}, False),
    ],
)
def test_a_run_that_is_still_to_be_promoted_is_waited_for(
    editor: Client, world: World, fields: dict[str, Any], under_way: bool
):
    model = make_model(world, "candidate", 0)
    TrainedModel.objects.filter(pk=model.pk).update(
        **{"promote_when_trained": True, "finished_at": timezone.now(), **fields}
    )
    answer = editor.get(reverse("admin:recommender_trainedmodel_progress", args=[model.pk]))
    assert ("HX-Refresh" not in answer) is under_way
    assert ("is being promoted" in answer.content.decode()) is under_way


def test_progress_is_shown_to_those_alone_who_may_look(client: Client, world: World):
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    model = make_model(world, "training", 0)
    assert client.get(reverse("admin:recommender_trainedmodel_progress", args=[model.pk])).status_code == 403


def test_the_figures_stand_beside_those_of_the_active_model(editor: Client, world: World):
    active, worse = make_worse(world)
    text = read_text(editor.get(reverse("admin:recommender_trainedmodel_change", args=[worse.pk])))
    for part in (
        "It is worse than the active model, so it does not go live by itself.",
        f"metric {worse} {active}",
        "NDCG@10 0.2500 (0.2000 – 0.3000) 0.3125",
        "hit rate@10 0.5000 (0.4500 – 0.5500) 0.6250",
        "1,234 people, protocol time:0.9",
        "Difference in NDCG@10 −0.0625 (−0.0900 to −0.0300), p = 0.001.",
    ):
        assert part in text
    assert "0.2500 (0.2000 – 0.3000)" in read_text(editor.get(reverse("admin:recommender_trainedmodel_changelist")))


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"held_out_cases": 0},
        {"held_out_error": "MemoryError"},
        {**WORSE, "champion": 999_999},
        {"interactions": 12345, "items": 7, "rows": 3, "train_seconds": 0.123, "learner_loss": 0.5},
    ],
)
def test_a_page_shows_whatever_was_measured(editor: Client, world: World, metrics: dict[str, Any]):
    for state in ("candidate", "active"):
        model = make_model(world, state, 0)
        TrainedModel.objects.filter(pk=model.pk).update(metrics=metrics, measure=True, shape="neighbours")
        text = read_text(editor.get(reverse("admin:recommender_trainedmodel_change", args=[model.pk])))
        assert ("MemoryError" in text) is ("held_out_error" in metrics)
        assert ("12,345" in text) is ("interactions" in metrics)
        assert ("popular #999999" in text) is ("champion" in metrics)


def test_the_list_reads_the_same_number_of_times_for_one_model_and_for_many(
    editor: Client, world: World, django_assert_max_num_queries: Any
):
    make_worse(world)
    address = reverse("admin:recommender_trainedmodel_changelist")
    with CaptureQueriesContext(connection) as one:
        editor.get(address)
    for _ in range(5):
        make_model(world, "candidate", 0)
        make_model(world, "training", 0)
    with django_assert_max_num_queries(len(one)):
        editor.get(address)


def test_the_log_shows_titles_sources_and_what_was_deleted(editor: Client, world: World):
    row = Recommendation.objects.create(
        catalog=world.catalog,
        profile=make_profile(world),
        requested=3,
        item_ids=[*world.ids("b", "a"), 999_999],
        scores=[0.5, 0.25, 0.1],
        sources=["popular+newest", "popular", "newest"],
        milliseconds=4.2,
    )
    text = read_text(editor.get(reverse("admin:recommender_recommendation_change", args=[row.pk])))
    parts = ("Title of b", "popular", "newest", "0.5000", "Title of a", "0.2500", "#999999")
    start = text.index("Sources", text.index("Slate")) if "Sources" in text else text.index("sources")
    places = [text.index(part, start) for part in parts]
    assert places == sorted(places)
    assert "Title of b; Title of a; #999999" in read_text(
        editor.get(reverse("admin:recommender_recommendation_changelist"))
    )
