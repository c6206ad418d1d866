"""Packs publications as blocks of a binary COPY, straight from arrays."""

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from catalog import halfvec
from catalog.bulk import pack_rows
from recommender.learners import Scores, Vectors

_ROWS_A_BLOCK = 10_000
_INT8_OID = 20
_FLOAT8_OID = 701


def pack_scores(scores: Scores) -> Iterator[bytes]:
    """Yield rows (item bigint, score float8)."""
    yield pack_rows(scores.item_ids.astype(">i8"), scores.scores.astype(">f8"))


def pack_vectors(vectors: Vectors) -> Iterator[bytes]:
    """Yield rows (item bigint, vector halfvec)."""
    yield from _pack_matrix(vectors.item_ids, vectors.matrix)


def pack_profile_vectors(profile_ids: NDArray[np.int64], matrix: NDArray[np.float32]) -> Iterator[bytes]:
    """Yield rows (profile bigint, vector halfvec)."""
    yield from _pack_matrix(profile_ids, matrix)


def _pack_matrix(owners: NDArray[np.int64], matrix: NDArray[np.float32]) -> Iterator[bytes]:
    for start in range(0, len(owners), _ROWS_A_BLOCK):
        part = slice(start, start + _ROWS_A_BLOCK)
        yield pack_rows(owners[part].astype(">i8"), halfvec.pack_vectors(matrix[part]))


def pack_lists(
    owners: NDArray[np.int64], offsets: NDArray[np.int64], ids: NDArray[np.int64], numbers: NDArray[np.float64]
) -> Iterator[bytes]:
    """Yield rows (owner bigint, ids bigint[], numbers float8[]); an owner whose list is empty has none."""
    id_elements = _pack_elements(ids, ">i8")
    number_elements = _pack_elements(numbers, ">f8")
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
    yield b"".join(block)


def _pack_elements(values: NDArray[np.int64] | NDArray[np.float64], wire: str) -> NDArray[np.void]:
    elements = np.empty(len(values), dtype=[("size", ">i4"), ("value", wire)])
    elements["size"], elements["value"] = 8, values
    return elements
