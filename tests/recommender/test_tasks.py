"""Training in the background: which learners are due, and what goes live by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import pytest
from django.utils import timezone

from recommender import tasks
from recommender.learners import Progress, Shape, Vectors, learners
from recommender.models import ModelArrays, Placement, PlacementStrategy, TrainedModel
from recommender.services.promotion import promote_model
from recommender.services.retraining import start_due_trainings
from recommender.services.training import start_training, train_model
from recommender.training.dataset import InteractionDataset
from recsite.celery import app
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.slow_learner import SlowOptions, register_slow

pytestmark = pytest.mark.django_db


class Lines:
    """Places items on a line."""

    Options: ClassVar[type[SlowOptions]] = SlowOptions
    shape: ClassVar[Shape] = "vectors"

    def __init__(self, options: SlowOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Vectors:
        return Vectors(dataset.item_ids, np.ones((len(dataset.item_ids), 2), dtype=np.float32))


def run_due() -> dict[str, int]:
    """Run the hourly task, and at once what it sends out."""
    found: dict[str, int] = tasks.train_published_models.apply().get()
    return found


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = before


def test_the_tasks_are_routed_to_the_train_queue() -> None:
    for task in (tasks.train_model_run, tasks.train_published_models, tasks.train_interrupted_models):
        assert app.amqp.router.route({}, task.name)["queue"].name == "train"


def test_learners_of_placements_are_trained_and_go_live() -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    record(profile, item, at=0)
    placement = Placement.objects.create(catalog=catalog, key="home", name="Home")
    for reader, source in (
        ("scores", "popular"), ("neighbours", "co_visitation"), ("history_match", "text"), ("scores", "gone_plugin")
    ):  # fmt: skip
        PlacementStrategy.objects.create(placement=placement, reader=reader, source=source)
    assert run_due() == {"started": 2}
    assert list(TrainedModel.objects.order_by("learner").values_list("learner", "state")) == [
        ("co_visitation", "active"),
        ("popular", "active"),
    ]


def test_an_active_model_is_trained_again_with_its_options() -> None:
    catalog = make_catalog()
    first = train_model(start_training(catalog.pk, learner="popular", options={"half_life_days": 3.0}).pk)
    promote_model(first.pk)
    run_due()
    second = TrainedModel.objects.get(state="active")
    first.refresh_from_db()
    assert second.pk != first.pk
    assert (second.options, first.state) == ({"half_life_days": 3.0}, "retired")


def test_options_that_no_longer_fit_give_way_to_the_defaults() -> None:
    catalog = make_catalog()
    TrainedModel.objects.create(
        catalog=catalog, learner="popular", shape="scores", state="active", options={"from_before": 1}
    )
    run_due()
    assert TrainedModel.objects.get(state="active").options == {"half_life_days": 30.0}


def test_old_versions_go_as_new_ones_come() -> None:
    catalog = make_catalog()
    promote_model(train_model(start_training(catalog.pk, learner="newest").pk).pk)
    for _ in range(6):
        run_due()
    states = list(TrainedModel.objects.order_by("id").values_list("state", flat=True))
    assert states == ["retired", "retired", "retired", "active"]


def test_nothing_in_use_is_nothing_due() -> None:
    catalog = make_catalog()
    start_training(catalog.pk, learner="popular")
    assert start_due_trainings() == []


@pytest.mark.parametrize(("promote", "state"), [(False, "candidate"), (True, "active")])
def test_a_lost_run_is_sent_again_and_keeps_its_wish(promote: bool, state: str) -> None:
    catalog = make_catalog()
    lost = start_training(catalog.pk, learner="popular", promote=promote)
    TrainedModel.objects.filter(pk=lost.pk).update(created_at=timezone.now() - timedelta(hours=2))
    assert run_due() == {"started": 1}
    lost.refresh_from_db()
    assert lost.state == state


def test_what_takes_long_rests_for_many_times_as_long() -> None:
    catalog = make_catalog()
    slow = train_model(start_training(catalog.pk, learner="popular").pk)
    promote_model(slow.pk)
    now = timezone.now()
    for begun, finished, due in ((7.0, 6.0, False), (14.0, 13.0, True), (1.1, 1.05, True)):  # hours ago
        TrainedModel.objects.filter(pk=slow.pk).update(
            trained_until=now - timedelta(hours=begun), finished_at=now - timedelta(hours=finished)
        )
        sent = start_due_trainings()
        assert bool(sent) is due, (begun, finished)
        TrainedModel.objects.filter(pk__in=sent).delete()


def test_vectors_are_retrained_once_they_are_in_use_and_not_before() -> None:
    catalog = make_catalog()
    placement = Placement.objects.create(catalog=catalog, key="home", name="Home")
    PlacementStrategy.objects.create(placement=placement, reader="history_match", source="lines")
    learners.register("lines")(Lines)
    try:
        assert start_due_trainings() == []
        TrainedModel.objects.create(catalog=catalog, learner="lines", shape="vectors", state="active")
        (sent,) = start_due_trainings()
    finally:
        learners.unregister("lines")
    run = TrainedModel.objects.get(pk=sent)
    assert (run.learner, run.shape, run.promote_when_trained, run.measure) == ("lines", "vectors", True, True)


def test_the_runs_of_dead_workers_come_back() -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    register_slow()
    try:
        dead = start_training(catalog.pk, learner="slow", promote=True)
        TrainedModel.objects.filter(pk=dead.pk).update(trained_until=timezone.now(), attempts=1)
        ModelArrays.objects.create(model=dead, name="checkpoint", data=b"torn")
        result = tasks.train_interrupted_models.apply().get()
    finally:
        learners.unregister("slow")
    dead.refresh_from_db()
    assert (result, dead.state, dead.attempts) == ({"started": 1}, "active", 2)


def test_a_dead_workers_run_does_not_keep_the_next_from_coming() -> None:
    catalog = make_catalog()
    promote_model(train_model(start_training(catalog.pk, learner="popular").pk).pk)
    dead = start_training(catalog.pk, learner="popular")
    TrainedModel.objects.filter(pk=dead.pk).update(trained_until=timezone.now())
    assert run_due() == {"started": 1}
    dead.refresh_from_db()
    assert dead.state == "failed"


def test_a_run_without_promotion_stays_a_candidate() -> None:
    model = start_training(make_catalog().pk, learner="popular")
    result: dict[str, Any] = tasks.train_model_run.apply(args=[model.pk]).get()
    assert result == {"model": model.pk, "state": "candidate"}


def test_a_delivery_after_the_training_still_promotes() -> None:
    model = train_model(start_training(make_catalog().pk, learner="popular").pk)
    for _ in range(2):
        tasks.train_model_run.apply(args=[model.pk], kwargs={"promote": True}).get()
    model.refresh_from_db()
    assert model.state == "active"
