"""The normal equations of sequential ridge, from counts of pairs: no row of the regression is ever made."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.base import Progress
from recommender.learners.successions import count_lags, sum_successions, weigh_states
from recommender.training.steps import Steps, count_back

Projection = NDArray[np.float32]


class RidgeSystem:
    """G W = C for K timescales side by side: G (K r, K r) and C (K r, I), where r is I or the projection's width.

    With the state x_t = d x_{t-1} + e_{i_t} of a history, D = Σ e eᵀ, C_a = Σ x_a eᵀ_next and the final states f:

        G_ab = (D + d_a C_a + d_b C_bᵀ - d_a d_b Σ f_a f_bᵀ) / (1 - d_a d_b),

    summed over the steps that have a next one; this follows from multiplying out x_t x_tᵀ and summing over t.
    """

    def __init__(
        self,
        steps: Steps,
        *,
        people: int,
        items: int,
        decays: Sequence[float],
        projection: Projection | None = None,
    ) -> None:
        self._steps = steps
        self._people = people
        self._items = items
        self._decays = tuple(decays)
        self._projection = projection
        self._width = items if projection is None else projection.shape[1]
        self._gram = np.empty((0, 0), dtype=np.float32)
        self._right = np.empty((0, 0), dtype=np.float32)

    def build(self, *, progress: Progress, most_lags: int) -> None:
        """Sum up G and C."""
        count = len(self._decays)
        width = self._width
        self._gram = np.empty((count * width, count * width), dtype=np.float32)
        self._right = np.empty((count * width, self._items), dtype=np.float32)
        inner, finals = [], []
        for scale, decay in enumerate(self._decays):
            lags = count_lags(decay, most=most_lags)
            table = sum_successions(self._steps, items=self._items, decay=decay, lags=lags)
            self._right[scale * width : (scale + 1) * width] = _dense(self._fold_left(table))
            states = weigh_states(self._steps, people=self._people, items=self._items, decay=decay, skip=1)
            inner.append(self._fold(table - _match(states.T @ self._lasts(), table)))
            finals.append(self._fold_rows(states))
            progress((scale + 1) / (count + 1))
        counts = np.bincount(self._steps.items[count_back(self._steps) > 0], minlength=self._items).astype(np.float32)
        for row, left in enumerate(self._decays):
            for column, right in enumerate(self._decays[: row + 1]):
                block = left * inner[row] + right * inner[column].T - left * right * _cross(finals[row], finals[column])
                block = _dense(block)
                if self._projection is None:
                    block[np.diag_indices(self._items)] += counts
                else:
                    block += (self._projection * counts[:, None]).T @ self._projection
                block /= 1.0 - left * right
                rows, columns = slice(row * width, (row + 1) * width), slice(column * width, (column + 1) * width)
                self._gram[rows, columns] = block
                self._gram[columns, rows] = block.T
        progress(1.0)

    def solve(self, penalties: Sequence[float]) -> None:
        """Solve for W in place of C; raise LinAlgError where the system with ``penalties`` is not positive definite."""
        from scipy.linalg import cho_factor, cho_solve

        diagonal = np.repeat(np.asarray(penalties, dtype=np.float32), self._width)
        self._gram[np.diag_indices_from(self._gram)] += diagonal
        factor = cho_factor(self._gram, lower=True, overwrite_a=True, check_finite=False)
        self._right = cho_solve(factor, self._right, overwrite_b=True, check_finite=False)

    def weights(self, scale: int, block: slice) -> NDArray[np.float32]:
        """Return the rows ``block`` of W at a timescale: (items of the block, I)."""
        rows = self._right[scale * self._width : (scale + 1) * self._width]
        if self._projection is None:
            return np.asarray(rows[block])
        return np.asarray(self._projection[block] @ rows)

    def _lasts(self) -> Any:
        """Return CSR (P, I): the last step of each history that has more than one."""
        from scipy.sparse import csr_matrix

        offsets = self._steps.offsets
        people = np.flatnonzero(np.diff(offsets) > 1)
        ones = np.ones(len(people), dtype=np.float32)
        shape = self._people, self._items
        return csr_matrix((ones, (people, self._steps.items[offsets[people + 1] - 1])), shape=shape)

    def _fold_left(self, table: Any) -> Any:
        return table if self._projection is None else np.asarray(self._projection.T @ table)

    def _fold(self, table: Any) -> Any:
        if self._projection is None:
            return table
        return np.asarray(self._projection.T @ np.asarray(table @ self._projection))

    def _fold_rows(self, states: Any) -> Any:
        return states if self._projection is None else np.asarray(states @ self._projection)


def project_items(steps: Steps, *, items: int, rank: int) -> Projection:
    """Return (I, r) float32 with orthonormal columns: the leading directions of the transitions both ways.

    Of the counts at short lags, items scaled by the root of their counts, by a randomised factorisation (Halko,
    Martinsson and Tropp 2011, algorithm 4.4) with a fixed start.
    """
    counts = np.maximum(np.bincount(steps.items, minlength=items), 1).astype(np.float32)
    from scipy.sparse import csr_matrix, diags

    table = csr_matrix(sum_successions(steps, items=items, decay=0.8, lags=10))
    scaled = diags(counts**-0.5) @ (table + table.T) @ diags(counts**-0.5)
    wide = min(items, rank + 20)
    basis = np.random.default_rng(0).standard_normal((items, wide)).astype(np.float32)
    for _ in range(3):
        basis = np.linalg.qr(scaled @ basis)[0].astype(np.float32)
    values, directions = np.linalg.eigh(basis.T @ (scaled @ basis))
    order = np.argsort(-np.abs(values))[: min(rank, items)]
    return np.ascontiguousarray(basis @ directions[:, order], dtype=np.float32)


def _match(table: Any, like: Any) -> Any:
    """Return a sparse ``table`` dense where ``like`` is."""
    return table.toarray() if isinstance(like, np.ndarray) else table


def _cross(left: Any, right: Any) -> Any:
    """Return leftᵀ right of states (P, r)."""
    if isinstance(left, np.ndarray):
        return left.T @ right
    filled = left.nnz / max(1, left.shape[0] * left.shape[1])
    if filled > 0.01 and left.shape[0] * left.shape[1] < 100_000_000:
        return left.toarray().T @ right.toarray()
    return left.T @ right


def _dense(block: Any) -> NDArray[np.float32]:
    return np.asarray(block.toarray() if hasattr(block, "toarray") else block, dtype=np.float32)
