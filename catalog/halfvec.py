"""The halfvec of pgvector: its expressions in SQL, and its bytes on the wire."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_DIMENSIONS = 4000
"""Widest half-precision vector that an HNSW index of pgvector takes."""

_OPERATORS = {"cosine": "<=>", "inner_product": "<#>"}
_OPERATOR_CLASSES = {"cosine": "halfvec_cosine_ops", "inner_product": "halfvec_ip_ops"}
_HEADER_BYTES = 4
"""Two 16-bit numbers, the width and an unused one, before the big-endian float16 entries."""


def cast_sql(column: str, *, dimensions: int) -> str:
    """Return the expression of an unsized column in its space's width, as the space's index is built on it."""
    return f"{column}::halfvec({dimensions:d})"


def distance_sql(column: str, target: str, *, dimensions: int, metric: str) -> str:
    """Return the distance of ``column`` from ``target``, an expression of that width; the index orders by it.

    1 - cosine, or the negated inner product. Column and target are trusted.
    """
    return f"{cast_sql(column, dimensions=dimensions)} {_OPERATORS[metric]} {target}"


def similarity_sql(distance: str, *, metric: str) -> str:
    """Return the similarity (the cosine, or the inner product) for the expression of a distance."""
    return f"1 - ({distance})" if metric == "cosine" else f"-({distance})"


def index_sql(*, dimensions: int, metric: str) -> str:
    """Return what an index on the column ``vector`` is built on: the cast and the operator class."""
    return f"({cast_sql('vector', dimensions=dimensions)}) {_OPERATOR_CLASSES[metric]}"


def pack_vectors(matrix: NDArray[np.floating]) -> NDArray[np.void]:
    """Return the rows of a matrix (n, dimensions) as the bytes that a binary COPY takes, shape (n,)."""
    width = matrix.shape[1]
    packed = np.zeros(len(matrix), dtype=[("width", ">i2"), ("unused", ">i2"), ("entries", ">f2", (width,))])
    packed["width"], packed["entries"] = width, matrix
    return packed


def unpack_vectors(sent: Sequence[bytes]) -> NDArray[np.float32]:
    """Return n vectors of one width, as ``halfvec_send`` gives them, as float32 (n, dimensions); n is at least 1."""
    width = (len(sent[0]) - _HEADER_BYTES) // 2
    rows = np.frombuffer(b"".join(sent), dtype=[("header", f"V{_HEADER_BYTES}"), ("entries", ">f2", (width,))])
    return np.asarray(rows["entries"], dtype=np.float32)


def scale_rows(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows of a matrix (n, dimensions) at unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled = np.zeros_like(matrix)
    np.divide(matrix, lengths, out=scaled, where=lengths > 0)
    return scaled
