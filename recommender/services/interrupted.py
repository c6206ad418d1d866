"""Runs whose worker has died: taken up again where something was put by, else marked as failed."""

import logging
from contextlib import suppress

from recommender.conf import get_conf
from recommender.learners.fits import is_resumable
from recommender.models import TrainedModel
from recommender.services.checkpoints import has_checkpoint
from recommender.services.run_ends import mark_cancelled, mark_failed
from recommender.services.training_locks import TrainingUnderWayError, hold_training

logger = logging.getLogger(__name__)

_TRAINING = TrainedModel.State.TRAINING


def find_interrupted_runs() -> list[int]:
    """Return the ids of the runs to send out again: begun, their workers dead, and something to go on from.

    Other runs of dead workers are marked as failed, or cancelled where that was asked for, so that they keep nobody
    from beginning anew.
    """
    begun = TrainedModel.objects.filter(state=_TRAINING, trained_until__isnull=False)
    found: list[int] = []
    for catalog_id, learner in sorted(set(begun.values_list("catalog_id", "learner"))):
        with suppress(TrainingUnderWayError), hold_training(catalog_id, learner):
            found += settle_dead_runs(catalog_id, learner=learner)
    return found


def settle_dead_runs(catalog_id: int, *, learner: str, except_id: int = 0) -> list[int]:
    """Decide on the begun runs of a learner, for whoever holds its lock: their workers are dead.

    Returns the ids of those that can go on. Runs that nobody has begun (``trained_until`` is not set) keep waiting.
    """
    begun = TrainedModel.objects.filter(
        catalog_id=catalog_id, learner=learner, state=_TRAINING, trained_until__isnull=False
    ).exclude(pk=except_id)
    going_on = []
    for model in begun.order_by("pk"):
        if model.cancel_requested:
            mark_cancelled(model.pk)
        elif model.attempts < get_conf().most_attempts and can_go_on(model):
            going_on.append(model.pk)
        else:
            give_up_run(model)
    return going_on


def can_go_on(model: TrainedModel) -> bool:
    """Return whether a run that has begun need not start over."""
    return model.trained_until is not None and is_resumable(model.learner) and has_checkpoint(model.pk)


def give_up_run(model: TrainedModel) -> None:
    """Mark a run of a dead worker as failed."""
    error = "The worker ended before the training did."
    if model.attempts > 1:
        error = f"The worker ended before the training did, at each of {model.attempts} attempts."
    logger.error("training %s failed: %s", model, error)
    mark_failed(model.pk, error=error)
