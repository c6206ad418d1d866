"""Reads whole columns out of Postgres as numpy arrays, by binary COPY of arrays of many rows."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg.sql import SQL, Composable, Identifier, Literal

CHUNK_ROWS = 20_000
"""Rows in one message: a message a row costs four times as long, nearly all of it in the client."""

_POSTGRES_EPOCH = 946_684_800_000_000
"""Microseconds from 1970 to 2000; added before the division, so that times round once, as datetime's do."""

_HEADER_BYTES = 19
_WIRE: dict[str, tuple[str, type[np.generic]]] = {
    "int8": (">i8", np.int64),
    "int2": (">i2", np.int16),
    "float8": (">f8", np.float64),
    "timestamptz": (">i8", np.float64),
}


def read_columns(source: Composable, *, columns: Sequence[tuple[str, str]]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Yield arrays of up to CHUNK_ROWS values, one a column, of the select ``source``.

    ``columns`` are (name in ``source``, type): ``int8``, ``int2``, ``float8`` or ``timestamptz``, which
    comes as float64 epoch seconds. No value may be NULL. Rows come in any order, the columns of one chunk in the same.
    Memory here is that of one chunk; the server spills to disk what exceeds its ``work_mem``.
    """
    arrays = SQL(", ").join(
        SQL("array_agg({}::{})").format(Identifier(name), Identifier(kind)) for name, kind in columns
    )
    statement = SQL(
        "COPY (SELECT {} FROM (SELECT source.*, row_number() OVER () AS ordinal FROM ({}) source) counted "
        "GROUP BY ordinal / {}) TO STDOUT (FORMAT BINARY)"
    ).format(arrays, source, Literal(CHUNK_ROWS))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for fields in _split_tuples(copy):
            yield tuple(_decode_array(field, kind) for field, (_, kind) in zip(fields, columns, strict=True))


def _split_tuples(blocks: Iterable[bytes | memoryview]) -> Iterator[list[bytes]]:
    """Yield the fields of each tuple of a binary COPY stream."""
    buffer = bytearray()
    start = _HEADER_BYTES
    for block in blocks:
        buffer += block
        while (found := _read_tuple(buffer, start)) is not None:
            fields, start = found
            yield fields
        taken = min(start, len(buffer))
        del buffer[:taken]
        start -= taken


def _read_tuple(buffer: bytearray, start: int) -> tuple[list[bytes], int] | None:
    """Return the tuple at ``start`` and where the next begins; None where it is not complete, or at the end."""
    if len(buffer) < start + 2:
        return None
    (count,) = struct.unpack_from(">h", buffer, start)
    if count < 0:
        return None
    position = start + 2
    fields = []
    for _ in range(count):
        if len(buffer) < position + 4:
            return None
        (length,) = struct.unpack_from(">i", buffer, position)
        position += 4
        if len(buffer) < position + length:
            return None
        fields.append(bytes(buffer[position : position + length]))
        position += length
    return fields, position


def _decode_array(field: bytes, kind: str) -> NDArray[Any]:
    """Decode a one-dimensional array without NULLs: a header of 20 bytes, then length and value of each."""
    wire, target = _WIRE[kind]
    elements = np.frombuffer(field, dtype=np.dtype([("length", ">i4"), ("value", wire)]), offset=20)
    if kind == "timestamptz":
        return (elements["value"].astype(np.int64) + _POSTGRES_EPOCH) / 1e6
    return elements["value"].astype(target)
