"""A recipe: the members of a blend with their options, and how their scores are put together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import batches, find_candidates
from recommender.evaluation.cases import Cases
from recommender.fitting.lists import make_case_scorer, size_batch
from recommender.fitting.members import Member
from recommender.fitting.ranking import RankingFit, rank_table


@dataclass(frozen=True, slots=True)
class Recipe:
    """What ``auto`` found: ``members`` in the order of the ranking's sources, and ``tried``, every trial's figures.

    Of the trials of one learner the best alone still has its publication; the others' are empty.
    """

    members: tuple[Member, ...]
    ranking: RankingFit
    tried: tuple[Member, ...] = ()
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """The members' keys."""
        return tuple(member.key for member in self.members)

    def rank(self, cases: Cases, *, k: int, exclude_seen: bool = True) -> NDArray[np.int32]:
        """Return the ``k`` best items (c, k) of each case, -1 where there are no more."""
        return rank_with(self.members, self.ranking, cases, k=k, exclude_seen=exclude_seen)


def rank_with(
    members: Sequence[Member], ranking: RankingFit, cases: Cases, *, k: int, exclude_seen: bool = True
) -> NDArray[np.int32]:
    """Return the ``k`` best items (c, k) of each case by members ranked together."""
    scorers = [make_case_scorer(member.publication, member.learner, cases) for member in members]
    ranked = [np.empty((0, k), dtype=np.int32)]
    for batch in batches(len(cases), size=size_batch(cases, sources=len(scorers))):
        table = find_candidates(scorers, cases, batch, limit=max(100, 2 * k), exclude_seen=exclude_seen)
        ranked.append(rank_table(ranking, table, k=k))
    return np.concatenate(ranked)
