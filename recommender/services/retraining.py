"""Keeps what is published up to date: which learners are due, and what becomes of their runs."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.extensions import OptionError, load_options
from recommender.learners import Shape, learners
from recommender.models import PlacementStrategy, TrainedModel
from recommender.services.promotion import promote_model, prune_models
from recommender.services.training import fail_abandoned_runs, start_training
from recommender.services.training_locks import TrainingUnderWayError, hold_training

logger = logging.getLogger(__name__)

SELF_PROMOTING: frozenset[Shape] = frozenset({"scores", "neighbours"})
"""Shapes that are retrained and go live by themselves: counts, not optimised models that may go astray."""

LOST_AFTER = timedelta(hours=1)
"""A run that nobody has begun for so long: its message was lost, so it is sent again."""


@dataclass(frozen=True, slots=True)
class DueTraining:
    """A run to send out, and whether its result goes live."""

    model_id: int
    promote: bool


def start_due_trainings() -> list[DueTraining]:
    """Make a run for each learner in use that has none to come; return the runs to train, lost ones among them."""
    _fail_dead_runs()
    open_runs = TrainedModel.objects.filter(state=TrainedModel.State.TRAINING)
    coming = set(open_runs.values_list("catalog_id", "learner"))
    lost = open_runs.filter(trained_until=None, created_at__lt=timezone.now() - LOST_AFTER)
    due = [DueTraining(model_id, promote=False) for model_id in lost.order_by("id").values_list("id", flat=True)]
    for catalog_id, learner in sorted(find_learners_in_use() - coming):
        run = start_training(catalog_id, learner=learner, options=_find_options(catalog_id, learner))
        due.append(DueTraining(run.pk, promote=True))
    return due


def find_learners_in_use() -> set[tuple[int, str]]:
    """Return (catalog id, learner) of every self-promoting learner with an active model or a strategy that reads it."""
    active = TrainedModel.objects.filter(state=TrainedModel.State.ACTIVE).values_list("catalog_id", "learner")
    sources = PlacementStrategy.objects.values_list("placement__catalog_id", "source")
    return {
        (catalog_id, learner)
        for catalog_id, learner in [*active, *sources]
        if learner in learners and learners.get(learner).shape in SELF_PROMOTING
    }


def put_live(model_id: int) -> bool:
    """Promote a run's result if it is a candidate, and delete old versions; return whether it went live."""
    model = TrainedModel.objects.get(pk=model_id)
    is_candidate = model.state == TrainedModel.State.CANDIDATE
    if is_candidate:
        promote_model(model_id)
    prune_models(model.catalog_id, learner=model.learner)
    return is_candidate


def _fail_dead_runs() -> None:
    """Mark runs as failed that have begun but hold no lock: a dead worker's run must not keep the next from coming."""
    begun = TrainedModel.objects.filter(state=TrainedModel.State.TRAINING, trained_until__isnull=False)
    for catalog_id, learner in set(begun.values_list("catalog_id", "learner")):
        with suppress(TrainingUnderWayError), hold_training(catalog_id, learner):
            fail_abandoned_runs(catalog_id, learner=learner)


def _find_options(catalog_id: int, learner: str) -> Mapping[str, Any]:
    """Return the options of the active model, as far as the learner still takes them."""
    active = TrainedModel.objects.filter(
        catalog_id=catalog_id, learner=learner, state=TrainedModel.State.ACTIVE
    ).first()
    if active is None:
        return {}
    try:
        load_options(learners.get(learner).Options, active.options)
    except OptionError as error:
        logger.warning("%s: its options no longer fit, so the defaults are used: %s", active, error)
        return {}
    return active.options  # type: ignore[no-any-return]
