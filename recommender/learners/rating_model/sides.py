"""One side of the model, people or items: their vectors, and the prior that these have."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.rating_model.links import Link

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_BLOCK_RATINGS = 200_000
_PULL = 2.0
"""How many rows' worth of evidence say that the prior's mean is 0."""


class Side:
    """``vectors`` (count, width), bias first, of the rows that ``index`` (n,) of the ratings points to.

    Their prior is normal around ``mean`` plus what the links say, with precision ``factor factorᵀ``; mean and precision
    have a normal-Wishart prior (Salakhutdinov and Mnih 2008, equations 5 to 14). ``noise`` (count,) multiplies the
    precision of a row's ratings.
    """

    def __init__(self, index: Indices, count: int, width: int, features: Sequence[NDArray[np.floating]]) -> None:
        self.order = np.argsort(index, kind="stable")
        self.bounds = np.concatenate([[0], np.cumsum(np.bincount(index, minlength=count))])
        self.vectors: Floats = np.zeros((count, width))
        self.links = [Link(block, width) for block in features]
        self.noise: Floats = np.ones(count)
        self.mean: Floats = np.zeros(width)
        self.factor: Floats = np.eye(width)

    def scatter_vectors(self, dice: np.random.Generator) -> None:
        """Begin the chain at small random vectors."""
        self.vectors = dice.standard_normal(self.vectors.shape) * 0.1

    def draw(
        self, partners: Indices, other: Floats, target: Floats, weights: Floats, dice: np.random.Generator
    ) -> None:
        """Draw every row's vector given ``other``, the vectors of the other side.

        ``partners``, ``target`` and ``weights`` (n,): the rows of the other side, what their ratings are beyond the
        mean, and the precision of each. The noise is added to target and prior, so that the solution of one linear
        system is a draw (perturbation: Papandreou and Yuille 2010), and no row needs a factor of its own.
        """
        count, width = self.vectors.shape
        prior = self._draw_prior(dice)
        precision = self.factor @ self.factor.T
        pulled = prior @ precision + dice.standard_normal((count, width)) @ self.factor.T
        partners, roots = partners[self.order], np.sqrt(weights[self.order])
        noisy = target[self.order] - other[partners, 0] + dice.standard_normal(len(partners)) / roots
        table = other.astype(np.float32)
        bounds = self.bounds
        vectors = np.empty_like(self.vectors)
        step = max(1, int(_BLOCK_RATINGS * count / max(1, len(partners), count)))
        for first in range(0, count, step):
            last = min(count, first + step)
            low, high = bounds[first], bounds[last]
            design = np.empty((high - low, width + 1), np.float32)
            design[:, 0] = 1.0
            design[:, 1:width] = table[partners[low:high], 1:]
            design[:, width] = noisy[low:high]
            design *= roots[low:high, None]
            moments = np.empty((last - first, width + 1, width + 1), np.float32)
            for row in range(first, last):
                block = design[bounds[row] - low : bounds[row + 1] - low]
                np.matmul(block.T, block, out=moments[row - first])
            right = moments[:, :width, width] + pulled[first:last]
            vectors[first:last] = np.linalg.solve(moments[:, :width, :width] + precision, right[..., None])[..., 0]
        self.vectors = vectors

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the state of the chain."""
        arrays = {"vectors": self.vectors, "noise": self.noise, "mean": self.mean, "factor": self.factor}
        for place, link in enumerate(self.links):
            arrays |= {f"link{place}.{name}": array for name, array in link.pack().items()}
        return arrays

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a state that was packed."""
        self.vectors, self.noise = arrays["vectors"].copy(), arrays["noise"].copy()
        self.mean, self.factor = arrays["mean"].copy(), arrays["factor"].copy()
        for place, link in enumerate(self.links):
            link.restore({name: arrays[f"link{place}.{name}"] for name in link.pack()})

    def _draw_prior(self, dice: np.random.Generator) -> Floats:
        """Draw the prior's precision, mean and links; return the mean of each row (count, width)."""
        count, width = self.vectors.shape
        fitted = sum((link.fitted for link in self.links), np.zeros_like(self.vectors))
        rest = self.vectors - fitted
        centre = rest.mean(axis=0)
        scatter = np.eye(width) + (rest - centre).T @ (rest - centre)
        scatter += count * _PULL / (count + _PULL) * np.outer(centre, centre)
        freedom = width + count
        for link in self.links:
            scatter += link.strength * link.weights.T @ link.weights
            freedom += len(link.weights)
        self.factor = draw_wishart_factor(scatter, freedom=freedom, dice=dice)
        noise = np.linalg.solve(self.factor.T, dice.standard_normal(width))
        self.mean = count * centre / (count + _PULL) + noise / np.sqrt(count + _PULL)
        for link in self.links:
            fitted = fitted - link.fitted
            link.draw(self.vectors - self.mean - fitted, self.factor, dice)
            fitted = fitted + link.fitted
        return self.mean + fitted


def draw_wishart_factor(scatter: Floats, *, freedom: int, dice: np.random.Generator) -> Floats:
    """Return the lower Cholesky factor of a draw from Wishart(scatter⁻¹, freedom), by Bartlett's decomposition."""
    width = len(scatter)
    inverse = np.linalg.inv(scatter)
    triangle = np.tril(dice.standard_normal((width, width)), -1)
    triangle[np.diag_indices(width)] = np.sqrt(dice.chisquare(freedom - np.arange(width)))
    return np.asarray(np.linalg.cholesky((inverse + inverse.T) / 2) @ triangle)
