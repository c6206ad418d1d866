"""Merges draws of a rating model into one inner product, which is what SQL serves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.rating_model.posterior import fold_in
from recommender.learners.rating_model.rated_rows import RatedRows

Arrays = Mapping[str, NDArray[Any]]

_MOST_PEOPLE = 5_000
"""People that the directions to keep are found by."""


def merge_draws(draws: Arrays, ratings: RatedRows, *, profiles: int, rank: int, seed: int) -> dict[str, NDArray[Any]]:
    """Return what turns vectors under S draws into served ones: ``item_table`` (I, rank + 1), bias first, ``carry``
    (S·k, rank) and ``centre`` (rank + 1,).

    The mean over draws of p·q is P Qᵀ with P (people, S·k) and Q (I, S·k) the stacked factors. Its leading ``rank``
    singular directions, from Gram matrices, give item factors F with Q ≈ F Mᵀ and so served factors P M of a person:
    M is the ``carry``. A mean person, ``centre``, is put into the items' biases.
    """
    chosen = _choose_people(ratings, profiles, seed)
    sample = _keep_people(ratings, chosen, profiles)
    vectors = np.concatenate([block for _, block in fold_in(draws, sample, profiles=len(chosen))])
    count = draws["vectors"].shape[1]
    root = np.sqrt(count)
    left = vectors[:, :, 1:].reshape(len(chosen), -1) / root
    right = draws["vectors"][:, :, 1:].reshape(len(draws["vectors"]), -1).astype(np.float32) / np.float32(root)
    values, axes = np.linalg.eigh(left.T @ left)
    half = (axes * np.sqrt(np.maximum(values, 0.0))) @ axes.T
    gram = (right.T @ right).astype(np.float64)
    squares, turned = np.linalg.eigh(half @ gram @ half)
    squares, turned = squares[::-1][:rank], turned[:, ::-1][:, :rank]
    there = squares > 1e-10 * max(float(squares[0]), 1e-12)
    singular = np.sqrt(np.where(there, squares, 1.0))
    basis = half @ turned * np.where(there, singular**-0.5, 0.0)
    carry = _pad(gram @ basis / singular / root, rank)
    factors = _pad(right @ basis.astype(np.float32), rank)
    biases = draws["vectors"][:, :, 0].astype(np.float64).mean(axis=1)
    centre = np.concatenate([[vectors[:, :, 0].mean()], (left * root).mean(axis=0) @ carry])
    return {
        "item_table": np.column_stack([biases + factors @ centre[1:], factors]),
        "carry": carry,
        "centre": centre,
    }


def serve_people(merged: Arrays, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (b, rank + 1), bias first and around the mean person, of vectors (b, S, width) under the draws."""
    factors = vectors[:, :, 1:].reshape(len(vectors), -1) @ merged["carry"]
    return np.column_stack([vectors[:, :, 0].mean(axis=1), factors]) - merged["centre"]


def _choose_people(ratings: RatedRows, profiles: int, seed: int) -> NDArray[np.int64]:
    raters = np.unique(ratings.profiles)
    if len(raters) <= _MOST_PEOPLE:
        return raters
    return np.sort(np.random.default_rng(seed).choice(raters, _MOST_PEOPLE, replace=False))


def _keep_people(ratings: RatedRows, chosen: NDArray[np.int64], profiles: int) -> RatedRows:
    places = np.full(profiles, -1)
    places[chosen] = np.arange(len(chosen))
    rows = places[ratings.profiles] >= 0
    return RatedRows(places[ratings.profiles[rows]], ratings.items[rows], ratings.values[rows], ratings.times[rows])


def _pad(matrix: NDArray[np.floating], rank: int) -> NDArray[np.float64]:
    """Return float64 with ``rank`` columns, zeros behind what there is."""
    padded = np.zeros((len(matrix), rank))
    padded[:, : matrix.shape[1]] = matrix
    return padded
