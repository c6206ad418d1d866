"""The course of an evaluation in its row: one worker at a time, its progress, and how it learns that nobody waits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from django.db import connection
from django.utils import timezone

from recommender.learners import Progress, TrainingCancelled
from recommender.models import Evaluation

PROGRESS_SECONDS = 1.0
BEGUN = 0.001
"""Progress of an evaluation that a worker has begun; 0 is one that waits for a worker."""

_RUNNING = Evaluation.State.RUNNING


class EvaluationGoneError(TrainingCancelled):
    """The row of an evaluation has been deleted, or settled by somebody who took this worker for dead."""


class EvaluationUnderWayError(Exception):
    """Somebody else is running the same evaluation right now."""


@contextmanager
def hold_evaluation(evaluation_id: int) -> Iterator[None]:
    """Hold the lock of an evaluation while the block runs, or raise EvaluationUnderWayError at once."""
    key = _make_key(evaluation_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise EvaluationUnderWayError(f"evaluation {evaluation_id} is being run already")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def settle_dead_evaluations(catalog_id: int) -> int:
    """Mark the begun evaluations of a catalog as failed whose workers have died; return how many."""
    settled = 0
    begun = Evaluation.objects.filter(catalog_id=catalog_id, state=_RUNNING, progress__gt=0)
    for pk in begun.values_list("pk", flat=True):
        try:
            with hold_evaluation(pk):
                settled += begun.filter(pk=pk).update(
                    state=Evaluation.State.FAILED,
                    error="The worker ended before the evaluation did.",
                    finished_at=timezone.now(),
                )
        except EvaluationUnderWayError:
            continue
    return settled


class EvaluationProgress:
    """Writes progress to the row, at most once in PROGRESS_SECONDS, and passes it on.

    Raises EvaluationGoneError where the row is no longer running: to delete an evaluation is to stop it.
    """

    def __init__(self, evaluation_id: int, forward: Progress) -> None:
        self._evaluation_id = evaluation_id
        self._forward = forward
        self._written = time.monotonic()

    def __call__(self, fraction: float) -> None:
        """Take note of ``fraction``, from 0 to 1."""
        fraction = min(1.0, max(BEGUN, fraction))
        self._forward(fraction)
        if time.monotonic() - self._written >= PROGRESS_SECONDS:
            write_progress(self._evaluation_id, fraction)
            self._written = time.monotonic()


def write_progress(evaluation_id: int, fraction: float) -> None:
    """Write how far an evaluation has come; raise EvaluationGoneError where it is no longer running."""
    if not Evaluation.objects.filter(pk=evaluation_id, state=_RUNNING).update(progress=fraction):
        raise EvaluationGoneError(f"evaluation {evaluation_id} is over")


def _make_key(evaluation_id: int) -> int:
    return int.from_bytes(blake2b(f"evaluate {evaluation_id}".encode(), digest_size=8).digest(), signed=True)
