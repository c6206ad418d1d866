"""Tunings as rows: what the admin sees of them, and what becomes of those that end badly."""

from __future__ import annotations

import pytest

from recommender import tasks
from recommender.models import Evaluation, FittedRanking
from recommender.services.training_locks import TrainingUnderWayError
from recommender.services.tuning_cases import TuningError
from recommender.services.tuning_runs import run_tuning, start_tuning
from recsite.celery import app
from tests.recommender.halves_world import Even, make_halves
from tests.recommender.halves_world import halves as halves
from tests.recommender.services.test_tuning import other_session as other_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

OPTIONS = {"budget_seconds": 5.0, "learners": ["even", "odd"], "protocol": "next-item"}


def test_a_run_leaves_its_report_and_what_it_put_live() -> None:
    catalog, _placement = make_halves()
    row = start_tuning(catalog.pk, placement="home", options=OPTIONS)
    assert (row.state, row.protocol, row.progress) == ("running", "tune", 0.0)
    done = run_tuning(row.pk)
    assert done is not None
    fitted = FittedRanking.objects.get()
    assert (done.state, done.protocol, done.progress, done.error) == ("done", "next-item", 1.0, "")
    assert done.options == {"k": 10, "cases": 4000, "seed": 0}
    assert (done.report["fitted"], done.report["live"]) == (fitted.pk, True)
    assert done.report["tuning"]["learners"] == ["even", "odd"]
    assert done.report["rows"] == fitted.metrics["report"]["rows"]
    assert run_tuning(row.pk) == done
    assert FittedRanking.objects.count() == 1


def test_the_task_runs_it_once_on_the_train_queue() -> None:
    assert app.amqp.router.route({}, tasks.tune_placement.name)["queue"].name == "train"
    catalog, _ = make_halves()
    row = start_tuning(catalog.pk, placement="home", options=OPTIONS)
    for _ in range(2):
        assert tasks.tune_placement(row.pk) == {"evaluation": row.pk, "state": "done"}
    assert FittedRanking.objects.count() == 1
    row.delete()
    assert tasks.tune_placement(row.pk) == {"evaluation": row.pk, "state": "deleted"}


def test_a_failure_says_why_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, placement = make_halves()
    monkeypatch.setattr(Even, "fails", RuntimeError("broken"))
    row = start_tuning(catalog.pk, placement="home", options={**OPTIONS, "learners": ["even"]})
    failed = run_tuning(row.pk)
    assert failed is not None
    assert (failed.state, failed.error) == ("failed", "no learner fits these data")
    assert placement.strategies.get().source == "even"


def test_to_delete_the_row_is_to_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.services.evaluation_runs.PROGRESS_SECONDS", 0.0)
    catalog, placement = make_halves()
    row = start_tuning(catalog.pk, placement="home", options=OPTIONS)

    def delete(fraction: float) -> None:
        if fraction > 0.8:
            Evaluation.objects.all().delete()

    assert run_tuning(row.pk, progress=delete) is None
    assert not FittedRanking.objects.exists()
    placement.refresh_from_db()
    assert placement.ranker == "reciprocal_rank"


def test_a_placement_that_is_deleted_meanwhile_ends_its_tuning() -> None:
    catalog, placement = make_halves()
    row = start_tuning(catalog.pk, placement="home", options=OPTIONS)
    placement.delete()
    failed = run_tuning(row.pk)
    assert failed is not None
    assert failed.error == "the placement has been deleted"


def test_one_that_nobody_has_begun_gives_way_to_the_next() -> None:
    catalog, _ = make_halves()
    waiting = start_tuning(catalog.pk, placement="home", options=OPTIONS)
    start_tuning(catalog.pk, placement="home", options=OPTIONS)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == ("failed", "A later tuning took its place.")


def test_one_whose_worker_has_died_is_settled_by_the_next() -> None:
    catalog, _ = make_halves()
    dead = start_tuning(catalog.pk, placement="home", options=OPTIONS)
    Evaluation.objects.filter(pk=dead.pk).update(progress=0.4)
    start_tuning(catalog.pk, placement="home", options=OPTIONS)
    dead.refresh_from_db()
    assert dead.error == "The worker ended before the evaluation did."


def test_none_is_started_while_one_is_under_way(other_session) -> None:  # type: ignore[no-untyped-def]
    from recommender.services.training_locks import _make_key

    catalog, _placement = make_halves()
    other_session.execute("SELECT pg_advisory_lock(%s)", [_make_key(catalog.pk, "placement home")])
    with pytest.raises(TrainingUnderWayError, match="home is being tuned already"):
        start_tuning(catalog.pk, placement="home", options=OPTIONS)
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize(
    ("placement", "options", "message"),
    [
        ("nowhere", {}, "no placement 'nowhere'"),
        ("home", {"protocol": "yesterday"}, "no protocol is called 'yesterday'"),
        ("home", {"budget_seconds": 0.0}, "'budget_seconds'"),
        ("home", {"cases": 0}, "'cases'"),
        ("home", {"colour": "red"}, "'colour'"),
    ],
)
def test_what_cannot_be_tuned_is_not_started(placement: str, options: dict[str, object], message: str) -> None:
    catalog, _ = make_halves()
    with pytest.raises(TuningError, match=message):
        start_tuning(catalog.pk, placement=placement, options=options)
    assert not Evaluation.objects.exists()
