"""What becomes of evaluations that cannot be started, fail, are deleted, or lose their worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from catalog.models import Catalog
from profiles.models import Interaction
from recommender.models import Evaluation, Placement
from recommender.services import evaluation_runs
from recommender.services.evaluating import EvaluationError, run_evaluation, start_evaluation
from recommender.services.evaluation_runs import EvaluationUnderWayError, hold_evaluation
from recommender.tasks import evaluate_placement
from recsite.celery import app
from tests.recommender.chain_world import Follow
from tests.recommender.chain_world import follow as follow
from tests.recommender.logs import make_catalog
from tests.recommender.walks import LAST_STEP, make_walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("follow")]


@pytest.fixture
def catalog() -> Catalog:
    return make_walks()[0]


def start(catalog: Catalog, protocol: str = LAST_STEP) -> Evaluation:
    return start_evaluation(catalog.pk, placement="home", protocol=protocol)


@pytest.mark.parametrize(
    ("named", "field", "message"),
    [
        ({"placement": "nowhere"}, "placement", "no placement 'nowhere'"),
        ({"placement": "ho\0me"}, "placement", "no placement"),
        ({"protocol": "tomorrow"}, "protocol", "no protocol is called 'tomorrow'"),
        ({"protocol": "time:2"}, "protocol", "share must lie between 0 and 1, not '2'"),
        ({"protocol": "time"}, "protocol", "time needs its share"),
        ({"protocol": "time:0.9:x"}, "protocol", "one argument too many"),
        ({"protocol": "rating:0.8"}, "protocol", "predicts ratings, which a placement does not"),
        ({"options": {"k": 0}}, "options", "'k'"),
        ({"options": {"k": 101}}, "options", "'k'"),
        ({"options": {"cases": 0}}, "options", "'cases'"),
        ({"options": {"seed": -1}}, "options", "'seed'"),
        ({"options": {"cutoff": 3}}, "options", "cutoff"),
    ],
)
def test_what_cannot_be_started_says_why(catalog: Catalog, named: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message) as raised:
        start_evaluation(catalog.pk, **{"placement": "home", "protocol": LAST_STEP, **named})
    assert raised.value.field == field
    assert not Evaluation.objects.exists()


def test_the_placement_of_another_catalog_is_unknown(catalog: Catalog) -> None:
    with pytest.raises(EvaluationError, match="no placement 'home'"):
        start_evaluation(make_catalog("films").pk, placement="home", protocol=LAST_STEP)


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ("time:0.0001", "leaves no interaction to learn from"),
        ("next-item", "leaves nobody to test"),
    ],
)
def test_a_log_that_does_not_carry_the_split_is_a_failure(catalog: Catalog, protocol: str, message: str) -> None:
    if protocol == "next-item":
        Interaction.objects.filter(profile__key__startswith="p").delete()
    done = run_evaluation(start(catalog, protocol).pk)
    assert done is not None
    assert (done.state, done.report) == ("failed", {})
    assert message in done.error
    assert done.finished_at is not None


def test_an_empty_log_is_a_failure() -> None:
    catalog = make_catalog("films")
    Placement.objects.create(catalog=catalog, key="home", name="For you")
    done = run_evaluation(start(catalog).pk)
    assert done is not None
    assert done.state == "failed"
    assert "cannot cut an empty log" in done.error


def test_a_learner_that_fails_is_a_failure(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no \0 convergence")

    monkeypatch.setattr(Follow, "train", fail)
    done = run_evaluation(start(catalog).pk)
    assert done is not None
    assert (done.state, done.error) == ("failed", "RuntimeError: no  convergence")


def test_an_interrupt_is_noted_and_passed_on(catalog: Catalog) -> None:
    row = start(catalog)

    def interrupt(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_evaluation(row.pk, progress=interrupt)
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "KeyboardInterrupt")


def test_to_delete_an_evaluation_is_to_stop_it(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_runs, "PROGRESS_SECONDS", 0.0)
    row = start(catalog)
    seen: list[float] = []

    def delete(fraction: float) -> None:
        seen.append(fraction)
        Evaluation.objects.filter(pk=row.pk).delete()

    assert run_evaluation(row.pk, progress=delete) is None
    assert len(seen) == 1


def test_progress_runs_from_0_to_1(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_runs, "PROGRESS_SECONDS", 0.0)
    row = start(catalog)
    seen: list[tuple[float, float]] = []

    def note(fraction: float) -> None:
        seen.append((fraction, Evaluation.objects.values_list("progress", flat=True).get(pk=row.pk)))

    run_evaluation(row.pk, progress=note)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert (fractions[-1], len(fractions) > 40) == (1.0, True)
    assert [stored for _, stored in seen[1:]] == pytest.approx(fractions[:-1])


def test_running_one_twice_changes_nothing(catalog: Catalog, follow: list[tuple[int, int]]) -> None:
    row = start(catalog)
    first, second = run_evaluation(row.pk), run_evaluation(row.pk)
    assert first is not None
    assert second is not None
    assert (first.report, first.finished_at) == (second.report, second.finished_at)
    assert len(follow) == 1


@pytest.fixture
def other_session() -> Iterator[psycopg.Connection[Any]]:
    known = ("dbname", "user", "host", "port", "password")
    params = {name: value for name, value in connection.get_connection_params().items() if name in known}
    with psycopg.connect(**params, autocommit=True) as session:
        yield session


def find_key(evaluation_id: int) -> int:
    """Read the key of the lock off the server."""
    with hold_evaluation(evaluation_id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks "
            "WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 1"
        )
        ((key,),) = cursor.fetchall()
    return int(key)


def test_one_is_run_by_one_worker_at_a_time(catalog: Catalog, other_session: psycopg.Connection[Any]) -> None:
    row = start(catalog)
    other_session.execute("SELECT pg_advisory_lock(%s)", [find_key(row.pk)])
    with pytest.raises(EvaluationUnderWayError):
        run_evaluation(row.pk)
    Evaluation.objects.filter(pk=row.pk).update(progress=0.5)
    start(catalog)
    row.refresh_from_db()
    assert row.state == "running"


def test_one_whose_worker_has_died_is_settled_when_the_next_is_started(catalog: Catalog) -> None:
    begun, waiting = start(catalog), start(catalog)
    Evaluation.objects.filter(pk=begun.pk).update(progress=0.5)
    start(catalog)
    begun.refresh_from_db()
    waiting.refresh_from_db()
    assert (begun.state, begun.error) == ("failed", "The worker ended before the evaluation did.")
    assert waiting.state == "running"


def test_one_whose_worker_has_died_starts_over_when_its_message_comes_again(catalog: Catalog) -> None:
    row = start(catalog)
    Evaluation.objects.filter(pk=row.pk).update(progress=0.5)
    done = run_evaluation(row.pk)
    assert done is not None
    assert done.state == "done"


def test_the_task_goes_to_the_train_queue_and_tells_the_state(catalog: Catalog) -> None:
    assert app.amqp.router.route({}, evaluate_placement.name)["queue"].name == "train"
    row = start(catalog)
    assert evaluate_placement.apply((row.pk,)).get() == {"evaluation": row.pk, "state": "done"}
    row.delete()
    assert evaluate_placement.apply((10**9,)).get() == {"evaluation": 10**9, "state": "deleted"}
