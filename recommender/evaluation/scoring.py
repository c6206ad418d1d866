"""Array readers: what a publication says about every item to many people at once, as the SQL readers would.

The same sums over the same rows: kept in half precision where Postgres keeps them so.
"""

from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from profiles.conf import get_conf
from recommender.evaluation.history_weights import weigh_by_steps, weigh_by_time
from recommender.evaluation.ranks import ScoreMatrix
from recommender.learners import Learner, Neighbours, Publication, Scores, Shortlists, Vectors
from recommender.training.dataset import InteractionDataset


class CaseScorer(Protocol):
    """Scores every item for profiles of the histories that it was made with."""

    def score(self, profiles: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (B, I) for B indices of profiles; NaN where the source has nothing to say of an item."""
        ...


class PreciseScorer(Protocol):
    """Scores as SQL would at one moment: sums in double precision, which what is left of an old history may need."""

    def score(self, profiles: NDArray[np.int64]) -> ScoreMatrix:
        """Return (B, I) as a CaseScorer does, float64 for neighbours."""
        ...


@overload
def make_scorer(publication: Publication, learner: Learner | None, histories: InteractionDataset) -> CaseScorer: ...


@overload
def make_scorer(
    publication: Publication, learner: Learner | None, histories: InteractionDataset, *, times: NDArray[np.float64]
) -> PreciseScorer: ...


def make_scorer(
    publication: Publication,
    learner: Learner | None,
    histories: InteractionDataset,
    *,
    times: NDArray[np.float64] | None = None,
) -> Any:
    """Return the reader of ``publication``, by ``learner``, for the profiles of ``histories``.

    Items of the publication that the histories do not know are left out. ``times`` (P,) epoch seconds, when each
    profile is asked for, give the very scores that SQL gives then; see ``weigh_by_time`` for what they are without.
    Vectors that no learner made, such as those of texts, have none.
    """
    if isinstance(publication, Scores):
        return _ScoresScorer(publication, histories)
    if isinstance(publication, Neighbours):
        return _NeighboursScorer(publication, histories, times)
    if isinstance(publication, Vectors):
        return _VectorsScorer(publication, learner, histories, times)
    return _ShortlistsScorer(publication, histories)


class _ScoresScorer:
    def __init__(self, publication: Scores, histories: InteractionDataset) -> None:
        self._row = np.full(len(histories.item_ids), np.nan, dtype=np.float32)
        places, known = _place(publication.item_ids, histories.item_ids)
        self._row[places[known]] = publication.scores[known]

    def score(self, profiles: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.tile(self._row, (len(profiles), 1))


class _NeighboursScorer:
    """Σ over banks of history weights (B, I) times the table (I, I): an item that no seed leads to is NaN."""

    def __init__(
        self, publication: Neighbours, histories: InteractionDataset, times: NDArray[np.float64] | None
    ) -> None:
        readings = publication.readings
        banks = np.zeros(len(publication.item_ids), np.int16) if publication.banks is None else publication.banks
        self._keeps_negative = bool(readings)
        self._type: type[np.floating[Any]] = np.float32 if times is None else np.float64
        self._parts: list[tuple[Any, Any]] = []
        for bank in range(max(1, len(readings))):
            weights = (
                weigh_by_steps(histories, reading=readings[bank])
                if readings
                else weigh_by_time(histories, length=get_conf().history_length, times=times)
            )
            self._parts.append((weights, _make_table(publication, banks == bank, histories.item_ids)))

    def score(self, profiles: NDArray[np.int64]) -> ScoreMatrix:
        total: Any = sum(np.asarray((weights[profiles] @ table).todense()) for weights, table in self._parts)
        scores: ScoreMatrix = np.asarray(total, dtype=self._type)
        scores[scores == 0 if self._keeps_negative else scores <= 0] = np.nan
        return scores


class _VectorsScorer:
    """Similarity of a query vector to every item: the learner's own for the profile, else that of the history."""

    def __init__(
        self,
        publication: Vectors,
        learner: Learner | None,
        histories: InteractionDataset,
        times: NDArray[np.float64] | None,
    ) -> None:
        self._cosine = publication.metric == "cosine"
        self._items = np.full((len(histories.item_ids), publication.matrix.shape[1]), np.nan, dtype=np.float32)
        places, known = _place(publication.item_ids, histories.item_ids)
        matrix = publication.matrix.astype(np.float16).astype(np.float32)
        self._items[places[known]] = _scale(matrix[known]) if self._cosine else matrix[known]
        encode = getattr(learner, "encode_profiles", None)
        own = None if encode is None or not publication.arrays else encode(publication.arrays, histories)
        queries = self._average(publication, histories, times)
        if own is not None:
            known_profiles = (own != 0).any(axis=1)
            queries[known_profiles] = own[known_profiles].astype(np.float16)
        self._queries = _scale(queries) if self._cosine else queries

    def _average(
        self, publication: Vectors, histories: InteractionDataset, times: NDArray[np.float64] | None
    ) -> NDArray[np.float32]:
        """Return the weighted means of the histories' vectors, unit rows; NaN where there is nothing to go by."""
        weights = weigh_by_time(histories, length=get_conf().history_length, times=times)
        vectors = np.zeros((len(histories.item_ids), publication.matrix.shape[1]), dtype=np.float32)
        places, known = _place(publication.item_ids, histories.item_ids)
        vectors[places[known]] = publication.matrix[known].astype(np.float16)
        there = np.zeros(len(histories.item_ids), dtype=np.float32)
        there[places[known]] = 1.0
        liked = (weights.multiply(weights > 0) @ there) > 0
        # As in SQL: the largest weight of a history counts 1, so that an old one is not taken for none.
        largest = np.maximum(abs(weights).max(axis=1).toarray(), 1e-12) if weights.nnz else 1.0
        queries = _scale(np.asarray(weights @ vectors / largest, dtype=np.float32))
        queries = queries.astype(np.float16).astype(np.float32)
        queries[~liked] = np.nan
        return queries

    def score(self, profiles: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(self._queries[profiles] @ self._items.T, dtype=np.float32)


class _ShortlistsScorer:
    def __init__(self, publication: Shortlists, histories: InteractionDataset) -> None:
        self._publication = publication
        self._profile_ids = histories.profile_ids
        self._item_ids = histories.item_ids

    def score(self, profiles: NDArray[np.int64]) -> NDArray[np.float32]:
        scores = np.full((len(profiles), len(self._item_ids)), np.nan, dtype=np.float32)
        lists = self._publication
        rows = {profile_id: row for row, profile_id in enumerate(lists.profile_ids.tolist())}
        for place, profile_id in enumerate(self._profile_ids[profiles].tolist()):
            row = rows.get(profile_id)
            if row is not None:
                part = slice(lists.offsets[row], lists.offsets[row + 1])
                places, known = _place(lists.item_ids[part], self._item_ids)
                scores[place, places[known]] = lists.scores[part][known]
        return scores


def _make_table(publication: Neighbours, rows: NDArray[np.bool_], item_ids: NDArray[np.int64]) -> Any:
    """Return the rows of one bank as a CSR matrix (I, I)."""
    from scipy.sparse import coo_matrix

    owners = np.repeat(publication.item_ids, np.diff(publication.offsets))
    inside = np.repeat(rows, np.diff(publication.offsets))
    sources, source_known = _place(owners[inside], item_ids)
    targets, target_known = _place(publication.neighbour_ids[inside], item_ids)
    known = source_known & target_known
    entries = publication.weights[inside][known], (sources[known], targets[known])
    return coo_matrix(entries, shape=(len(item_ids), len(item_ids))).tocsr()


def _place(ids: NDArray[np.int64], known_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the places of ``ids`` among ascending ``known_ids``, and which of them are there."""
    if not len(known_ids):
        return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    places = np.minimum(np.searchsorted(known_ids, ids), len(known_ids) - 1)
    return places, known_ids[places] == ids


def _scale(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit rows; NaN rows where there is no direction."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(norms > 1e-12, matrix / norms, np.nan).astype(np.float32)
