"""What people's ratings say in terms of the items' text vectors: inputs of the interest network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.learners.rating_model.rated_rows import RatedRows

Floats = NDArray[np.float32]

_SHRINKAGE = 5.0
_ITEM_SHRINKAGE = 10.0


@dataclass(frozen=True, slots=True)
class Reduction:
    """Text vectors on their leading directions: (content - centre) @ axes, ``axes`` (d, width)."""

    centre: Floats
    axes: Floats

    def reduce(self, content: Floats) -> Floats:
        """Return (n, width); a row of zeros, which says nothing, stays one."""
        reduced = (content - self.centre) @ self.axes
        reduced[~content.any(axis=1)] = 0.0
        return np.asarray(reduced, dtype=np.float32)


def find_reduction(content: Floats, *, width: int) -> Reduction:
    """Return the leading ``width`` principal directions of what ``content`` (I, d) says, scaled to unit mean square."""
    told = content[content.any(axis=1)]
    centre = told.mean(axis=0)
    centred = (told - centre).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred).eigenvectors[:, ::-1][:, :width]
    size = float(np.sqrt(np.square(centred @ axes).mean()))
    return Reduction(centre, np.asarray(axes / max(size, 1e-9), dtype=np.float32))


def average_items(ratings: RatedRows, *, items: int, mean: float) -> Floats:
    """Return (items,): how far the ratings of each lie above ``mean``, shrunk towards 0."""
    counts = np.bincount(ratings.items, minlength=items)
    sums = np.bincount(ratings.items, ratings.values - mean, items)
    return np.asarray(sums / (counts + _ITEM_SHRINKAGE), dtype=np.float32)


class TextProfiles:
    """Sums over the ratings of P people: the mean vector of what each likes (by their own mean), the sum of vectors
    weighted by how far each rating lies above that of others, their mean rating, and how many ratings there are.
    """

    def __init__(self, ratings: RatedRows, vectors: Floats, *, profiles: int, mean: float, item_means: Floats) -> None:
        self._ratings, self._vectors = ratings, vectors
        people = ratings.profiles
        self._above = (ratings.values - mean).astype(np.float32)
        self._beyond = self._above - item_means[ratings.items]
        self.counts = np.bincount(people, minlength=profiles).astype(np.float32)
        self._totals = np.bincount(people, self._above, profiles).astype(np.float32)
        own = self._totals / (self.counts + 1.0)
        self._likes = (self._above >= own[people]).astype(np.float32)
        self._liked = np.bincount(people, self._likes, profiles).astype(np.float32)
        self._liked_sums = _sum_rows(ratings, vectors, self._likes, profiles)
        self._signed_sums = _sum_rows(ratings, vectors, self._beyond, profiles)

    def describe_all(self) -> Floats:
        """Return inputs (P, 2 width + 2) of everybody."""
        return _join(self._liked_sums, self._liked, self._signed_sums, self._totals, self.counts)

    def describe_without(self, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the inputs of the people of the ratings ``rows`` (b,), each without that rating, and its item's."""
        people, items = self._ratings.profiles[rows], self._vectors[self._ratings.items[rows]]
        likes, beyond = self._likes[rows], self._beyond[rows]
        inputs = _join(
            self._liked_sums[people] - likes[:, None] * items,
            self._liked[people] - likes,
            self._signed_sums[people] - beyond[:, None] * items,
            self._totals[people] - self._above[rows],
            self.counts[people] - 1.0,
        )
        return inputs, items


def _join(liked_sums: Floats, liked: Floats, signed_sums: Floats, totals: Floats, counts: Floats) -> Floats:
    return np.column_stack(
        [
            liked_sums / np.maximum(liked, 1.0)[:, None],
            signed_sums / np.sqrt(counts + _SHRINKAGE)[:, None],
            totals / (counts + _SHRINKAGE),
            np.log1p(counts),
        ]
    ).astype(np.float32)


def _sum_rows(ratings: RatedRows, vectors: Floats, weights: Floats, profiles: int) -> Floats:
    from scipy.sparse import csr_matrix

    table = csr_matrix((weights, (ratings.profiles, ratings.items)), shape=(profiles, len(vectors)))
    return np.asarray(table @ vectors, dtype=np.float32)
