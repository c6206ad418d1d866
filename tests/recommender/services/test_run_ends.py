"""The end of a run that publishes nothing: its state and its checkpoint change together or not at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from recommender.models import ModelArrays, TrainedModel
from recommender.services import run_ends
from recommender.services.checkpoints import StoredCheckpoint
from recommender.services.run_ends import mark_cancelled, mark_failed
from recommender.services.training import start_training
from tests.recommender.logs import make_catalog

pytestmark = pytest.mark.django_db

End = Callable[[int], bool]
ENDS = pytest.mark.parametrize(
    ("end", "state", "error"),
    [(mark_cancelled, "cancelled", ""), (lambda pk: mark_failed(pk, error="no memory"), "failed", "no memory")],
    ids=["cancelled", "failed"],
)


def make_run() -> TrainedModel:
    run = start_training(make_catalog().pk, learner="popular")
    StoredCheckpoint(run.pk, digest=b"data").save({"round": np.arange(3)})
    return run


@ENDS
def test_a_run_ends_without_its_checkpoint_once(end: End, state: str, error: str) -> None:
    run = make_run()
    assert end(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == (state, error)
    ended_at = run.finished_at
    assert ended_at is not None
    assert not ModelArrays.objects.exists()
    assert not end(run.pk)
    run.refresh_from_db()
    assert run.finished_at == ended_at


@ENDS
def test_what_dies_between_state_and_checkpoint_leaves_both(
    end: End, state: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: int) -> None:
        raise ConnectionError("the worker is gone")

    run = make_run()
    monkeypatch.setattr(run_ends, "drop_checkpoint", die)
    with pytest.raises(ConnectionError):
        end(run.pk)
    run.refresh_from_db()
    assert (run.state, run.finished_at) == ("training", None)
    assert ModelArrays.objects.filter(model=run).exists()


def test_a_run_that_is_over_keeps_its_state() -> None:
    run = make_run()
    TrainedModel.objects.filter(pk=run.pk).update(state=TrainedModel.State.CANDIDATE)
    assert not mark_failed(run.pk, error="too late")
    assert not mark_cancelled(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error, run.cancel_requested) == ("candidate", "", False)
