"""Real worker processes that train: one that is killed in the middle loses little, and the result is the same."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from recommender import tasks
from recommender.learners import learners
from recommender.models import ItemScore, ModelArrays, TrainedModel
from recommender.services.cancelling import cancel_training
from recommender.services.training import start_training, train_model
from recsite.celery import app
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.slow_learner import register_slow
from tests.worker_processes import PATIENCE, Spawn, wait_until
from tests.worker_processes import spawn as spawn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

StartWorker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def slow() -> Iterator[None]:
    register_slow()
    yield
    learners.unregister("slow")


@pytest.fixture
def train_worker(spawn: Spawn) -> StartWorker:
    """Starts a real Celery worker on the queue of trainings, emptied before."""
    with app.connection_for_write() as broker:
        broker.default_channel.queue_purge("train")

    def start(**variables: str) -> subprocess.Popen[str]:
        arguments = ("-m", "celery", "-A", "recsite", "worker", "-P", "threads", "-c", "1", "-Q", "train")
        plug_in = ("--without-gossip", "--without-mingle", "-l", "WARNING", "-I", "tests.recommender.slow_learner")
        return spawn(*arguments, *plug_in, SLOW_LEARNER="1", **variables)

    return start


def read_scores(model: TrainedModel) -> list[tuple[int, float]]:
    return list(ItemScore.objects.filter(model=model).order_by("item_id").values_list("item_id", "score"))


def test_a_run_whose_worker_is_killed_goes_on_from_its_checkpoint_to_the_same_result(train_worker: StartWorker) -> None:
    catalog = make_catalog()
    items, (profile,) = make_items(catalog, 50), make_profiles(catalog, 1)
    record(profile, items[0], at=0)
    undisturbed = train_model(start_training(catalog.pk, learner="slow").pk)
    run = start_training(catalog.pk, learner="slow", promote=True)

    def has_saved_ten() -> bool:
        run.refresh_from_db()
        return ModelArrays.objects.filter(model=run).exists() and run.progress >= 0.25

    first = train_worker(SLOW_SECONDS="0.2")
    tasks.train_model_run.delay(run.pk)
    wait_until(has_saved_ten, process=first)
    first.send_signal(signal.SIGKILL)
    first.wait(PATIENCE)
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("training", 1)
    begun = run.trained_until

    def is_over() -> bool:
        run.refresh_from_db()
        return run.state not in ("training", "candidate")

    second = train_worker()
    tasks.train_interrupted_models.delay()
    wait_until(is_over, process=second)

    assert (run.state, run.error, run.attempts, run.trained_until) == ("active", "", 2, begun)
    assert read_scores(run) == read_scores(undisturbed)
    assert undisturbed.metrics["learner_rounds_here"] == 40
    assert run.metrics["learner_rounds_here"] <= 30
    assert not ModelArrays.objects.exists()


def test_a_run_is_cancelled_in_its_worker(train_worker: StartWorker) -> None:
    catalog = make_catalog()
    make_items(catalog, 5)
    run = start_training(catalog.pk, learner="slow", promote=True)
    worker = train_worker(SLOW_SECONDS="0.5")
    tasks.train_model_run.delay(run.pk)

    def has_begun() -> bool:
        run.refresh_from_db()
        return run.trained_until is not None

    def is_over() -> bool:
        run.refresh_from_db()
        return run.state != "training"

    wait_until(has_begun, process=worker)
    assert cancel_training(run.pk).state == "training"
    assert cancel_training(run.pk).cancel_requested
    wait_until(is_over, process=worker)
    assert (run.state, run.error) == ("cancelled", "")
    assert run.finished_at is not None
    assert not ItemScore.objects.exists()
    assert not ModelArrays.objects.exists()
