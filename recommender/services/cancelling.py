"""Cancels trainings: at once where nobody has begun, else by a note that the worker finds at its next progress."""

from django.db import OperationalError, connection, transaction

from recommender.models import TrainedModel
from recommender.services.run_ends import mark_cancelled
from recommender.services.training_locks import is_being_trained

State = TrainedModel.State
LOCK_WAIT = "3s"
"""How long to wait for a run's row: its worker holds it while it publishes."""


class CancellingError(Exception):
    """A run cannot be cancelled any more; the message says why."""


def cancel_training(model_id: int) -> TrainedModel:
    """Cancel a run and return its row: cancelled already, or ``cancel_requested`` while its worker is still at it.

    Nothing of it is published and its checkpoint goes. Cancelling again changes nothing. Raises CancellingError for
    a run that is over, and TrainedModel.DoesNotExist.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            model = TrainedModel.objects.select_for_update().get(pk=model_id)
            return _cancel(model)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":  # lock not available
            raise
        raise CancellingError(
            "It is being published right now; only what is still training can be cancelled."
        ) from error


def _cancel(model: TrainedModel) -> TrainedModel:
    if model.state == State.CANCELLED:
        return model
    if model.state != State.TRAINING:
        raise CancellingError(f"{model} is {model.state}; only what is still training can be cancelled")
    if model.trained_until is None or not is_being_trained(model.catalog_id, model.learner):
        mark_cancelled(model.pk)
        model.refresh_from_db()
    elif not model.cancel_requested:
        model.cancel_requested = True
        model.save(update_fields=["cancel_requested"])
    return model
