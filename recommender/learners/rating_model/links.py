"""Ridge regressions from the features of rows to their vectors, drawn along with these."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Link:
    """vectors ≈ features @ (axes @ weights): (count, f) features, (f, width) weights with a sampled strength.

    The features are turned onto the axes of their Gram matrix, where the posterior of the weights falls apart into one
    normal a row. (Macau: Simm et al. 2017, equations 6 to 8, in closed form.)
    """

    def __init__(self, features: NDArray[np.floating], width: int) -> None:
        gram = features.T.astype(np.float64) @ features
        values, self.axes = np.linalg.eigh(gram)
        self.values = np.maximum(values, 0.0)
        self.scores = np.asarray(features @ self.axes.astype(np.float32), dtype=np.float32)
        self.strength = float(max(self.values.mean(), 1.0)) if len(values) else 1.0
        self.weights = np.zeros((len(values), width))
        self.fitted = np.zeros((len(features), width))

    def draw(self, target: NDArray[np.float64], factor: NDArray[np.float64], dice: np.random.Generator) -> None:
        """Draw weights and strength given ``target`` (count, width), of precision ``factor factorᵀ``."""
        inverse = np.linalg.inv(factor)
        noisy = target + dice.standard_normal(target.shape) @ inverse
        push = np.sqrt(self.strength) * dice.standard_normal(self.weights.shape) @ inverse
        pulled = (self.scores.T @ noisy.astype(np.float32)).astype(np.float64) + push
        self.weights = pulled / (self.values + self.strength)[:, None]
        self._fit()
        energy = float(np.square(self.weights @ factor).sum())
        self.strength = float(dice.gamma(0.5 + self.weights.size / 2, 1 / (0.5 + energy / 2)))

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the state of the chain."""
        return {"weights": self.weights, "strength": np.array([self.strength])}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a state that was packed."""
        self.weights = arrays["weights"].copy()
        self.strength = float(arrays["strength"][0])
        self._fit()

    def _fit(self) -> None:
        self.fitted = (self.scores @ self.weights.astype(np.float32)).astype(np.float64)
