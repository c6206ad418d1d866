"""The re-ranker family: list-wise changes after ranking."""

from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from catalog.extensions import Registry
from recommender.records import FloatMatrix, Ranking


class Reranker(Protocol):
    """A re-ranker, built by ``Component(options)``; pure arrays in and out."""

    Options: ClassVar[Any]

    def rerank(self, ranking: Ranking, *, vectors: FloatMatrix | None, diversity: float, size: int) -> NDArray[np.intp]:
        """Choose up to ``size`` positions of ``ranking`` (shape (m,)), in the order to show.

        ``vectors`` is (m, d) with unit rows, a zero row where an item has none; None: no space to look at.
        ``diversity`` is the editor's knob from 0 to 1; at 0 the ranking's own order stands.
        """
        ...


rerankers: Registry[Reranker] = Registry("reranking", members=("rerank",))
