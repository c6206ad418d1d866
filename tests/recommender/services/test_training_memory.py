"""Trainings that cannot fit into memory are refused before they start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from recommender.learners import learners
from recommender.models import ModelArrays, TrainedModel
from recommender.services import training_memory
from recommender.services.training import start_training, train_model
from recommender.services.training_memory import check_memory
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.slow_learner import Slow, SlowOptions, register_slow

pytestmark = pytest.mark.django_db

MIB = 2**20


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A learner that needs 1 MiB an item, 10 a profile and 100 an interaction."""

    def estimate(self: Slow, items: int, profiles: int, interactions: int) -> int:
        return MIB * (items + 10 * profiles + 100 * interactions)

    monkeypatch.setattr(Slow, "estimate_bytes", estimate, raising=False)
    register_slow()
    yield
    learners.unregister("slow")


def make_log() -> int:
    catalog = make_catalog()
    items, profiles = make_items(catalog, 3), make_profiles(catalog, 2)
    for hour, profile in enumerate(profiles * 4):
        record(profile, items[hour % 3], at=hour)
    return catalog.pk


def train() -> TrainedModel:
    return train_model(start_training(make_log(), learner="slow").pk)


def test_the_error_gives_the_estimate_and_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_memory, "find_available_bytes", lambda: 2 * 2**30)
    monkeypatch.setattr(Slow, "estimate_bytes", lambda self, items, profiles, interactions: 5 * 2**29)
    monkeypatch.setattr(Slow, "train", None)
    model = train()
    assert (model.state, model.error) == (
        "failed",
        "TrainingTooLargeError: needs about 2.5 GiB for 3 items, 2 profiles and 8 interactions; 2.0 GiB is available",
    )


def test_the_setting_overrides_what_the_machine_has(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_memory, "find_available_bytes", lambda: 1)
    settings.RECSITE_TRAINING = {"memory_mb": 823}
    assert train().state == "candidate"
    settings.RECSITE_TRAINING = {"memory_mb": 822}
    model = train_model(start_training(TrainedModel.objects.get().catalog_id, learner="slow").pk)
    assert model.error.endswith("needs about 823.0 MiB for 3 items, 2 profiles and 8 interactions; "
                                "RECSITE_TRAINING allows 822.0 MiB")  # fmt: skip
    assert not ModelArrays.objects.exists()


def test_where_nothing_tells_what_there_is_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_memory, "find_available_bytes", lambda: None)
    assert train().state == "candidate"


def test_a_learner_that_does_not_say_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Slow, "estimate_bytes")
    monkeypatch.setattr(training_memory, "find_available_bytes", lambda: 1)
    assert check_memory(Slow(SlowOptions()), make_log()) is None


@pytest.mark.parametrize("value", [{"memory_mb": -1}, {"memory": 5}, {"most_attempts": 0}])
def test_a_wrong_setting_says_which(settings: Any, value: dict[str, int]) -> None:
    settings.RECSITE_TRAINING = value
    with pytest.raises(ImproperlyConfigured, match=f"RECSITE_TRAINING: option '{next(iter(value))}'"):
        check_memory(Slow(SlowOptions()), make_log())
