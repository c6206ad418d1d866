"""Evaluations in the admin: who may start them, what is told of them, and their reports."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from kombu.exceptions import OperationalError

from recommender import tasks
from recommender.models import Evaluation, Placement, TrainedModel
from recommender.services.evaluating import run_evaluation, start_evaluation
from tests.editors import read_text
from tests.recommender.chain_world import follow as follow
from tests.recommender.walks import LAST_STEP, make_walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("follow")]

LIST = "/admin/recommender/evaluation/"
ADD = f"{LIST}add/"


@pytest.fixture
def placement() -> Placement:
    return make_walks()[1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The evaluations that a worker was asked for."""
    found: list[int] = []
    monkeypatch.setattr(tasks.evaluate_placement, "apply_async", lambda args, named, **_: found.append(*args, **named))
    return found


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.evaluate_placement, "apply_async", refuse)


def sign_in(*permissions: str) -> Client:
    """A client of somebody who has these permissions and no others."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def page(row: Evaluation) -> str:
    return f"{LIST}{row.pk}/change/"


def evaluate(placement: Placement, protocol: str = LAST_STEP, **options: Any) -> Evaluation:
    row = start_evaluation(placement.catalog_id, placement=placement.key, protocol=protocol, options=options)
    done = run_evaluation(row.pk)
    assert done is not None
    return done


def fill(placement: Placement, /, **fields: object) -> dict[str, object]:
    return {"placement": placement.pk, "protocol": "time:0.8", "k": 5, "cases": 30, "seed": 2, **fields}


def test_one_is_started_from_the_form(
    editor: Client, placement: Placement, asked: list[int], django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = editor.post(ADD, fill(placement))
        assert asked == []
    row = Evaluation.objects.get()
    assert answer["Location"] == page(row)
    assert (row.placement_id, row.catalog_id) == (placement.pk, placement.catalog_id)
    assert (row.protocol, row.options) == ("time:0.8", {"k": 5, "cases": 30, "seed": 2})
    assert asked == [row.pk]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"protocol": "tomorrow"}, "no protocol is called 'tomorrow'"),
        ({"protocol": "rating:0.5"}, "predicts ratings"),
        ({"protocol": "x" * 51}, "at most 50 characters"),
        ({"protocol": "ti\0me"}, "Null characters"),
        ({"k": 0}, "greater than or equal to 1"),
        ({"k": 101}, "less than or equal to 100"),
        ({"cases": ""}, "required"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"placement": 10**9}, "Select a valid choice"),
        ({"placement": ""}, "required"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    editor: Client, placement: Placement, asked: list[int], fields: dict[str, object], message: str
):
    answer = editor.post(ADD, fill(placement, **fields))
    assert (answer.status_code, asked, Evaluation.objects.count()) == (200, [], 0)
    assert message in read_text(answer)


def test_without_a_broker_the_row_says_so(
    editor: Client, placement: Placement, no_broker: None, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        editor.post(ADD, fill(placement))
    row = Evaluation.objects.get()
    assert (row.state, row.error) == ("failed", "No broker (connection refused)")


def test_one_is_started_from_its_placement_after_a_question(editor: Client, placement: Placement, asked: list[int]):
    address = f"/admin/recommender/placement/{placement.pk}/evaluate/"
    assert "Nothing that is served changes." in read_text(editor.get(address))
    assert not Evaluation.objects.exists()
    assert "The worker has been asked to evaluate it." in read_text(editor.post(address, follow=True))
    row = Evaluation.objects.get()
    assert (row.protocol, row.options["k"], asked) == ("time:0.9", 10, [row.pk])


def test_one_is_run_again_in_the_same_way(editor: Client, placement: Placement, asked: list[int]):
    row = evaluate(placement, k=3, seed=8)
    assert "Evaluate again" in read_text(editor.get(page(row)))
    editor.post(f"{LIST}{row.pk}/evaluate_again/")
    again = Evaluation.objects.get(state="running")
    assert (again.placement_id, again.protocol, again.options) == (placement.pk, row.protocol, row.options)
    assert asked == [again.pk]


def test_a_question_that_no_broker_takes_leaves_nothing_behind(editor: Client, placement: Placement, no_broker: None):
    answer = editor.post(f"/admin/recommender/placement/{placement.pk}/evaluate/", follow=True)
    assert "No broker" in read_text(answer)
    assert not Evaluation.objects.exists()


def test_what_has_lost_its_placement_is_not_run_again(editor: Client, placement: Placement):
    row = evaluate(placement)
    placement.delete()
    content = read_text(editor.get(page(row)))
    assert "Evaluate again" not in content
    assert "follow" in content
    assert editor.post(f"{LIST}{row.pk}/evaluate_again/").status_code == 404


def test_who_may_only_look_starts_nothing(placement: Placement, asked: list[int]):
    row = evaluate(placement)
    clerk = sign_in("view_evaluation", "view_placement", "change_placement")
    assert clerk.get(page(row)).status_code == 200
    assert "Evaluate again" not in read_text(clerk.get(page(row)))
    for address in (ADD, f"{LIST}{row.pk}/evaluate_again/", f"/admin/recommender/placement/{placement.pk}/evaluate/"):
        assert clerk.post(address, fill(placement)).status_code == 403
    assert (asked, Evaluation.objects.count()) == ([], 1)


def test_who_may_add_may_start(placement: Placement, asked: list[int]):
    clerk = sign_in("view_evaluation", "add_evaluation", "view_placement")
    clerk.post(f"/admin/recommender/placement/{placement.pk}/evaluate/")
    assert asked == [Evaluation.objects.get().pk]


def test_who_may_not_look_sees_nothing(placement: Placement):
    row = evaluate(placement)
    clerk = sign_in("view_placement")
    for address in (LIST, page(row), f"{LIST}{row.pk}/progress/"):
        assert clerk.get(address).status_code == 403


def test_nothing_of_one_can_be_edited(editor: Client, placement: Placement):
    row = evaluate(placement)
    editor.post(page(row), fill(placement, protocol="random:0.5"))
    row.refresh_from_db()
    assert row.protocol == LAST_STEP


def test_its_progress_is_shown_and_asked_for_again(editor: Client, placement: Placement):
    row = start_evaluation(placement.catalog_id, placement="home", protocol=LAST_STEP)
    address = f"{LIST}{row.pk}/progress/"
    assert "waits for a worker" in read_text(editor.get(address))
    Evaluation.objects.update(progress=0.42)
    assert f'hx-get="{address}"' in editor.get(page(row)).content.decode()
    answer = editor.get(address)
    assert "42 %" in read_text(answer)
    assert "HX-Refresh" not in answer
    run_evaluation(row.pk)
    assert editor.get(address)["HX-Refresh"] == "true"
    assert editor.get(f"{LIST}{10**9}/progress/").status_code == 404


def test_a_report_has_its_charts_its_figures_and_its_words(editor: Client, placement: Placement):
    model = TrainedModel.objects.create(
        catalog=placement.catalog, learner="follow", shape="neighbours", state="active", options={"step": 1}
    )
    row = evaluate(placement, k=1)
    answer = editor.get(page(row))
    content, text = answer.content.decode(), read_text(answer)
    assert len(re.findall(r'<svg class="rs-chart"', content)) == 4
    assert not re.findall(r"<svg[^>]*\bstyle=|<script(?![^>]*\b(?:src|nonce)=)", content)
    assert "40 cases, drawn from 40, with 40 targets; learned from 260 of 300 interactions; 13 items" in text
    assert "popular worse" in text
    assert "follow no different" in text
    assert "popular baseline 0.0000 (0.0000 – 0.0000)" in text
    assert "−1.0000 (−1.0000 – −1.0000) 0.0002" in text
    assert "stars 7.7% 0.0% 0.0% 100.0%" in text
    assert reverse("admin:recommender_trainedmodel_change", args=[model.pk]) in content
    assert "Every item counts as visible at the time of its case" in text


def test_names_are_text_and_not_markup(editor: Client, placement: Placement):
    placement.strategies.update(source="<b>x</b>&")
    content = editor.get(page(evaluate(placement))).content.decode()
    assert "<b>x" not in content
    assert "&lt;b&gt;x&lt;/b&gt;&amp;" in content


def test_a_report_speaks_the_readers_language(editor: Client, placement: Placement):
    row = evaluate(placement)
    editor.cookies["django_language"] = "zh-hans"
    assert editor.get(page(row)).status_code == 200


def test_a_failure_says_why(editor: Client, placement: Placement):
    row = evaluate(placement, "time:0.0001")
    text = read_text(editor.get(page(row)))
    assert "leaves no interaction to learn from" in text
    assert "rs-report" not in editor.get(page(row)).content.decode()


def test_the_list_shows_the_placements_figure_and_costs_the_same_for_many(editor: Client, placement: Placement):
    row = evaluate(placement, k=1)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            answer = editor.get(LIST)
        counts.append(len(captured))
        for _ in range(10):
            row.pk = None
            row.save()
    assert counts[0] == counts[1]
    assert '"report"' not in "".join(query["sql"] for query in captured if "LIMIT" in query["sql"]).split("AS")[0]
    assert "1.0000 (1.0000 – 1.0000) @1" in read_text(answer)
