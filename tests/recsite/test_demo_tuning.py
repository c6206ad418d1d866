"""The demo tunes its home page once, goes on after an interruption, and prints what was measured."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError
from rich.console import Console

from recommender.learners import learners
from recommender.models import Evaluation, FittedRanking
from recommender.services.training_locks import TrainingUnderWayError
from recommender.services.tuning import TuningOptions, tune_placement
from recommender.services.tuning_cases import check_protocol
from recommender.services.tuning_runs import run_tuning, start_tuning
from recsite.demo import tuning
from tests.recommender.halves_world import Even, make_halves
from tests.recommender.halves_world import halves as halves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

QUICK = {"budget_seconds": 5.0, "learners": ["even", "odd", "popular"], "protocol": "next-item"}


class Worker:
    """Runs what it was sent when somebody waits."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def __call__(self) -> None:
        for pk in self.sent:
            run_tuning(pk)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    found = Worker()
    monkeypatch.setattr(tuning, "OPTIONS", QUICK)
    monkeypatch.setattr(tuning.tune_placement, "delay", found.sent.append)
    return found


def quiet() -> Console:
    return Console(quiet=True)


def test_what_the_demo_asks_for_can_be_asked_for() -> None:
    options: Any = tuning.OPTIONS
    TuningOptions(**options)
    check_protocol(options["protocol"])
    assert all(getattr(learners.get(key), "tuning", None) is not None for key in options["learners"])


def test_the_home_page_is_tuned_once_and_the_table_is_printed_each_time(worker: Worker) -> None:
    catalog, _ = make_halves()
    assert not tuning.is_tuned(catalog)
    tuning.tune_home(catalog, quiet(), worker)
    assert tuning.is_tuned(catalog)
    tuning.tune_home(catalog, quiet(), worker)
    assert len(worker.sent) == 1
    console = Console(file=StringIO(), width=120)
    tuning.show_tuning(catalog, console)
    text = console.file.getvalue()
    for name in ("home", "home (before)", "even", "odd", "popular"):
        assert f" {name} " in text
    assert "chosen by 120 people, and measured on 120 others" in text


def test_what_an_editor_has_gone_back_from_is_not_tuned_again(worker: Worker) -> None:
    catalog, _ = make_halves()
    tuning.tune_home(catalog, quiet(), worker)
    FittedRanking.objects.update(state="retired")
    tuning.tune_home(catalog, quiet(), worker)
    assert len(worker.sent) == 1
    console = Console(file=StringIO(), width=120)
    tuning.show_tuning(catalog, console)
    assert console.file.getvalue() == ""


def test_an_interrupted_run_is_begun_anew(worker: Worker) -> None:
    catalog, _ = make_halves()
    dead = start_tuning(catalog.pk, placement="home", options=QUICK)
    Evaluation.objects.filter(pk=dead.pk).update(progress=0.4)
    tuning.tune_home(catalog, quiet(), worker)
    assert worker.sent != [dead.pk]
    assert tuning.is_tuned(catalog)


def test_a_run_that_a_worker_has_taken_up_again_is_waited_for(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, _ = make_halves()
    taken_up = start_tuning(catalog.pk, placement="home", options=QUICK)

    def refuse(*_: Any, **__: Any) -> None:
        raise TrainingUnderWayError("home is being tuned already")

    monkeypatch.setattr(tuning, "start_tuning", refuse)
    tuning.tune_home(catalog, quiet(), lambda: run_tuning(taken_up.pk))  # type: ignore[arg-type, return-value]
    assert worker.sent == []
    assert tuning.is_tuned(catalog)
    FittedRanking.objects.all().delete()
    with pytest.raises(CommandError, match="home is being tuned already"):
        tuning.tune_home(catalog, quiet(), worker)


def test_a_failure_ends_the_demo_with_its_reason(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, _ = make_halves()
    monkeypatch.setattr(tuning, "OPTIONS", {**QUICK, "learners": ["even"]})
    monkeypatch.setattr(Even, "fails", RuntimeError("broken"))
    with pytest.raises(CommandError, match="tuning home: no learner fits these data"):
        tuning.tune_home(catalog, quiet(), worker)
    assert not tuning.is_tuned(catalog)


def test_one_that_somebody_stops_is_told(worker: Worker) -> None:
    catalog, _ = make_halves()
    with pytest.raises(CommandError, match="somebody has stopped it"):
        tuning.tune_home(catalog, quiet(), lambda: Evaluation.objects.all().delete())  # type: ignore[arg-type, return-value]


def test_a_tuning_by_hand_counts(worker: Worker) -> None:
    catalog, _ = make_halves()
    options: Any = QUICK
    tune_placement(catalog.pk, "home", options=TuningOptions(**options))
    tuning.tune_home(catalog, quiet(), worker)
    assert worker.sent == []
