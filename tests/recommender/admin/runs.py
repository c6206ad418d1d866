"""Runs of learners for the pages that show them, and what a worker was asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recommender import tasks
from recommender.models import TrainedModel
from tests.recommender.worlds import NOW, World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world("a", "b")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The trainings that a worker was asked for."""
    found: list[int] = []
    monkeypatch.setattr(tasks.train_model_run, "apply_async", lambda args, named, **_: found.append(*args, **named))
    return found


def make_model(world: World, state: str, days: int) -> TrainedModel:
    return TrainedModel.objects.create(
        catalog=world.catalog, learner="popular", shape="scores", state=state, promoted_at=NOW + timedelta(days=days)
    )


def step(name: str, model: TrainedModel) -> str:
    return f"/admin/recommender/trainedmodel/{model.pk}/{name}/"


WORSE = {
    "held_out_protocol": "time:0.9", "held_out_cases": 1234,
    "held_out_ndcg@10": 0.25, "held_out_ndcg@10_interval": [0.2, 0.3],
    "held_out_hr@10": 0.5, "held_out_hr@10_interval": [0.45, 0.55],
    "held_out_recall@10": 0.4, "held_out_recall@10_interval": [0.35, 0.45],
    "champion_ndcg@10": 0.3125, "champion_hr@10": 0.625, "champion_recall@10": 0.5,
    "champion_difference": -0.0625, "champion_difference_interval": [-0.09, -0.03], "champion_p": 0.001,
    "judgement": "worse",
}  # fmt: skip


def make_worse(world: World) -> tuple[TrainedModel, TrainedModel]:
    """An active model, and a candidate that was measured beside it and found worse."""
    active = make_model(world, "active", 0)
    worse = TrainedModel.objects.create(
        catalog=world.catalog,
        learner="popular",
        shape="neighbours",
        state="candidate",
        measure=True,
        metrics={**WORSE, "champion": active.pk},
    )
    return active, worse
