"""Reads the arrays of fitted rankings, each once a process."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from recommender.models import FittedRanking
from recommender.records import Plan
from recommender.training.array_bytes import unpack_arrays

KEPT = 64
"""Fitted rankings whose arrays a process keeps."""


def read_ranking_arrays(plan: Plan) -> Mapping[str, NDArray[Any]] | None:
    """Return the arrays of the ranking fitted to the plan's placement; None where there is none for its ranker."""
    if plan.fitted is None or plan.fitted.ranker != plan.ranker:
        return None
    try:
        return _load_arrays(plan.fitted.id)
    except FittedRanking.DoesNotExist:  # deleted since the plan was read
        return None


@lru_cache(maxsize=KEPT)
def _load_arrays(fitted_id: int) -> Mapping[str, NDArray[Any]]:
    return unpack_arrays(FittedRanking.objects.values_list("data", flat=True).get(pk=fitted_id))
