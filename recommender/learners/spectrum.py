"""The spectrum of the item graph: singular values and right vectors of a sparse matrix of people by items."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Spectrum = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Singular values (k,), falling, and right singular vectors (I, k), one a column."""

_BLOCK_BYTES = 200_000_000
_NOUGHT = 1e-9
"""Eigenvalues below this share of the greatest are rounding."""


def raise_degrees(degrees: NDArray[np.floating], power: float) -> NDArray[np.float32]:
    """Return ``degrees ** power``, 0 where there is no degree: negative powers hold the popular back."""
    raised = np.maximum(degrees, 1.0) ** power
    return np.where(degrees > 0, raised, 0.0).astype(np.float32)


def find_all_directions(matrix: Any) -> Spectrum:
    """Return every singular direction of a CSR ``matrix`` (P, I) that is not 0, by way of its shorter side.

    In double precision; memory is some three squares of the shorter side, and I × the number found.
    """
    people, items = matrix.shape
    by_people = people <= items
    double = matrix.astype(np.float64)
    gram = double @ double.T if by_people else double.T @ double
    if not gram.nnz:
        return np.empty(0, np.float32), np.empty((items, 0), np.float32)
    values, vectors = np.linalg.eigh(gram.toarray())
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int((values > _NOUGHT * values[0]).sum())
    singular = np.sqrt(values[:kept])
    right = (double.T @ vectors[:, :kept]) / singular if by_people else vectors[:, :kept]
    return singular.astype(np.float32), right.astype(np.float32)


def find_leading_directions(matrix: Any, *, count: int, seed: int, rounds: int = 5) -> Spectrum:
    """Return up to ``count`` leading singular directions of a CSR ``matrix`` (P, I), by subspace iteration.

    Halko, Martinsson and Tropp 2011, algorithm 4.4, on the side of the items, 15 % wider than asked for; people
    are gone through in blocks, so that memory is some three times items × width.
    """
    people, items = matrix.shape
    width = min(int(count * 1.15) + 10, items, people)
    dice = np.random.default_rng(seed)
    basis = dice.standard_normal((items, width), dtype=np.float32)
    for _ in range(rounds):
        basis = make_orthonormal(_apply_twice(matrix, basis))
    values, rotation = np.linalg.eigh(_project(matrix, basis))
    values, rotation = values[::-1][:count], rotation[:, ::-1][:, :count]
    kept = int((values > _NOUGHT * max(float(values[0]), 1e-30)).sum())
    vectors = basis @ rotation[:, :kept].astype(np.float32)
    return np.sqrt(values[:kept]).astype(np.float32), vectors


def make_orthonormal(basis: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an orthonormal basis (n, k) of the columns of a tall ``basis`` (n, k).

    Cholesky QR, twice for the digits that the first loses (Yamamoto et al. 2015, "Roundoff error analysis of the
    CholeskyQR2 algorithm"): all of its work over n is matrix products, some ten times as fast as reflections, to
    which it leaves columns that depend on each other.
    """
    whole = basis
    for _ in range(2):
        gram = (whole.T @ whole).astype(np.float64)
        try:
            lower = np.linalg.cholesky(gram)
        except np.linalg.LinAlgError:
            return np.linalg.qr(basis)[0]
        whole = whole @ np.linalg.inv(lower).T.astype(np.float32)
    return whole


def weigh_edges(met: Any) -> Any:
    """Return CSR (P, I): 1 / √(n_u n_i) where u met i."""
    from scipy.sparse import diags

    people = np.maximum(np.diff(met.indptr), 1) ** -0.5
    items = np.maximum(np.bincount(met.indices, minlength=met.shape[1]), 1) ** -0.5
    return (diags(people) @ met @ diags(items)).tocsr().astype(np.float32)


def start_embeddings(edges: Any, *, rank: int, seed: int) -> NDArray[np.float32]:
    """Return (P + I, rank): the graph's leading directions, of the size of usual random ones, and a little chance."""
    dice = np.random.default_rng(seed)
    start = 0.01 * dice.standard_normal((sum(edges.shape), rank), dtype=np.float32)
    singular, right = find_leading_directions(edges, count=rank, seed=seed)
    left = (edges @ right) / singular
    for part, vectors in ((start[: edges.shape[0]], left), (start[edges.shape[0] :], right)):
        scale = 0.1 / max(1e-12, float(np.sqrt((vectors * vectors).mean())))
        part[:, : len(singular)] += scale * vectors * np.sqrt(singular)
    return start


def _blocks(people: int, width: int) -> list[slice]:
    height = max(1, _BLOCK_BYTES // (4 * max(1, width)))
    return [slice(start, start + height) for start in range(0, people, height)]


def _apply_twice(matrix: Any, basis: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return MᵀM times ``basis``."""
    total = np.zeros_like(basis)
    for block in _blocks(matrix.shape[0], basis.shape[1]):
        rows = matrix[block]
        total += rows.T.tocsr() @ (rows @ basis)
    return total


def _project(matrix: Any, basis: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (M · basis)ᵀ (M · basis)."""
    total = np.zeros((basis.shape[1], basis.shape[1]))
    for block in _blocks(matrix.shape[0], basis.shape[1]):
        image = matrix[block] @ basis
        total += image.T @ image
    return total
