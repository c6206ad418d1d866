"""Keeps what is published up to date: which learners are due, and what becomes of their runs."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.extensions import OptionError, load_options
from recommender.conf import get_conf
from recommender.learners import Shape, learners
from recommender.models import PlacementStrategy, TrainedModel
from recommender.services.champion_gate import record_judgement
from recommender.services.interrupted import find_interrupted_runs
from recommender.services.promotion import promote_model, prune_models
from recommender.services.training import start_training

logger = logging.getLogger(__name__)

State = TrainedModel.State

FIRST_BY_ITSELF: frozenset[Shape] = frozenset({"scores", "neighbours"})
"""Shapes whose first model is trained once a strategy reads it; others are retrained where one is active already."""

LOST_AFTER = timedelta(hours=1)
"""A run that nobody has begun for so long: its message was lost, so it is sent again."""

SHORT_REST = timedelta(hours=1)
"""A rest that ends before the schedule comes round again is none."""


def start_due_trainings() -> list[int]:
    """Make a run for each learner in use that is due and has none to come.

    Returns the ids of all runs to send out: interrupted ones that go on, lost ones, new ones. Each row says
    whether its result is to go live.
    """
    interrupted = find_interrupted_runs()
    open_runs = TrainedModel.objects.filter(state=State.TRAINING)
    lost = open_runs.filter(trained_until=None, created_at__lt=timezone.now() - LOST_AFTER)
    due = [*interrupted, *lost.order_by("id").values_list("id", flat=True)]
    coming = set(open_runs.values_list("catalog_id", "learner"))
    for catalog_id, learner in sorted(find_learners_in_use() - coming):
        if not _rests(catalog_id, learner):
            options = _find_options(catalog_id, learner)
            due.append(start_training(catalog_id, learner=learner, options=options, promote=True, measure=True).pk)
    return due


def find_learners_in_use() -> set[tuple[int, str]]:
    """Return (catalog id, learner) of every learner with an active model, or with a strategy that may have a first."""
    active = set(TrainedModel.objects.filter(state=State.ACTIVE).values_list("catalog_id", "learner"))
    sources = set(PlacementStrategy.objects.values_list("placement__catalog_id", "source"))
    first = {
        (catalog_id, source)
        for catalog_id, source in sources
        if source in learners and learners.get(source).shape in FIRST_BY_ITSELF
    }
    return first | {(catalog_id, learner) for catalog_id, learner in active if learner in learners}


def put_live(model_id: int, *, promote: bool = False) -> bool:
    """Promote a run's result where the run (or ``promote``) asks for it and it is not worse; delete old versions.

    Returns whether it went live. The verdict is left in the figures of a candidate (``judgement``).
    """
    model = TrainedModel.objects.get(pk=model_id)
    live = False
    if model.state == State.CANDIDATE:
        judgement = record_judgement(model)
        live = (promote or model.promote_when_trained) and judgement.promotes
        if live:
            promote_model(model_id)
        elif not judgement.promotes:
            logger.warning("%s does not go live: %s", model, judgement.reason)
    prune_models(model.catalog_id, learner=model.learner)
    return live


def _rests(catalog_id: int, learner: str) -> bool:
    """Return whether the last run took so long that the next is not due yet."""
    runs = TrainedModel.objects.filter(catalog_id=catalog_id, learner=learner).exclude(finished_at=None)
    last = runs.order_by("-finished_at").first()
    if last is None or last.finished_at is None or last.trained_until is None:
        return False
    rest = (last.finished_at - last.trained_until) * get_conf().rest_factor
    return rest > SHORT_REST and last.finished_at + rest > timezone.now()


def _find_options(catalog_id: int, learner: str) -> Mapping[str, Any]:
    """Return the options of the active model, as far as the learner still takes them."""
    active = TrainedModel.objects.filter(catalog_id=catalog_id, learner=learner, state=State.ACTIVE).first()
    if active is None:
        return {}
    try:
        load_options(learners.get(learner).Options, active.options)
    except OptionError as error:
        logger.warning("%s: its options no longer fit, so the defaults are used: %s", active, error)
        return {}
    return active.options  # type: ignore[no-any-return]
