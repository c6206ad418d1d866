"""Checkpoints: what is found again, by whom, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.models import ModelArrays, TrainedModel
from recommender.services import checkpoints
from recommender.services.checkpoints import StoredCheckpoint, drop_checkpoint, has_checkpoint
from tests.recommender.logs import make_catalog

pytestmark = pytest.mark.django_db

DIGEST = bytes(range(16))


@pytest.fixture
def run() -> TrainedModel:
    return TrainedModel.objects.create(catalog=make_catalog(), learner="slow", shape="scores")


def test_the_first_start_finds_nothing(run: TrainedModel) -> None:
    assert StoredCheckpoint(run.pk, digest=DIGEST).load() is None
    assert not has_checkpoint(run.pk)


def test_another_worker_finds_what_was_saved_last(run: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE_FACTOR", 0.0)
    first = StoredCheckpoint(run.pk, digest=DIGEST)
    first.save({"round": np.array(1), "weights": np.eye(2, dtype=np.float32)})
    first.save({"round": np.array(2), "bias": np.array([0.5])})
    found = StoredCheckpoint(run.pk, digest=DIGEST).load()
    assert found is not None
    assert sorted(found) == ["bias", "round"]
    assert (int(found["round"]), found["bias"].tolist(), found["bias"].dtype) == (2, [0.5], np.float64)
    assert ModelArrays.objects.count() == 1


def test_on_other_data_nothing_is_found(run: TrainedModel) -> None:
    StoredCheckpoint(run.pk, digest=DIGEST).save({"round": np.array(1)})
    assert StoredCheckpoint(run.pk, digest=bytes(16)).load() is None


def test_what_cannot_be_read_is_no_checkpoint(run: TrainedModel, caplog: pytest.LogCaptureFixture) -> None:
    ModelArrays.objects.create(model=run, name="checkpoint", data=b"torn")
    assert StoredCheckpoint(run.pk, digest=DIGEST).load() is None
    assert "starts over" in caplog.text


def test_a_save_rests_after_a_dear_one(run: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 103.0, 132.9, 133.0, 133.5])
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: next(clock))
    checkpoint = StoredCheckpoint(run.pk, digest=DIGEST)
    for number in (1, 2, 3):  # at 100 (takes 3 s), 132.9 (rests until 133) and 133
        checkpoint.save({"round": np.array(number)})
        found = checkpoint.load()
        assert found is not None
        assert int(found["round"]) == {1: 1, 2: 1, 3: 3}[number]


def test_one_too_large_for_a_row_is_passed_over(
    run: TrainedModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_BYTES", 2**20)
    checkpoint = StoredCheckpoint(run.pk, digest=DIGEST)
    for _ in range(2):
        checkpoint.save({"weights": np.zeros(2**20, dtype=np.float64)})
    assert not has_checkpoint(run.pk)
    assert caplog.text.count("a checkpoint of 8 MiB is not kept") == 1


def test_the_arrays_of_a_publication_are_no_checkpoint(run: TrainedModel) -> None:
    ModelArrays.objects.create(model=run, name="publication", data=b"")
    assert not has_checkpoint(run.pk)
    drop_checkpoint(run.pk)
    assert ModelArrays.objects.count() == 1
