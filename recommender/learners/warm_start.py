"""Item vectors in closed form, for a network to begin from: which items are met near each other, and read alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Product = Callable[[Floats], Floats]

_WINDOW, _FADE = 10, 0.8
_SMOOTHING = 0.75
_ROUNDS = 6
_NORM = 0.7
_PROBES = 32


def make_start(
    items: NDArray[np.int64],
    profiles: NDArray[np.int64],
    *,
    count: int,
    width: int,
    content: Floats | None = None,
    content_weight: float = 0.0,
    seed: int = 0,
) -> Floats:
    """Return float32 (count, width): vectors of one length whose inner products follow how items go together.

    ``items`` (m,) with their ``profiles`` (m,), ascending, are histories oldest first. What is factorised, by a
    randomised eigen-decomposition (Halko et al. 2011, arXiv:0909.4061), is the positive pointwise mutual information
    of items at most ``_WINDOW`` steps apart, each step counting ``_FADE`` as much, in both directions (Levy and
    Goldberg 2014: what skip-gram vectors factorise). ``content`` (count, d), unit rows or zeros: the cosines of what
    the items say are added, centred, with ``content_weight`` times the norm of the information.
    """
    random = np.random.default_rng((seed, 5))
    information = _measure_information(items, profiles, count)
    product: Product = information.__matmul__
    if content is not None and content_weight > 0 and bool(content.any()):
        product = _add_content(product, content, weight=content_weight, random=random)
    rank = min(width + 16, count)
    directions = random.standard_normal((count, rank)).astype(np.float32)
    for _ in range(_ROUNDS):
        directions = np.linalg.qr(product(directions).astype(np.float32))[0]
    small = directions.T @ product(directions)
    values, mixes = np.linalg.eigh((small + small.T) / 2)
    order = np.argsort(-np.abs(values))[: min(width, rank)]
    vectors = random.standard_normal((count, width)).astype(np.float32) * 0.01
    vectors[:, : len(order)] += directions @ mixes[:, order] * np.sqrt(np.abs(values[order]))
    return np.asarray(vectors * (_NORM / np.linalg.norm(vectors, axis=1, keepdims=True)), dtype=np.float32)


def _measure_information(items: NDArray[np.int64], profiles: NDArray[np.int64], count: int) -> Any:
    """Return a symmetric sparse matrix (count, count) without a diagonal: log(observed / expected) where above 0."""
    from scipy.sparse import csr_matrix

    pairs: Any = csr_matrix((count, count), dtype=np.float64)
    for gap in range(1, min(_WINDOW, len(items) - 1) + 1):
        together = profiles[gap:] == profiles[:-gap]
        earlier, later = items[:-gap][together], items[gap:][together]
        weights = np.full(len(earlier), _FADE ** (gap - 1))
        pairs = pairs + csr_matrix((weights, (earlier, later)), shape=(count, count))
    pairs = (pairs + pairs.T).tocoo()
    totals = np.asarray(pairs.sum(axis=1)).ravel() + 1e-9
    smooth = totals**_SMOOTHING
    observed = np.log(pairs.data * smooth.sum())
    expected = np.log(totals[pairs.row] * smooth[pairs.col]), np.log(totals[pairs.col] * smooth[pairs.row])
    values = np.maximum(observed - (expected[0] + expected[1]) / 2, 0.0) * (pairs.row != pairs.col)
    return csr_matrix((values.astype(np.float32), (pairs.row, pairs.col)), shape=(count, count))


def _add_content(product: Product, content: Floats, *, weight: float, random: np.random.Generator) -> Product:
    """Return the product with the matrix and, ``weight`` times its norm, centred cosines, which are never laid out."""
    there = np.flatnonzero(np.abs(content).max(axis=1))
    centred = np.zeros_like(content)
    centred[there] = content[there] - content[there].mean(axis=0)
    probes = random.standard_normal((len(content), _PROBES)).astype(np.float32)
    size = float(np.linalg.norm(centred @ (centred.T @ probes)))
    ratio = np.float32(weight * float(np.linalg.norm(product(probes))) / max(size, 1e-9))
    return lambda x: np.asarray(product(x) + ratio * (centred @ (centred.T @ x)))
