"""Cancelling: what becomes of a run in each state, and that nothing of it is published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from recommender.learners import Checkpoint, Progress, Scores, TrainingCancelled, learners
from recommender.models import ItemScore, ModelArrays, TrainedModel
from recommender.services import training, training_progress
from recommender.services.cancelling import CancellingError, cancel_training
from recommender.services.training import start_training, train_model
from recommender.services.training_locks import _make_key
from recommender.training.dataset import InteractionDataset
from tests.recommender.logs import make_catalog, make_items
from tests.recommender.slow_learner import Slow, register_slow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(training_progress, "PROGRESS_SECONDS", 0.0)
    register_slow()
    yield
    learners.unregister("slow")


@pytest.fixture
def elsewhere() -> Iterator[psycopg.Connection[Any]]:
    """Another session of the database: that of a worker."""
    named = ("dbname", "user", "host", "port", "password")
    parameters = {name: value for name, value in connection.get_connection_params().items() if name in named}
    with psycopg.connect(**parameters, autocommit=True) as session:
        yield session


def begin(model: TrainedModel) -> TrainedModel:
    TrainedModel.objects.filter(pk=model.pk).update(trained_until=timezone.now(), attempts=1)
    model.refresh_from_db()
    return model


def test_a_run_that_nobody_has_begun_is_cancelled_at_once_and_never_runs() -> None:
    run = start_training(make_catalog().pk, learner="slow")
    assert cancel_training(run.pk).state == "cancelled"
    model = train_model(run.pk)
    assert (model.state, model.attempts, model.error) == ("cancelled", 0, "")
    assert model.finished_at is not None


def test_a_run_under_way_is_asked_to_end_and_a_second_click_changes_nothing(
    elsewhere: psycopg.Connection[Any],
) -> None:
    run = begin(start_training(make_catalog().pk, learner="slow"))
    elsewhere.execute("SELECT pg_advisory_lock(%s)", [_make_key(run.catalog_id, "slow")])
    for _ in range(2):
        model = cancel_training(run.pk)
        assert (model.state, model.cancel_requested, model.finished_at) == ("training", True, None)


def test_a_dead_workers_run_is_cancelled_at_once() -> None:
    run = begin(start_training(make_catalog().pk, learner="slow"))
    ModelArrays.objects.create(model=run, name="checkpoint", data=b"")
    assert cancel_training(run.pk).state == "cancelled"
    assert not ModelArrays.objects.exists()


def test_the_worker_ends_at_its_next_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    run = start_training(catalog.pk, learner="slow")
    seen: list[float] = []

    def watch(fraction: float) -> None:
        seen.append(fraction)
        if len(seen) == 3:
            TrainedModel.objects.filter(pk=run.pk).update(cancel_requested=True)

    model = train_model(run.pk, progress=watch)
    assert len(seen) == 3
    assert (model.state, model.error) == ("cancelled", "")
    assert not ItemScore.objects.exists()
    assert not ModelArrays.objects.exists()


def test_a_cancel_between_the_last_progress_and_the_publication_still_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    run = start_training(catalog.pk, learner="slow")
    real = training.fit_learner

    def fit_and_cancel(*args: Any, **named: Any) -> Any:
        publication = real(*args, **named)
        TrainedModel.objects.filter(pk=run.pk).update(cancel_requested=True)
        return publication

    monkeypatch.setattr(training, "fit_learner", fit_and_cancel)
    assert train_model(run.pk).state == "cancelled"
    assert not ItemScore.objects.exists()


def test_a_run_whose_row_has_been_deleted_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog()
    run = start_training(catalog.pk, learner="slow")

    def train(self: Slow, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint) -> Scores:
        TrainedModel.objects.filter(pk=run.pk).delete()
        with pytest.raises(TrainingCancelled):
            progress(0.5)
        raise TrainingCancelled

    monkeypatch.setattr(Slow, "train", train)
    with pytest.raises(TrainedModel.DoesNotExist):
        train_model(run.pk)


@pytest.mark.parametrize("state", ["candidate", "active", "retired", "failed"])
def test_what_is_over_is_not_cancelled(state: str) -> None:
    run = start_training(make_catalog().pk, learner="slow")
    TrainedModel.objects.filter(pk=run.pk).update(state=state)
    with pytest.raises(CancellingError, match=f"is {state}; only what is still training can be cancelled"):
        cancel_training(run.pk)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_being_published_says_so(
    elsewhere: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(start_training(make_catalog().pk, learner="slow"))
    monkeypatch.setattr("recommender.services.cancelling.LOCK_WAIT", "10ms")
    with elsewhere.transaction():
        elsewhere.execute("SELECT 1 FROM recommender_trainedmodel WHERE id = %s FOR UPDATE", [run.pk])
        with pytest.raises(CancellingError, match="being published right now"):
            cancel_training(run.pk)
    assert cancel_training(run.pk).state == "cancelled"


def test_a_learner_that_was_cancelled_while_it_waited_for_the_lock_publishes_nothing() -> None:
    run = begin(start_training(make_catalog().pk, learner="slow"))
    TrainedModel.objects.filter(pk=run.pk).update(cancel_requested=True)
    assert train_model(run.pk).state == "cancelled"
    assert np.isclose(TrainedModel.objects.get(pk=run.pk).progress, 0.0)
