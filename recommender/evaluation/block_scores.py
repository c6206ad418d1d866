"""Scores of one person at a time, worked out for a block of those who come next."""

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.ranks import ScoreMatrix
from recommender.evaluation.scoring import PreciseScorer

BLOCK_NUMBERS = 4_000_000
"""Scores kept: 16 MB."""


class BlockScores:
    """Reads from ``scorer`` for ``people`` (c,), ascending indices of profiles, scored by the block."""

    def __init__(self, scorer: PreciseScorer, people: NDArray[np.int64], *, items: int) -> None:
        self._scorer = scorer
        self._people = people
        self._size = max(1, BLOCK_NUMBERS // max(1, items))
        self._start = -1
        self._block: ScoreMatrix | None = None

    def read(self, profile: int) -> ScoreMatrix:
        """Return the scores (I,) of all items for one profile; somebody else than ``people`` is scored alone."""
        place = int(np.searchsorted(self._people, profile))
        if place == len(self._people) or self._people[place] != profile:
            alone: ScoreMatrix = self._scorer.score(np.array([profile]))[0]
            return alone
        start = place - place % self._size
        if self._block is None or start != self._start:
            self._block = self._scorer.score(self._people[start : start + self._size])
            self._start = start
        row: ScoreMatrix = self._block[place - start]
        return row
