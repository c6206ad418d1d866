"""The steps of a trained model in the admin: each after a question, for those who may, and as its state allows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recommender.models import TrainedModel
from tests.editors import read_text
from tests.recommender.admin.runs import asked as asked
from tests.recommender.admin.runs import make_model, make_worse, step
from tests.recommender.admin.runs import world as world
from tests.recommender.worlds import World


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


BUTTONS = ("promote", "promote_anyway", "roll_back", "stop", "train_again")


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("training", {"stop"}),
        ("candidate", {"promote", "train_again"}),
        ("active", {"roll_back", "train_again"}),
        ("retired", {"promote", "train_again"}),
        ("failed", {"train_again"}),
        ("cancelled", {"train_again"}),
    ],
)
def test_buttons_fit_the_state(editor: Client, world: World, state: str, shown: set[str]):
    assert list_buttons(editor, make_model(world, state, 0)) == shown


def test_a_worse_candidate_offers_to_be_promoted_anyway(editor: Client, world: World):
    assert list_buttons(editor, make_worse(world)[1]) == {"promote_anyway", "train_again"}


def test_a_run_that_is_to_end_offers_nothing_more(editor: Client, world: World):
    model = make_model(world, "training", 0)
    TrainedModel.objects.filter(pk=model.pk).update(cancel_requested=True)
    assert list_buttons(editor, model) == set()


def list_buttons(editor: Client, model: TrainedModel) -> set[str]:
    content = editor.get(reverse("admin:recommender_trainedmodel_change", args=[model.pk])).content.decode()
    return {name for name in BUTTONS if f'"{step(name, model)}"' in content}


def test_a_worse_candidate_is_refused_with_the_reason_and_promoted_by_force(editor: Client, world: World):
    active, worse = make_worse(world)
    text = read_text(editor.post(step("promote", worse), follow=True))
    assert f"is not promoted: it is worse: ndcg@10 0.2500 against 0.3125 of {active}" in text
    worse.refresh_from_db()
    assert worse.state == "candidate"
    assert "worse than the active model" in read_text(editor.get(step("promote_anyway", worse)))
    editor.post(step("promote_anyway", worse))
    worse.refresh_from_db()
    assert worse.state == "active"


def test_a_run_is_stopped_after_a_question_and_a_second_click_does_no_harm(editor: Client, world: World):
    run = TrainedModel.objects.create(catalog=world.catalog, learner="popular", shape="scores")
    editor.get(step("stop", run))
    run.refresh_from_db()
    assert run.state == "training"
    for _ in range(2):
        assert f"{run} is cancelled." in read_text(editor.post(step("stop", run), follow=True))
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_what_is_over_cannot_be_stopped(editor: Client, world: World):
    model = make_model(world, "active", 0)
    assert "only what is still training can be cancelled" in read_text(editor.post(step("stop", model), follow=True))


@pytest.mark.parametrize("name", BUTTONS)
def test_a_question_alone_changes_nothing(editor: Client, world: World, asked: list[int], name: str):
    active, worse = make_worse(world)
    run = make_model(world, "training", 0)
    before = list(TrainedModel.objects.order_by("pk").values())
    for model in (active, worse, run):
        assert editor.get(step(name, model)).status_code == 200
    assert list(TrainedModel.objects.order_by("pk").values()) == before
    assert asked == []


@pytest.mark.parametrize("name", BUTTONS)
def test_who_may_only_look_takes_no_step(client: Client, world: World, asked: list[int], name: str):
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_trainedmodel"))
    client.force_login(reader)
    active, worse = make_worse(world)
    run = make_model(world, "training", 0)
    for model in (active, worse, run):
        assert client.post(step(name, model)).status_code == 403
    assert client.get(reverse("admin:recommender_trainedmodel_change", args=[worse.pk])).status_code == 200
    assert list_buttons(client, worse) == set()
    assert set(TrainedModel.objects.values_list("state", flat=True)) == {"active", "candidate", "training"}
    assert asked == []
