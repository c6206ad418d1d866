"""Checkpoints of long trainings, kept in Postgres: whichever worker takes a run up finds what the last one put by."""

import logging
import time

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from recommender.learners import Arrays
from recommender.models import ModelArrays
from recommender.training.array_bytes import ArrayBytesError, pack_arrays, unpack_arrays

logger = logging.getLogger(__name__)

PAUSE_FACTOR = 10.0
"""After a save, so many times as long as it took passes before the next: saving takes a tenth of the time at most."""

MOST_BYTES = 900 * 2**20
"""Postgres takes values below 1 GiB."""

_DIGEST = "data digest"


class StoredCheckpoint:
    """The checkpoint of one run on one dataset, by the dataset's digest: on other data, what was saved is not found."""

    def __init__(self, model_id: int, *, digest: bytes) -> None:
        self._model_id = model_id
        self._digest = np.frombuffer(digest, dtype=np.uint8)
        self._rests_until = 0.0

    def load(self) -> Arrays | None:
        """Return the arrays last saved, None where there are none for this data."""
        data = _find(self._model_id).values_list("data", flat=True).first()
        if data is None:
            return None
        try:
            arrays = unpack_arrays(data)
        except ArrayBytesError as error:
            logger.warning(
                "model %s: its checkpoint cannot be read, so the training starts over: %s", self._model_id, error
            )
            return None
        digest = arrays.pop(_DIGEST, None)
        return arrays if digest is not None and np.array_equal(digest, self._digest) else None

    def save(self, arrays: Arrays) -> None:
        """Put ``arrays`` by in place of what was saved before; passed over where the last save was dear and recent."""
        begun = time.monotonic()
        if begun < self._rests_until:
            return
        data = pack_arrays({**arrays, _DIGEST: self._digest})
        if len(data) > MOST_BYTES:
            logger.warning("model %s: a checkpoint of %d MiB is not kept", self._model_id, len(data) // 2**20)
            self._rests_until = float("inf")
            return
        if not _find(self._model_id).update(data=data, updated_at=timezone.now()):
            ModelArrays.objects.create(model_id=self._model_id, name=ModelArrays.Name.CHECKPOINT, data=data)
        ended = time.monotonic()
        self._rests_until = ended + PAUSE_FACTOR * (ended - begun)


def has_checkpoint(model_id: int) -> bool:
    """Return whether a run has put something by."""
    return _find(model_id).exists()


def drop_checkpoint(model_id: int) -> None:
    """Delete what a run has put by."""
    _find(model_id).delete()


def _find(model_id: int) -> QuerySet[ModelArrays]:
    return ModelArrays.objects.filter(model_id=model_id, name=ModelArrays.Name.CHECKPOINT)
