"""Trained models in the admin: trained, promoted, rolled back to, each after a question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from recommender.admin import trained_models
from recommender.models import Recommendation, TrainedModel
from tests.editors import read_text
from tests.recommender.worlds import NOW, World, make_profile, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world("a", "b")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """The trainings that a worker was asked for."""
    found: list[tuple[int, bool]] = []
    monkeypatch.setattr(
        trained_models.train_model_run,
        "apply_async",
        lambda args, named, **_: found.append((*args, named["promote"])),
    )
    return found


def make_model(world: World, state: str, days: int) -> TrainedModel:
    return TrainedModel.objects.create(
        catalog=world.catalog, learner="popular", shape="scores", state=state, promoted_at=NOW + timedelta(days=days)
    )


def step(name: str, model: TrainedModel) -> str:
    return f"/admin/recommender/trainedmodel/{model.pk}/{name}/"


def test_a_model_is_trained_with_checked_options(
    editor: Client, world: World, asked: list[tuple[int, bool]], django_capture_on_commit_callbacks: Any
):
    data = {"catalog": world.catalog.pk, "learner": "popular", "options": '{"half_life_days": 7}', "promote": "on"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = editor.post(reverse("admin:recommender_trainedmodel_add"), data)
        assert asked == []
    model = TrainedModel.objects.get()
    assert answer.status_code == 302
    assert (model.learner, model.shape, model.options["half_life_days"]) == ("popular", "scores", 7.0)
    assert asked == [(model.pk, True)]


@pytest.mark.parametrize("options", ['{"half_life_days": -1}', '{"other": 1}', '{"half_life_days": "long"}'])
def test_options_that_do_not_fit_the_learner_are_refused(
    editor: Client, world: World, asked: list[tuple[int, bool]], options: str
):
    data = {"catalog": world.catalog.pk, "learner": "popular", "options": options}
    answer = editor.post(reverse("admin:recommender_trainedmodel_add"), data)
    assert (answer.status_code, asked, TrainedModel.objects.count()) == (200, [], 0)


def test_a_candidate_is_promoted_and_rolled_back_after_a_question(editor: Client, world: World):
    old, new = make_model(world, "active", 0), make_model(world, "candidate", 1)
    assert "Promote popular" in read_text(editor.get(step("promote", new)))
    assert "is active." in read_text(editor.post(step("promote", new), follow=True))
    assert dict(TrainedModel.objects.values_list("pk", "state")) == {old.pk: "retired", new.pk: "active"}
    editor.get(step("roll_back", new))
    editor.post(step("roll_back", new))
    assert dict(TrainedModel.objects.values_list("pk", "state")) == {old.pk: "active", new.pk: "retired"}


def test_what_cannot_be_promoted_says_why(editor: Client, world: World):
    failed = make_model(world, "failed", 0)
    assert "only what has been trained" in read_text(editor.post(step("promote", failed), follow=True))


def test_train_now_takes_the_same_options(editor: Client, world: World, asked: list[tuple[int, bool]]):
    model = make_model(world, "active", 0)
    TrainedModel.objects.filter(pk=model.pk).update(options={"half_life_days": 3.0})
    editor.post(step("train_again", model))
    again = TrainedModel.objects.get(state="training")
    assert again.options == {"half_life_days": 3.0}
    assert asked == [(again.pk, True)]


def test_buttons_fit_the_state(editor: Client, world: World):
    active, failed = make_model(world, "active", 0), make_model(world, "failed", 1)
    content = editor.get(reverse("admin:recommender_trainedmodel_change", args=[active.pk])).content.decode()
    assert (step("promote", active) in content, step("roll_back", active) in content) == (False, True)
    content = editor.get(reverse("admin:recommender_trainedmodel_change", args=[failed.pk])).content.decode()
    assert (step("promote", failed) in content, step("roll_back", failed) in content) == (False, False)


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
