"""Cases in groups: by the length of their histories, and by how popular what they went on to is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.metrics import Figures

PARTS = 3


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The cases (c,) whose number lies from ``low`` to ``high``, both met by some."""

    low: float
    high: float
    cases: NDArray[np.bool_]


def group_by_length(lengths: NDArray[np.int64]) -> tuple[CaseGroup, ...]:
    """Return those without a history, and the others in thirds, as even as whole numbers allow."""
    strangers = lengths == 0
    known = _split(lengths.astype(np.float64), ~strangers)
    return (CaseGroup(0.0, 0.0, strangers), *known) if strangers.any() else known


def group_by_popularity(popularity: Figures) -> tuple[CaseGroup, ...]:
    """Return the cases in thirds by ``popularity`` (c,), the least popular first; equal ones stay together."""
    return _split(popularity, np.ones(len(popularity), dtype=bool))


def _split(numbers: Figures, among: NDArray[np.bool_]) -> tuple[CaseGroup, ...]:
    """Cut at the quantiles; a number that fills several parts alone makes one group."""
    if not among.any():
        return ()
    cuts = np.quantile(numbers[among], np.arange(1, PARTS) / PARTS, method="inverted_cdf")
    parts = np.searchsorted(np.unique(cuts), numbers, side="left")
    groups = []
    for part in np.unique(parts[among]).tolist():
        cases = among & (parts == part)
        groups.append(CaseGroup(float(numbers[cases].min()), float(numbers[cases].max()), cases))
    return tuple(groups)
