"""The leading directions of who rated what: features that a prior's mean is linear in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_GRAM_UP_TO = 2_000
"""Up to so many rows or columns the directions are exact."""
_SPARE = 16
_PASSES = 2


def count_by_root(rows: NDArray[np.int64], columns: NDArray[np.int64], *, shape: tuple[int, int]) -> Any:
    """Return a CSR matrix of ``shape`` with 1 / √n in each of the n entries of a row."""
    from scipy.sparse import csr_matrix

    lengths = np.bincount(rows, minlength=shape[0])
    entries = (1.0 / np.sqrt(lengths[rows])).astype(np.float32)
    return csr_matrix((entries, (rows, columns)), shape=shape)


def find_directions(matrix: Any, *, rank: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scores (rows, r) and orthonormal loadings (columns, r), r ≤ rank: scores = matrix @ loadings.

    The leading singular directions: from the smaller Gram matrix where that is small, otherwise by randomised
    subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4).
    """
    rank = min(rank, *matrix.shape)
    small = min(matrix.shape) <= _GRAM_UP_TO
    loadings = _find_by_gram(matrix, rank) if small else _find_by_sketch(matrix, rank, seed)
    return np.asarray(matrix @ loadings, dtype=np.float32), loadings


def _find_by_gram(matrix: Any, rank: int) -> NDArray[np.float32]:
    wide = matrix.shape[1] > matrix.shape[0]
    gram = (matrix @ matrix.T if wide else matrix.T @ matrix).toarray().astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    leading = vectors[:, ::-1][:, :rank]
    if wide:
        kept = values[::-1][:rank] > 1e-9
        leading = matrix.T @ (leading[:, kept] / np.sqrt(values[::-1][:rank][kept]))
    return np.asarray(leading, dtype=np.float32)


def _find_by_sketch(matrix: Any, rank: int, seed: int) -> NDArray[np.float32]:
    dice = np.random.default_rng(seed)
    probe = dice.standard_normal((matrix.shape[1], min(rank + _SPARE, *matrix.shape)), dtype=np.float32)
    for _ in range(_PASSES):
        left, _ = np.linalg.qr(matrix @ probe)
        probe, _ = np.linalg.qr(matrix.T @ left)
    scores = matrix @ probe
    _, axes = np.linalg.eigh(scores.T @ scores)
    return np.asarray(probe @ axes[:, ::-1][:, :rank], dtype=np.float32)
