"""Applies trained towers without torch: a worker encodes people by a few products of matrices."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_NORM_EPSILON = 1e-5  # that of torch


def apply_tower(
    arrays: Mapping[str, NDArray[Any]], inputs: NDArray[np.float32], *, side: Literal["person", "item"]
) -> NDArray[np.float32]:
    """Return (n, factors + 1), bias first, of inputs (n, m), by the weights that ``networks.interest`` names."""

    def get(name: str) -> NDArray[np.float32]:
        return arrays[f"{side}.{name}"]

    centred = inputs - inputs.mean(axis=1, keepdims=True)
    normed = centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + _NORM_EPSILON)
    normed = normed * get("norm.weight") + get("norm.bias")
    hidden = np.maximum(normed @ get("inner.weight").T + get("inner.bias"), 0.0)
    outputs = hidden @ get("outer.weight").T + get("outer.bias") + inputs @ get("skip.weight").T
    return np.asarray(outputs, dtype=np.float32)
