"""Runs of dead workers: which go on, which are given up, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from recommender.learners import Checkpoint, Progress, Scores, learners
from recommender.models import ItemScore, ModelArrays, TrainedModel
from recommender.services import checkpoints
from recommender.services.interrupted import find_interrupted_runs
from recommender.services.training import start_training, train_model
from recommender.training.dataset import InteractionDataset
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.slow_learner import Slow, register_slow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(checkpoints, "PAUSE_FACTOR", 0.0)
    register_slow()
    yield
    learners.unregister("slow")


class Killed(BaseException):
    """Stands for the end of the process: nothing may catch it."""


def die_at(fraction: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next training end without a word at ``fraction``: its row stays as a killed worker leaves it."""
    real = Slow.train

    def train(self: Slow, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint) -> Scores:
        def progress_and_die(reached: float) -> None:
            progress(reached)
            if reached >= fraction:
                monkeypatch.setattr(Slow, "train", real)
                raise Killed

        return real(self, dataset, progress=progress_and_die, checkpoint=checkpoint)

    monkeypatch.setattr(Slow, "train", train)
    monkeypatch.setattr("recommender.services.training._fail", lambda model, error: None)


def make_run(**fields: Any) -> TrainedModel:
    return TrainedModel.objects.create(**{
        "catalog": make_catalog(), "learner": "slow", "shape": "scores", "trained_until": timezone.now(),
        "attempts": 1, **fields,
    })  # fmt: skip


def put_by(run: TrainedModel) -> None:
    ModelArrays.objects.create(model=run, name="checkpoint", data=b"")


def test_what_has_put_something_by_goes_on_to_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog()
    items, (profile,) = make_items(catalog, 4), make_profiles(catalog, 1)
    record(profile, items[0], at=0)
    undisturbed = train_model(start_training(catalog.pk, learner="slow").pk)
    run = start_training(catalog.pk, learner="slow")
    die_at(0.5, monkeypatch)
    with pytest.raises(Killed):
        train_model(run.pk)
    begun = TrainedModel.objects.get(pk=run.pk).trained_until
    assert find_interrupted_runs() == [run.pk]
    run = train_model(run.pk)
    assert (run.state, run.attempts, run.metrics["learner_rounds_here"], run.trained_until) == (
        "candidate", 2, 20.0, begun
    )  # fmt: skip
    assert read_scores(run) == read_scores(undisturbed)


def test_where_the_data_has_changed_meanwhile_it_starts_over(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog()
    make_items(catalog, 4)
    run = start_training(catalog.pk, learner="slow")
    die_at(0.5, monkeypatch)
    with pytest.raises(Killed):
        train_model(run.pk)
    catalog.item_set.get(key="i3").delete()
    run = train_model(run.pk)
    assert (run.state, run.metrics["learner_rounds_here"], run.metrics["rows"]) == ("candidate", 40.0, 3)


def test_without_a_checkpoint_it_has_failed() -> None:
    run = make_run()
    assert find_interrupted_runs() == []
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "The worker ended before the training did.")


def test_a_learner_that_cannot_go_on_has_failed_whatever_is_kept() -> None:
    run = make_run(learner="popular")
    put_by(run)
    assert find_interrupted_runs() == []
    run.refresh_from_db()
    assert run.state == "failed"
    assert not ModelArrays.objects.exists()


def test_a_learner_whose_plug_in_is_gone_has_failed() -> None:
    put_by(make_run(learner="gone_plugin"))
    assert find_interrupted_runs() == []
    assert TrainedModel.objects.get().state == "failed"


def test_it_is_given_up_after_so_many_attempts(settings: Any) -> None:
    settings.RECSITE_TRAINING = {"most_attempts": 2}
    run = make_run(attempts=2)
    put_by(run)
    assert find_interrupted_runs() == []
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "The worker ended before the training did, at each of 2 attempts.")


def test_a_message_that_comes_again_and_again_does_not_train_for_ever(settings: Any) -> None:
    settings.RECSITE_TRAINING = {"most_attempts": 2}
    run = make_run(learner="popular", attempts=2)
    assert train_model(run.pk).state == "failed"


def test_one_that_was_to_be_cancelled_is() -> None:
    run = make_run(cancel_requested=True)
    put_by(run)
    assert find_interrupted_runs() == []
    run.refresh_from_db()
    assert (run.state, ModelArrays.objects.count()) == ("cancelled", 0)


def test_waiting_runs_and_those_that_are_over_are_left_alone() -> None:
    waiting = make_run(trained_until=None, attempts=0)
    TrainedModel.objects.create(catalog=waiting.catalog, learner="slow", shape="scores", state="candidate")
    assert find_interrupted_runs() == []
    assert set(TrainedModel.objects.values_list("state", flat=True)) == {"training", "candidate"}


def test_a_run_of_the_same_learner_leaves_what_can_go_on_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = make_run()
    put_by(dead)
    train_model(start_training(dead.catalog_id, learner="slow").pk)
    dead.refresh_from_db()
    assert dead.state == "training"
    assert find_interrupted_runs() == [dead.pk]


def read_scores(model: TrainedModel) -> list[tuple[int, float]]:
    rows = ItemScore.objects.filter(model=model).order_by("item_id").values_list("item_id", "score")
    assert np.isfinite([score for _, score in rows]).all()
    return list(rows)
