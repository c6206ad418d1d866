"""What publications say on the page of an item: the array twins of the readers that go by context items."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from catalog.halfvec import scale_rows
from recommender.learners import Neighbours, Vectors
from recommender.training.dataset import InteractionDataset

Ids = NDArray[np.int64]
ItemScores = NDArray[np.float32]


class PageScorer(Protocol):
    """Scores every item on the page of others."""

    def score(self, context_ids: Ids) -> ItemScores:
        """Return float32 (I,) for the items of the dataset; NaN where there is nothing to say of one."""
        ...


def make_page_scorer(publication: Neighbours | Vectors, dataset: InteractionDataset) -> PageScorer:
    """Return the reader of ``publication`` for pages; items that ``dataset`` does not know are left out."""
    if isinstance(publication, Neighbours):
        return _NeighboursOf(publication, dataset.item_ids)
    return _LikenessTo(publication, dataset.item_ids)


def find_places(ids: Ids, known_ids: Ids) -> tuple[Ids, NDArray[np.bool_]]:
    """Return the places of ``ids`` among ascending ``known_ids``, and which of them are there."""
    if not len(known_ids):
        return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    places = np.minimum(np.searchsorted(known_ids, ids), len(known_ids) - 1)
    return places, known_ids[places] == ids


class _NeighboursOf:
    """The context items weigh 1 each, all banks of theirs add up; below 0 only readings make a score."""

    def __init__(self, publication: Neighbours, item_ids: Ids) -> None:
        self._publication = publication
        self._places, self._known = find_places(publication.neighbour_ids, item_ids)
        self._count = len(item_ids)

    def score(self, context_ids: Ids) -> ItemScores:
        publication = self._publication
        sums = np.zeros(self._count)
        for context_id in context_ids.tolist():
            for row in np.flatnonzero(publication.item_ids == context_id).tolist():
                part = slice(publication.offsets[row], publication.offsets[row + 1])
                known = self._known[part]
                np.add.at(sums, self._places[part][known], publication.weights[part][known])
        silent = sums == 0 if publication.readings else sums <= 0
        return np.where(silent, np.nan, sums).astype(np.float32)


class _LikenessTo:
    """How near each item is to the mean direction of the context items: nothing where none of these has a vector."""

    def __init__(self, publication: Vectors, item_ids: Ids) -> None:
        matrix = publication.matrix.astype(np.float16).astype(np.float32)
        self._cosine = publication.metric == "cosine"
        self._ids = publication.item_ids
        units = scale_rows(matrix)
        # Units are in half precision where they are averaged, as in SQL.
        self._units = units.astype(np.float16)
        self._matrix = units if self._cosine else matrix
        self._places, self._known = find_places(publication.item_ids, item_ids)
        self._count = len(item_ids)

    def score(self, context_ids: Ids) -> ItemScores:
        scores = np.full(self._count, np.nan, dtype=np.float32)
        units = self._units[np.isin(self._ids, context_ids)].astype(np.float32)
        if not len(units):
            return scores
        target = units.mean(axis=0).astype(np.float16).astype(np.float32)
        if self._cosine:
            target = scale_rows(target[None])[0]
            if not target.any():
                return scores
        scores[self._places[self._known]] = (self._matrix @ target)[self._known]
        return scores
