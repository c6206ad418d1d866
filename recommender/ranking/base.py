"""The ranker family: what orders the merged candidates."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from catalog.extensions import Registry
from recommender.records import CandidateList, Ranking, RankingContext


class FittedArraysError(ValueError):
    """The arrays of a fitted ranking are not what its ranker can weigh by; the message says why."""


class Ranker(Protocol):
    """A ranker, built by ``Component(options)``; pure arrays in and out.

    Optional members of a class, read with getattr:

    - ``wants_scores = True``: the context comes with ``scores``, what every strategy says of every candidate; this
      costs a statement more;
    - ``fitted = True``: the context comes with ``arrays``, those of the ranking that was fitted to the placement, and
      its names and scores are those of its sources. Where none is fitted, or the ranker raises FittedArraysError,
      reciprocal_rank takes its place.
    """

    Options: ClassVar[Any]

    def rank(self, lists: Sequence[CandidateList], context: RankingContext) -> Ranking:
        """Merge the lists into one ranking of distinct items, best first; ties by the order of lists and places."""
        ...


rankers: Registry[Ranker] = Registry("ranking", members=("rank",))
