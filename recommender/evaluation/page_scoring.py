"""What publications say on the page of an item: the array twins of the readers that go by context items."""

import numpy as np
from numpy.typing import NDArray

from catalog.halfvec import scale_rows
from recommender.learners import Neighbours, Vectors

ItemScores = NDArray[np.float32]


def score_neighbours_of(
    publication: Neighbours, context_ids: NDArray[np.int64], item_ids: NDArray[np.int64]
) -> ItemScores:
    """Return float32 (I,) for ascending ``item_ids``: the context items weigh 1 each, all banks of theirs add up.

    NaN where no context item leads; sums below 0 say nothing unless the publication has readings.
    """
    sums = np.zeros(len(item_ids))
    for context_id in context_ids.tolist():
        for row in np.flatnonzero(publication.item_ids == context_id).tolist():
            part = slice(publication.offsets[row], publication.offsets[row + 1])
            places, known = find_places(publication.neighbour_ids[part], item_ids)
            np.add.at(sums, places[known], publication.weights[part][known])
    silent = sums == 0 if publication.readings else sums <= 0
    return np.where(silent, np.nan, sums).astype(np.float32)


def score_likeness_to(publication: Vectors, context_ids: NDArray[np.int64], item_ids: NDArray[np.int64]) -> ItemScores:
    """Return float32 (I,) for ascending ``item_ids``: how near each is to the mean direction of the context items.

    NaN for items without a vector, and for all where no context item has one.
    """
    matrix = publication.matrix.astype(np.float16).astype(np.float32)
    # Units and their mean are kept in half precision, as in SQL.
    units = scale_rows(matrix[np.isin(publication.item_ids, context_ids)]).astype(np.float16).astype(np.float32)
    scores = np.full(len(item_ids), np.nan, dtype=np.float32)
    if not len(units):
        return scores
    target = units.mean(axis=0).astype(np.float16).astype(np.float32)
    if publication.metric == "cosine":
        matrix, target = scale_rows(matrix), scale_rows(target[None])[0]
        if not target.any():
            return scores
    places, known = find_places(publication.item_ids, item_ids)
    scores[places[known]] = matrix[known] @ target
    return scores


def find_places(ids: NDArray[np.int64], known_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the places of ``ids`` among ascending ``known_ids``, and which of them are there."""
    if not len(known_ids):
        return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    places = np.minimum(np.searchsorted(known_ids, ids), len(known_ids) - 1)
    return places, known_ids[places] == ids
