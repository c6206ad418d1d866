"""A run's progress as its row shows it, and the way by which it learns that it has been cancelled."""

import time

from django.db import connection

from recommender.learners import Progress, TrainingCancelled
from recommender.models import TrainedModel

PROGRESS_SECONDS = 1.0
_TABLE = TrainedModel._meta.db_table


class ProgressWriter:
    """Writes a run's progress to its row, at most once in PROGRESS_SECONDS, and passes it on.

    The same write reads whether the run is still wanted: raises TrainingCancelled where it is not.
    """

    def __init__(self, model_id: int, forward: Progress) -> None:
        self._model_id = model_id
        self._forward = forward
        self._written = time.monotonic()

    def __call__(self, fraction: float) -> None:
        """Take note of ``fraction``, from 0 to 1."""
        fraction = min(1.0, max(0.0, fraction))
        self._forward(fraction)
        if time.monotonic() - self._written >= PROGRESS_SECONDS:
            self._write(fraction)
            self._written = time.monotonic()

    def _write(self, fraction: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {_TABLE} SET progress = %s WHERE id = %s AND state = %s RETURNING cancel_requested",
                [fraction, self._model_id, TrainedModel.State.TRAINING],
            )
            row = cursor.fetchone()
        if row is None or row[0]:  # deleted, or settled by somebody who took this worker for dead
            raise TrainingCancelled


def scale_progress(progress: Progress, *, start: float, stop: float) -> Progress:
    """Return a progress of one part of a run, which goes from ``start`` to ``stop`` of the whole."""
    return lambda fraction: progress(start + (stop - start) * min(1.0, max(0.0, fraction)))
