"""Steps of Bayesian personalised ranking: what a person met is to score above what they did not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BATCH = 4096
"""Pairs a step."""

_REDRAWS = 20

_FIRST_SQUARES = 0.1
"""What sums of squared gradients begin with, so that the first steps are not all of the same length."""


@dataclass(frozen=True, slots=True)
class PairwiseOptions:
    """``epsilon`` is the length of the perturbations of rows, ``adversarial`` the weight of the loss under them."""

    step: float
    penalty: float
    adversarial: float
    epsilon: float


def draw_pairs(met: Any, dice: np.random.Generator, *, size: int = BATCH) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Yield batches (people, met items, items not met) that go once through a CSR matrix ``met``, shuffled.

    Items not met are drawn evenly; one that was met is drawn again, for a while: people who met all have none.
    """
    people = np.repeat(np.arange(met.shape[0]), np.diff(met.indptr))
    items = met.indices.astype(np.int64)
    pairs = np.sort(people * met.shape[1] + items)
    order = dice.permutation(len(people))
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        others = dice.integers(met.shape[1], size=len(rows))
        clashing = np.arange(len(rows))
        for _ in range(_REDRAWS):
            keys = people[rows[clashing]] * met.shape[1] + others[clashing]
            clashing = clashing[pairs[np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)] == keys]
            if not len(clashing):
                break
            others[clashing] = dice.integers(met.shape[1], size=len(clashing))
        yield people[rows], items[rows], others


class PairwiseFactors:
    """Factors (P, d) and (I, d) under steps of Adagrad, with the running sums of its squares.

    The loss of a pair is −ln σ(p·(q − r)) (Rendle et al. 2009), plus ``adversarial`` times the same at p, q, r moved by
    ``epsilon`` along their own gradients, each row's scaled to length 1 (He et al. 2018, equations 5 to 9).
    """

    def __init__(self, people: Floats, items: Floats) -> None:
        self.people, self.items = people, items
        self._squares = np.full_like(people, _FIRST_SQUARES), np.full_like(items, _FIRST_SQUARES)

    def pack(self) -> dict[str, Floats]:
        """Return the whole state as arrays."""
        return {
            "people": self.people,
            "items": self.items,
            "people_squares": self._squares[0],
            "items_squares": self._squares[1],
        }

    @classmethod
    def unpack(cls, arrays: Any) -> "PairwiseFactors":
        """Return what ``pack`` has put by."""
        factors = cls(arrays["people"].copy(), arrays["items"].copy())
        factors._squares = arrays["people_squares"].copy(), arrays["items_squares"].copy()
        return factors

    def take_step(
        self,
        people: NDArray[np.int64],
        met: NDArray[np.int64],
        others: NDArray[np.int64],
        *,
        options: PairwiseOptions,
    ) -> None:
        """Move the factors of a batch of pairs."""
        rows = _RowSums(people), _RowSums(np.concatenate([met, others]))
        p, q, r = self.people[people], self.items[met], self.items[others]
        slopes = _slope(p, q, r)
        total = [rows[0].add(slopes[0]), rows[1].add(np.concatenate(slopes[1:]))]
        if options.adversarial:
            shifts = [np.float32(options.epsilon) * _scale(sums) for sums in total]
            dp, dqr = shifts[0][rows[0].places], shifts[1][rows[1].places]
            moved = _slope(p + dp, q + dqr[: len(met)], r + dqr[len(met) :])
            weight = np.float32(options.adversarial)
            total[0] += weight * rows[0].add(moved[0])
            total[1] += weight * rows[1].add(np.concatenate(moved[1:]))
        for table, squares, kept, sums in zip((self.people, self.items), self._squares, rows, total, strict=True):
            # A row is drawn towards 0 each time that it is met.
            sums += np.float32(options.penalty) * kept.counts[:, None] * table[kept.rows]
            grown = squares[kept.rows] + sums * sums
            squares[kept.rows] = grown
            table[kept.rows] -= np.float32(options.step) * sums / np.sqrt(grown)


class _RowSums:
    """Adds up gradients of one row of a table: ``rows`` (k,) distinct, ``places`` (n,) into them."""

    def __init__(self, indices: NDArray[np.int64]) -> None:
        self._order = np.argsort(indices, kind="stable")
        ordered = indices[self._order]
        self._starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        self.rows = ordered[self._starts]
        self.counts = np.diff(self._starts, append=len(indices)).astype(np.float32)
        self.places = np.empty(len(indices), dtype=np.int64)
        self.places[self._order] = np.repeat(np.arange(len(self.rows)), self.counts.astype(np.int64))

    def add(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values[self._order], self._starts, axis=0))


def _slope(p: Floats, q: Floats, r: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the gradients of −ln σ(p·(q − r)), pair by pair, by p, q and r."""
    difference = q - r
    margins = np.einsum("nd,nd->n", p, difference)
    pull = (-1.0 / (1.0 + np.exp(np.clip(margins, -60.0, 60.0)))).astype(np.float32)[:, None]
    by_item = pull * p
    return pull * difference, by_item, -by_item


def _scale(sums: Floats) -> Floats:
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12)))
