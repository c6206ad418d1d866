"""How a run ends that publishes nothing: its last state and the end of its checkpoint, in one transaction."""

from django.db import transaction
from django.utils import timezone

from recommender.models import TrainedModel
from recommender.services.checkpoints import drop_checkpoint

State = TrainedModel.State


def mark_cancelled(model_id: int) -> bool:
    """Mark a run as cancelled that is not over; return whether it was still open. For whoever knows it has stopped."""
    return _end(model_id, state=State.CANCELLED, cancel_requested=True)


def mark_failed(model_id: int, *, error: str) -> bool:
    """Mark a run as failed that is not over, with what became of it; return whether it was still open."""
    return _end(model_id, state=State.FAILED, error=error)


def _end(model_id: int, **changes: object) -> bool:
    with transaction.atomic():  # whoever sees the state finds no checkpoint any more
        found = TrainedModel.objects.filter(pk=model_id, state=State.TRAINING)
        ended = found.update(**changes, finished_at=timezone.now()) == 1
        drop_checkpoint(model_id)
    return ended
