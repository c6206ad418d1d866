"""Counts of what follows what: sparse or dense matrices of transitions at every lag, decayed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.training.steps import Steps, count_back

DENSE_CELLS = 40_000_000
"""Up to so many cells a table of counts is summed as a dense one, which is faster where it fills up."""

_PAIRS_AT_ONCE = 8_000_000
NEGLIGIBLE = 0.01
"""Weight below which a lag is left out."""


def count_lags(decay: float, *, most: int) -> int:
    """Return the number of lags whose weight ``decay ** (lag - 1)`` is not negligible, at most ``most``."""
    if decay <= 0.0:
        return 1
    if decay >= 1.0:
        return most
    return int(min(most, 1 + np.floor(np.log(NEGLIGIBLE) / np.log(decay))))


def sum_successions(steps: Steps, *, items: int, decay: float, lags: int) -> Any:
    """Return (I, I) float32, dense or CSR: Σ decay^(lag - 1) over pairs (i, then j lag steps later) of one history."""
    if items * items > DENSE_CELLS:
        return _sum_sparse(steps, items=items, decay=decay, lags=lags)
    total = np.zeros(items * items, dtype=np.float32)
    for lag, (sources, targets) in enumerate(_pairs(steps, lags=lags)):
        counts = np.bincount(sources.astype(np.int64) * items + targets, minlength=items * items)
        total += np.float32(decay**lag) * counts.astype(np.float32)
    return total.reshape(items, items)


def weigh_states(steps: Steps, *, people: int, items: int, decay: float, skip: int = 0) -> Any:
    """Return CSR (P, I) float32: Σ decay^age over the steps of a history but its last ``skip``, ages from 0."""
    from scipy.sparse import csr_matrix

    ages = count_back(steps) - skip
    kept = ages >= 0
    weights = (decay ** ages[kept]).astype(np.float32) if decay < 1 else np.ones(int(kept.sum()), dtype=np.float32)
    matrix = csr_matrix((weights, (steps.profiles[kept], steps.items[kept])), shape=(people, items))
    matrix.sum_duplicates()
    return matrix


def _pairs(steps: Steps, *, lags: int) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Yield for each lag from 1 the items of the pairs of steps so far apart."""
    for lag in range(1, lags + 1):
        inside = steps.profiles[lag:] == steps.profiles[:-lag]
        if not inside.any():
            return
        yield steps.items[:-lag][inside], steps.items[lag:][inside]


def _sum_sparse(steps: Steps, *, items: int, decay: float, lags: int) -> Any:
    from scipy.sparse import csr_matrix

    total = csr_matrix((items, items), dtype=np.float32)
    waiting: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]] = []
    size = 0
    for lag, (sources, targets) in enumerate(_pairs(steps, lags=lags)):
        waiting.append((sources, targets, np.full(len(sources), decay**lag, dtype=np.float32)))
        size += len(sources)
        if size >= _PAIRS_AT_ONCE:
            total = total + _join(waiting, items)
            waiting, size = [], 0
    return total + _join(waiting, items) if waiting else total


def _join(parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]], items: int) -> Any:
    from scipy.sparse import coo_matrix

    sources, targets, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return coo_matrix((weights, (sources, targets)), shape=(items, items)).tocsr()
