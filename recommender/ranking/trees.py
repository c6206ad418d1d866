"""Boosted trees as arrays, scored with numpy alone: a web process needs no library of trees."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4_000_000


class TreesError(ValueError):
    """Arrays are not trees, or not for these features; the message says what."""


def check_trees(arrays: Mapping[str, NDArray[Any]], *, features: int) -> None:
    """Raise TreesError unless ``arrays`` hold trees on ``features`` features; see ``score_trees``."""
    missing = {"feature", "threshold", "left", "right", "value"} - arrays.keys()
    if missing:
        raise TreesError(f"trees: {', '.join(sorted(missing))} missing")
    shape = arrays["feature"].shape
    if len(shape) != 2 or any(arrays[name].shape != shape for name in ("threshold", "left", "right", "value")):
        raise TreesError("trees: arrays of different shapes")
    nodes = shape[1]
    for name in ("left", "right"):
        children = arrays[name]
        inner = children >= 0
        if bool((children[inner] <= np.broadcast_to(np.arange(nodes), shape)[inner]).any()):
            raise TreesError(f"trees: {name} leads back")
        if bool((children >= nodes).any()):
            raise TreesError(f"trees: {name} leads out of the tree")
    used = arrays["feature"][arrays["left"] >= 0]
    if len(used) and not (used.min() >= 0 and used.max() < features):
        raise TreesError(f"trees: feature {used.max()}, but there are {features}")


def score_trees(arrays: Mapping[str, NDArray[Any]], features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (m,): the sum over T trees for ``features`` (m, F).

    Arrays (T, N), padded, a tree a row, node 0 its root: ``feature`` and ``threshold`` of the question (at most goes
    left), ``left`` and ``right`` the numbers of the children, larger than their parent's, -1 at a leaf, ``value`` of a
    leaf.
    """
    trees, nodes = arrays["feature"].shape
    total = np.zeros(len(features))
    if not trees or not nodes:
        return total
    flat = {name: arrays[name].ravel() for name in ("feature", "threshold", "left", "right", "value")}
    roots = np.arange(trees) * nodes
    height = max(1, _BLOCK // trees)
    for start in range(0, len(features), height):
        rows = features[start : start + height].astype(np.float64)
        at = np.zeros((len(rows), trees), dtype=np.int64)
        own = np.arange(len(rows))[:, None]
        while True:
            places = roots + at
            left = flat["left"][places]
            inner = left >= 0
            if not inner.any():
                break
            goes_left = rows[own, flat["feature"][places]] <= flat["threshold"][places]
            at = np.where(inner, np.where(goes_left, left, flat["right"][places]), at)
        total[start : start + height] = flat["value"][roots + at].sum(axis=1)
    return total
