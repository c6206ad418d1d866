"""Lays out what a rating model knows so that an inner product of two rows is the predicted rating."""

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64] | NDArray[np.float32]


def lay_out_items(table: Table, *, spread: float) -> NDArray[np.float32]:
    """Return rows [q, b, 1] from a scaled table (n, k + 1), bias first."""
    factors, biases = np.sqrt(spread) * table[:, 1:], spread * table[:, 0]
    return np.column_stack([factors, biases, np.ones(len(table))]).astype(np.float32)


def lay_out_people(table: Table, *, spread: float, mean: float) -> NDArray[np.float32]:
    """Return rows [p, 1, mean + b] from a scaled table (n, k + 1), bias first."""
    factors, biases = np.sqrt(spread) * table[:, 1:], mean + spread * table[:, 0]
    return np.column_stack([factors, np.ones(len(table)), biases]).astype(np.float32)
