"""What the pipeline reads through: Postgres when serving, arrays when a log is replayed."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from recommender.readers.candidates import read_candidates
from recommender.readers.completion import complete_scores
from recommender.readers.fitted_rankings import read_ranking_arrays
from recommender.readers.item_vectors import read_item_vectors
from recommender.records import Candidates, FloatMatrix, Ids, Plan, Query, SpaceRef


class CandidateReaders(Protocol):
    """Where the pipeline's arrays come from. Whoever reads otherwise gives the same numbers for the same log."""

    def read_candidates(self, plan: Plan, query: Query, *, limit: int) -> Candidates:
        """Return up to ``limit`` candidates a strategy that may be shown, in the plan's order, and more as fallbacks.

        Best first, ties by id. Lists beyond the plan's have names that begin with ``fallback_``.
        """
        ...

    def complete_scores(self, plan: Plan, query: Query, item_ids: Ids) -> FloatMatrix:
        """Return float32 (m, S): each item's score under every strategy of the plan, NaN where it says nothing."""
        ...

    def read_item_vectors(self, space: SpaceRef, item_ids: Ids) -> FloatMatrix:
        """Return float32 (m, dimensions) unit rows; a zero row where an item has no vector."""
        ...

    def read_ranking_arrays(self, plan: Plan) -> Mapping[str, NDArray[Any]] | None:
        """Return the arrays of the ranking fitted for the plan's ranker, None where there is none."""
        ...


class SqlReaders:
    """Reads what is published in Postgres."""

    read_candidates = staticmethod(read_candidates)
    complete_scores = staticmethod(complete_scores)
    read_item_vectors = staticmethod(read_item_vectors)
    read_ranking_arrays = staticmethod(read_ranking_arrays)
