"""Maximal marginal relevance: each entry is good, and unlike those before it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.records import FloatMatrix, Floats, Ranking
from recommender.reranking.base import rerankers


@dataclass(frozen=True, slots=True)
class MmrOptions:
    """Maximal marginal relevance has no options beside the placement's diversity."""


@rerankers.register("mmr")
class Mmr:
    """Chooses one by one the entry with the greatest (1 - diversity) · relevance - diversity · similarity.

    Relevance is the score, from 0 to 1 within the pool; similarity is the largest cosine to an entry
    already chosen, 0 for an item without a vector. The first is the most relevant one. Ties go by the
    ranking's order. Source: Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking for reordering
    documents and producing summaries", with λ = 1 - diversity.
    """

    Options: ClassVar[type[MmrOptions]] = MmrOptions
    label = _("diversity (MMR)")

    def __init__(self, options: MmrOptions) -> None:
        self.options = options

    def rerank(self, ranking: Ranking, *, vectors: FloatMatrix | None, diversity: float, size: int) -> NDArray[np.intp]:
        """Choose up to ``size`` positions of ``ranking`` (m,); time is that of size × m cosines.

        Raises ValueError for a diversity outside 0 to 1, vectors of another length, numbers that are not finite.
        """
        count = len(ranking.item_ids)
        length = max(0, min(size, count))
        if not 0.0 <= diversity <= 1.0:
            raise ValueError(f"diversity {diversity}: must be from 0 to 1")
        if not np.isfinite(ranking.scores).all():
            raise ValueError("scores must be finite")
        if vectors is not None and not (vectors.ndim == 2 and len(vectors) == count and np.isfinite(vectors).all()):
            raise ValueError(f"vectors of shape {vectors.shape} for {count} items: must be a finite row each")
        if vectors is None or diversity == 0.0 or length == 0:
            return np.arange(length)
        return _choose(_scale_relevance(ranking.scores), vectors, diversity=diversity, length=length)


def _choose(relevance: Floats, vectors: FloatMatrix, *, diversity: float, length: int) -> NDArray[np.intp]:
    chosen = np.empty(length, dtype=np.intp)
    nearest = np.full(len(relevance), -np.inf)
    open_places = np.ones(len(relevance), dtype=bool)
    chosen[0] = np.argmax(relevance)
    for step in range(1, length):
        latest = chosen[step - 1]
        open_places[latest] = False
        np.maximum(nearest, np.round(vectors @ vectors[latest], 6), out=nearest)
        margins = (1.0 - diversity) * relevance - diversity * nearest
        chosen[step] = np.argmax(np.where(open_places, margins, -np.inf))
    return chosen


def _scale_relevance(scores: Floats) -> Floats:
    """Bring the scores to 0..1; all 1 where they are all equal."""
    largest = np.abs(scores).max(initial=0.0)
    shares = scores / largest if largest else scores
    span = shares.max() - shares.min()
    return np.asarray((shares - shares.min()) / span if span > 0 else np.ones_like(shares), dtype=np.float64)
