"""What choices go by: one part of the data held out, or several in turn where one has few people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import CandidateTable
from recommender.evaluation.cases import Cases, Split
from recommender.fitting.lists import sample_cases
from recommender.fitting.members import Member, measure_member, train_member, vary_member
from recommender.fitting.ranking import gather_table, join_tables, pad_rows
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class Holdouts:
    """Parts of the data, each held out in turn: what is learned from beside it, and its ``cases``."""

    trains: tuple[InteractionDataset, ...]
    cases: tuple[Cases, ...]
    exclude_seen: bool = True

    @classmethod
    def of(cls, splits: Sequence[Split], *, exclude_seen: bool = True) -> "Holdouts":
        """Return the holdouts of some splits of the same people and items."""
        trains = tuple(split.train for split in splits)
        return cls(trains, tuple(split.cases for split in splits), exclude_seen)

    def __len__(self) -> int:
        """Return how many cases there are."""
        return sum(len(part) for part in self.cases)

    def sample(self, *, size: int, seed: int) -> "Holdouts":
        """Return the holdouts with at most ``size`` cases of each."""
        kept = tuple(sample_cases(part, size=size, seed=seed) for part in self.cases)
        return Holdouts(self.trains, kept, self.exclude_seen)

    def try_member(self, key: str, options: Mapping[str, Any], *, most_seconds: float | None = None) -> Member:
        """Return the learner ``key`` trained and measured; raise TooSlowError where that takes ``most_seconds``."""
        return self._measure(train_member(key, options, *self.trains, most_seconds=most_seconds))

    def try_variant(self, member: Member, options: Mapping[str, Any]) -> Member:
        """Return the member with some other ``options``, measured."""
        return self._measure(vary_member(member, options, *self.trains))

    def gather(self, members: Sequence[Member]) -> tuple[CandidateTable, NDArray[np.bool_]]:
        """Return the candidates of all cases by some members, and which of them are targets (c, m)."""
        readers = zip(*(member.make_scorers(self.cases) for member in members), strict=True)
        tables, marks = zip(
            *(
                gather_table(scorers, part, exclude_seen=self.exclude_seen)
                for scorers, part in zip(readers, self.cases, strict=True)
            ),
            strict=True,
        )
        table = join_tables(tables)
        width = table.items.shape[1]
        return table, np.concatenate([pad_rows(wanted, width, value=False) for wanted in marks])

    def _measure(self, member: Member) -> Member:
        return measure_member(member, *self.cases, exclude_seen=self.exclude_seen)
