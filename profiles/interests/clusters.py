"""Finds the few directions that a history points in.

The idea of several vectors a person, from clusters of what they took in, weighted by recency, is that of PinnerSage
(Pal et al., KDD 2020, section 3), here with average linkage on cosine similarities instead of Ward's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatMatrix = NDArray[np.float32]
FloatVector = NDArray[np.float64]

MOST_INTERESTS = 5
SIMILARITY = 0.35
"""Mean cosine similarity from which two groups of items are one interest."""
FADED = 1e-6
"""A row counts no more when its weight is that small beside the heaviest."""


@dataclass(frozen=True, slots=True)
class InterestVector:
    """An interest: its share of the whole (0 to 1), a unit vector of shape (dimensions,), and keywords."""

    weight: float
    vector: FloatMatrix
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Rows of a history that belong together: ``rows`` are positions of those that count in favour."""

    weight: float
    vector: FloatMatrix
    rows: NDArray[np.intp]


def decay_weights(strengths: FloatVector, *, ages: FloatVector, half_lives: FloatVector) -> FloatVector:
    """Return strengths (n,) halved once every half-life: ages and half-lives (n,) in seconds.

    A negative age (a clock that runs ahead) counts as none.
    """
    decayed: FloatVector = strengths * np.exp2(-np.maximum(ages, 0.0) / half_lives)
    return decayed


def find_clusters(
    vectors: FloatMatrix, weights: FloatVector, *, most: int = MOST_INTERESTS, similarity: float = SIMILARITY
) -> tuple[Cluster, ...]:
    """Group the rows of ``vectors`` (n, dimensions), of unit length, by likeness; heaviest group first.

    Rows with a positive weight are merged, the most alike groups first, until no two groups have a mean similarity of
    ``similarity`` or more; of those that remain the ``most`` heaviest are kept. Then each row with a negative weight
    pushes the group that it is most like away from itself, if they are that alike; a group that has nothing left in
    its favour is dropped. The weights of the groups are shares of their sum.
    Rows of zeros and faded ones are left out. The same input gives the same groups, equal ones in their order.
    """
    if not np.any(weights > 0):
        return ()
    usable = np.linalg.norm(vectors, axis=1) > 0.5
    weights = weights / weights.max()
    liked = np.flatnonzero(usable & (weights > FADED))
    disliked = np.flatnonzero(usable & (weights < -FADED))
    exact = vectors.astype(np.float64)
    groups = _merge_alike(exact[liked], weights[liked], similarity=similarity)
    found = []
    for members in groups:
        rows = liked[members]
        found.append((rows, weights[rows] @ exact[rows], float(weights[rows].sum())))
    found = sorted(found, key=lambda group: -group[2])[:most]
    for row in disliked:
        found = _push_away(found, exact[row], float(weights[row]), similarity=similarity)
    found = sorted(found, key=lambda group: -group[2])
    total = sum(weight for _, _, weight in found)
    return tuple(
        Cluster(weight / total, (direction / np.linalg.norm(direction)).astype(np.float32), rows)
        for rows, direction, weight in found
    )


_Group = tuple[NDArray[np.intp], FloatVector, float]


def _merge_alike(vectors: FloatVector, weights: FloatVector, *, similarity: float) -> list[list[int]]:
    # With S the weighted sum of a group's unit vectors and w its weight, the weighted mean similarity of two groups
    # is S_a · S_b / (w_a w_b), which a merge updates by adding rows and columns.
    groups = [[place] for place in range(len(weights))]
    sums = vectors * weights[:, None]
    shared = sums @ sums.T
    heights = weights.copy()
    alive = np.ones(len(groups), dtype=bool)
    for _ in range(len(groups) - 1):
        means = shared / np.outer(heights, heights)
        means[~alive] = means[:, ~alive] = -np.inf
        np.fill_diagonal(means, -np.inf)
        first, second = sorted(divmod(int(means.argmax()), len(groups)))
        if means[first, second] < similarity:
            break
        groups[first] += groups[second]
        heights[first] += heights[second]
        shared[first] += shared[second]
        shared[:, first] += shared[:, second]
        alive[second] = False
    return [sorted(groups[place]) for place in np.flatnonzero(alive)]


def _push_away(found: list[_Group], vector: FloatVector, weight: float, *, similarity: float) -> list[_Group]:
    if not found:
        return found
    likeness = [float(direction @ vector / np.linalg.norm(direction)) for _, direction, _ in found]
    nearest = int(np.argmax(likeness))
    if likeness[nearest] < similarity:
        return found
    rows, direction, total = found[nearest]
    left = total + weight * likeness[nearest]
    pushed = direction + weight * vector
    if left <= 0 or np.linalg.norm(pushed) < 1e-6:
        return found[:nearest] + found[nearest + 1 :]
    return [*found[:nearest], (rows, pushed, left), *found[nearest + 1 :]]


def sum_by_item(item_ids: Sequence[int], weights: FloatVector) -> tuple[NDArray[np.intp], FloatVector]:
    """Add up the weights (n,) of rows of the same item; return the first row of each of m items, and sums (m,)."""
    _, first, places = np.unique(np.asarray(item_ids), return_index=True, return_inverse=True)
    sums: FloatVector = np.bincount(places, weights=weights, minlength=len(first)).astype(np.float64)
    order = np.argsort(first)
    return first[order], sums[order]
