"""Packs publications as the bytes of a binary COPY, straight from arrays."""

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recommender.learners import Scores, Vectors

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
_ROWS_A_BLOCK = 10_000
_INT8_OID = 20
_FLOAT8_OID = 701


def pack_scores(scores: Scores) -> Iterator[bytes]:
    """Yield rows (item bigint, score float8)."""
    rows = np.empty(
        len(scores.item_ids),
        dtype=[("fields", ">i2"), ("size", ">i4"), ("item", ">i8"), ("score_size", ">i4"), ("score", ">f8")],
    )
    rows["fields"], rows["size"], rows["score_size"] = 2, 8, 8
    rows["item"], rows["score"] = scores.item_ids, scores.scores
    yield from (HEADER, rows.tobytes(), TRAILER)


def pack_vectors(vectors: Vectors) -> Iterator[bytes]:
    """Yield rows (item bigint, vector halfvec)."""
    width = vectors.matrix.shape[1]
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("size", ">i4"),
            ("item", ">i8"),
            ("vector_size", ">i4"),
            ("width", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f2", (width,)),
        ]
    )
    yield HEADER
    for start in range(0, len(vectors.item_ids), _ROWS_A_BLOCK):
        part = slice(start, start + _ROWS_A_BLOCK)
        rows = np.zeros(len(vectors.item_ids[part]), dtype=row)
        rows["fields"], rows["size"], rows["vector_size"], rows["width"] = 2, 8, 4 + 2 * width, width
        rows["item"], rows["vector"] = vectors.item_ids[part], vectors.matrix[part]
        yield rows.tobytes()
    yield TRAILER


def pack_lists(
    owners: NDArray[np.int64], offsets: NDArray[np.int64], ids: NDArray[np.int64], numbers: NDArray[np.float64]
) -> Iterator[bytes]:
    """Yield rows (owner bigint, ids bigint[], numbers float8[]); an owner whose list is empty has none."""
    id_elements = _pack_elements(ids, ">i8")
    number_elements = _pack_elements(numbers, ">f8")
    yield HEADER
    block: list[bytes] = []
    for owner, start, stop in zip(owners.tolist(), offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        count = stop - start
        if not count:
            continue
        size = 20 + 12 * count
        block.append(struct.pack(">hiq", 3, 8, owner))
        block.append(struct.pack(">iiiiii", size, 1, 0, _INT8_OID, count, 1))
        block.append(id_elements[start:stop].tobytes())
        block.append(struct.pack(">iiiiii", size, 1, 0, _FLOAT8_OID, count, 1))
        block.append(number_elements[start:stop].tobytes())
        if len(block) > _ROWS_A_BLOCK:
            yield b"".join(block)
            block.clear()
    yield b"".join((*block, TRAILER))


def _pack_elements(values: NDArray[np.int64] | NDArray[np.float64], wire: str) -> NDArray[np.void]:
    elements = np.empty(len(values), dtype=[("size", ">i4"), ("value", wire)])
    elements["size"], elements["value"] = 8, values
    return elements
