"""The ranker family: what orders the merged candidates."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from catalog.extensions import Registry
from recommender.records import CandidateList, Ranking


class Ranker(Protocol):
    """A ranker, built by ``Component(options)``; pure arrays in and out."""

    Options: ClassVar[Any]

    def rank(self, lists: Sequence[CandidateList]) -> Ranking:
        """Merge the lists into one ranking of distinct items, best first; ties by the order of lists and places."""
        ...


rankers: Registry[Ranker] = Registry("ranking", members=("rank",))
