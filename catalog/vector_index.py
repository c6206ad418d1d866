"""The HNSW index of one embedding space: partial, on the cast of the unsized column to the space's width.

    CREATE INDEX … USING hnsw ((vector::halfvec(D)) halfvec_cosine_ops) WHERE space_id = N

A statement uses it when it has ``space_id = N`` as a literal and orders by ``vector::halfvec(D) <=> query``
(``<#>`` for inner product). Built concurrently, so that writers go on meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from catalog.conf import get_conf
from catalog.halfvec import index_sql
from catalog.models import EmbeddingSpace

LINKS = 16
"""Links of a node to its neighbours (HNSW's m)."""
BUILD_CANDIDATES = 64
"""Candidates held while a node is linked (HNSW's ef_construction)."""

LOCK_SPACE = 0x7265_6373
"""First half of the advisory lock's key; the second is the space's id."""
BYTES_A_ROW = 400
"""What a row takes in memory during a build beside its vector: links of all layers and overhead."""


def name_index(space_id: int) -> str:
    """Return the name of a space's index."""
    return f"embedding_space_{space_id:d}_hnsw"


def has_index(space_id: int) -> bool:
    """Return whether the space has an index that is complete."""
    return _read_validity(space_id) is True


def build_index(space: EmbeddingSpace) -> bool:
    """Build the index of a space unless it has one or is too small to need one; return whether it has one now.

    Cannot run inside a transaction. Of several processes one builds and the others wait for it. What a
    killed build left behind is dropped first.
    """
    if space.dimensions is None:
        return False
    if has_index(space.pk):
        return True
    rows = _count_vectors(space.pk)
    if rows < get_conf().encoding.index_from_rows:
        return False
    with _hold_lock(space.pk):
        validity = _read_validity(space.pk)
        if validity is None or validity is False:
            if validity is False:
                _execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name_index(space.pk)}")
            with _more_memory(rows * (2 * space.dimensions + BYTES_A_ROW)):
                _execute(
                    f"CREATE INDEX CONCURRENTLY {name_index(space.pk)} ON catalog_embedding USING hnsw "
                    f"({index_sql(dimensions=space.dimensions, metric=space.metric)}) "
                    f"WITH (m = {LINKS}, ef_construction = {BUILD_CANDIDATES}) WHERE space_id = {space.pk:d}"
                )
            # With statistics from before the vectors came, the planner would rank exactly instead.
            _execute("ANALYZE (SKIP_LOCKED) catalog_embedding")
    return True


def drop_index(space_id: int) -> None:
    """Drop the index of a space, if there is one; inside a transaction this locks the table until its end."""
    concurrently = "" if connection.in_atomic_block else "CONCURRENTLY "
    _execute(f"DROP INDEX {concurrently}IF EXISTS {name_index(space_id)}")


def _read_validity(space_id: int) -> bool | None:
    """Return whether the index is valid; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.oid = to_regclass(%s)",
            [name_index(space_id)],
        )
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


def _count_vectors(space_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_embedding WHERE space_id = %s AND vector IS NOT NULL", [space_id])
        return int(cursor.fetchone()[0])


@contextmanager
def _hold_lock(space_id: int) -> Iterator[None]:
    """Hold the session lock of a space's index.

    Polled: a session that waits inside ``pg_advisory_lock`` keeps a snapshot, for which the concurrent
    build that it waits for would wait in turn.
    """
    key = [LOCK_SPACE, space_id]
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            if cursor.fetchone()[0]:
                break
            time.sleep(0.2)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@contextmanager
def _more_memory(needed: int) -> Iterator[None]:
    """Let this session's index build have ``needed`` bytes, within the limit of the settings."""
    kilobytes = min(needed // 1024, get_conf().encoding.index_memory_mb * 1024)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('maintenance_work_mem', %s || 'kB', false) "
            "FROM pg_settings WHERE name = 'maintenance_work_mem' AND setting::bigint < %s",
            [kilobytes, kilobytes],
        )
        try:
            yield
        finally:
            cursor.execute("RESET maintenance_work_mem")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
