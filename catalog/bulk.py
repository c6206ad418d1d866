"""Writes many rows at once: COPY into a temporary table, from where one statement or a few do the rest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"


@dataclass(frozen=True)
class StagingTable:
    """The shape of a temporary table: its name and its columns with their SQL types, both trusted."""

    name: str
    columns: Mapping[str, str]


@contextmanager
def stage_rows(cursor: CursorWrapper, table: StagingTable, rows: Iterable[Sequence[Any]]) -> Iterator[None]:
    """Hold ``rows`` in a temporary table while the block runs, inside the caller's transaction.

    Values come in the order of ``table.columns``; lists as text_array, JSON as text. Text COPY with ready-made
    literals was measured ahead of binary COPY with Python lists. The table is dropped at the block's end, so that
    several batches fit into one transaction; a rollback or the end of the connection drops it too.
    """
    with _hold_table(cursor, table):
        with connection.wrap_database_errors, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        yield


@contextmanager
def stage_blocks(cursor: CursorWrapper, table: StagingTable, blocks: Iterable[bytes]) -> Iterator[None]:
    """Hold rows that are packed as for a binary COPY, some in each block, likewise; straight from arrays."""
    with _hold_table(cursor, table):
        statement = f"COPY {table.name} FROM STDIN (FORMAT BINARY)"
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for block in chain([_HEADER], blocks, [_TRAILER]):
                copy.write(block)
        yield


@contextmanager
def _hold_table(cursor: CursorWrapper, table: StagingTable) -> Iterator[None]:
    definitions = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    cursor.execute(f"CREATE TEMPORARY TABLE {table.name} ({definitions}) ON COMMIT DROP")
    yield
    cursor.execute(f"DROP TABLE {table.name}")


def pack_rows(*columns: NDArray[Any]) -> bytes:
    """Return n rows as a block for stage_blocks; each column (n,) has its wire form, such as ``>i8``, as its type."""
    sizes = [(f"size{place}", ">i4") for place in range(len(columns))]
    values = [(f"value{place}", column.dtype) for place, column in enumerate(columns)]
    fields: list[Any] = [("count", ">i2"), *chain.from_iterable(zip(sizes, values, strict=True))]
    rows = np.empty(len(columns[0]), dtype=fields)
    rows["count"] = len(columns)
    for place, column in enumerate(columns):
        rows[f"size{place}"], rows[f"value{place}"] = column.dtype.itemsize, column
    return rows.tobytes()


def text_array(values: Iterable[str]) -> str:
    """Return the literal of a Postgres text[] that holds ``values``."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"


def renew_statistics(tables: Sequence[str]) -> None:
    """Let the planner know of many new rows now, not when autovacuum comes; tables that are locked are left out.

    While it knows of a few rows in each of some catalogs, it may read a whole catalog to look one key up: in the minute
    until autovacuum comes, batches would take as long as what is there times what they hold.
    """
    if tables:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(map(connection.ops.quote_name, tables))}")
