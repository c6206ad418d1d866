"""One run at a time of a learner in a catalog, as an advisory lock of the database session."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from django.db import connection


class TrainingUnderWayError(Exception):
    """The same learner is being trained in the same catalog by somebody else right now."""


@contextmanager
def hold_training(catalog_id: int, learner: str) -> Iterator[None]:
    """Hold the lock while the block runs, or raise TrainingUnderWayError at once.

    The database lets go of it when this session ends, however that happens: whoever holds it knows that no
    other worker is alive that trains this learner here.
    """
    key = _make_key(catalog_id, learner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise TrainingUnderWayError(f"{learner} is being trained in catalog {catalog_id} already")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def is_being_trained(catalog_id: int, learner: str) -> bool:
    """Return whether a worker holds the lock; where none does, none can begin until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_make_key(catalog_id, learner)])
        return not cursor.fetchone()[0]


def _make_key(catalog_id: int, learner: str) -> int:
    return int.from_bytes(blake2b(f"train {catalog_id} {learner}".encode(), digest_size=8).digest(), signed=True)
