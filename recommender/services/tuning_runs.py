"""Tunings as rows that the admin shows: started, run by one worker at a time, and stopped by being deleted.

A tuning is an evaluation whose report tells what was found on people whom nothing was chosen by.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.extensions import OptionError, describe_fault, dump_options, load_options
from recommender.learners import Progress
from recommender.learners.fits import ignore_progress
from recommender.models import Evaluation
from recommender.services.evaluation_runs import (
    BEGUN,
    EvaluationGoneError,
    EvaluationProgress,
    hold_evaluation,
    settle_dead_evaluations,
    write_progress,
)
from recommender.services.training_locks import TrainingUnderWayError, is_being_trained
from recommender.services.tuning import TuningOptions, TuningOutcome, find_placement, name_lock, tune_placement
from recommender.services.tuning_cases import TuningError, check_protocol

logger = logging.getLogger(__name__)

PROTOCOL = "tune"
"""What the row of a tuning says before it is known how choices are held out."""

_RUNNING = Evaluation.State.RUNNING
_SHOWN = ("k", "cases", "seed")


def start_tuning(catalog_id: int, *, placement: str = "home", options: Mapping[str, Any] | None = None) -> Evaluation:
    """Make the row of a tuning that is still to come; ``run_tuning`` runs it.

    One that nobody has begun yet gives way to it. Raises TuningError for what cannot be tuned, or with which options,
    and TrainingUnderWayError while the placement is being tuned.
    """
    found = find_placement(catalog_id, placement)
    try:
        loaded = load_options(TuningOptions, options or {})
    except OptionError as error:
        raise TuningError(str(error)) from error
    check_protocol(loaded.protocol)
    settle_dead_evaluations(catalog_id)
    with transaction.atomic():
        if is_being_trained(catalog_id, name_lock(found)):
            raise TrainingUnderWayError(f"{found.key} is being tuned already")
        waiting = Evaluation.objects.filter(placement=found, protocol=PROTOCOL, state=_RUNNING, progress=0)
        waiting.update(
            state=Evaluation.State.FAILED, error="A later tuning took its place.", finished_at=timezone.now()
        )
        return Evaluation.objects.create(
            catalog_id=catalog_id, placement=found, protocol=PROTOCOL, options=dump_options(loaded)
        )


def run_tuning(evaluation_id: int, *, progress: Progress | None = None) -> Evaluation | None:
    """Run a tuning and return its row: done, or failed with the reason; None where it has been deleted meanwhile.

    One that is over is returned as it is, so running one twice changes nothing. Raises EvaluationUnderWayError while
    somebody else is at it.
    """
    with hold_evaluation(evaluation_id):
        row = Evaluation.objects.select_related("placement").filter(pk=evaluation_id).first()
        if row is None or row.state != _RUNNING:
            return row
        try:
            write_progress(evaluation_id, BEGUN)
            outcome = _run(row, EvaluationProgress(evaluation_id, progress or ignore_progress))
        except EvaluationGoneError:
            logger.info("tuning %s: is no longer wanted", evaluation_id)
        except BaseException as error:
            logger.error("tuning %s failed", evaluation_id, exc_info=error)
            told = str(error) if isinstance(error, (TuningError, TrainingUnderWayError)) else describe_fault(error)
            _finish(evaluation_id, state=Evaluation.State.FAILED, error=told)
            if not isinstance(error, Exception):
                raise
        else:
            fitted = outcome.fitted
            report = {**outcome.report, "fitted": fitted and fitted.pk, "live": bool(fitted and fitted.promoted_at)}
            shown = {name: row.options[name] for name in _SHOWN}
            _finish(
                evaluation_id,
                state=Evaluation.State.DONE,
                protocol=report["protocol"],
                options=shown,
                report={**report, "tuning": row.options},
                progress=1.0,
            )
    return Evaluation.objects.filter(pk=evaluation_id).first()


def _run(row: Evaluation, progress: Progress) -> TuningOutcome:
    if row.placement is None:
        raise TuningError("the placement has been deleted")
    options = load_options(TuningOptions, row.options)
    return tune_placement(row.catalog_id, row.placement.key, options=options, progress=progress)


def _finish(evaluation_id: int, **fields: Any) -> None:
    rows = Evaluation.objects.filter(pk=evaluation_id, state=_RUNNING)
    rows.update(finished_at=timezone.now(), **fields)
