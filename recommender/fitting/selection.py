"""Chooses which members a blend is made of: each must make what is held out better."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import CandidateTable
from recommender.fitting.blending import fit_blend, make_ranking_cases
from recommender.fitting.ranking import measure_ranking
from recommender.ranking.fitted_scores import score_blend

GAIN = 0.003
"""By what share the NDCG must rise for another member to be worth its place in every request."""


def select_members(
    table: CandidateTable, wanted: NDArray[np.bool_], *, names: Sequence[str], most: int, seed: int
) -> tuple[list[int], dict[str, float]]:
    """Return the places of the members to keep, the strongest first, and the NDCG as each came in.

    Greedy forward selection (Caruana et al. 2004, "Ensemble selection from libraries of models") on the NDCG at 10 of
    a blend fitted on one half of the cases and measured on the other, both ways.
    """
    halves = np.random.default_rng(seed).permutation(len(table)) % 2
    chosen: list[int] = []
    history: dict[str, float] = {}
    best = 0.0
    while len(chosen) < min(most, len(names)):
        figures = {
            place: _cross_measure(table, wanted, [*chosen, place], halves)
            for place in range(len(names))
            if place not in chosen
        }
        place = max(figures, key=lambda key: (figures[key], -key))
        if chosen and figures[place] < best * (1 + GAIN):
            break
        best = figures[place]
        chosen.append(place)
        history[names[place]] = best
    return chosen, history


def _cross_measure(
    table: CandidateTable, wanted: NDArray[np.bool_], places: list[int], halves: NDArray[np.int64]
) -> float:
    cases = make_ranking_cases(table.scores[..., places], table.items, wanted, table.lengths)
    kept = halves[wanted.any(axis=1)]
    figures = []
    for half in (0, 1):
        part, rest = cases.take(np.flatnonzero(kept != half)), cases.take(np.flatnonzero(kept == half))
        if not len(part) or not len(rest):
            return 0.0
        arrays = fit_blend(part, ranges=1)
        figures.append(measure_ranking(score_blend(arrays, rest.features, rest.lengths), rest) * len(rest))
    return float(sum(figures) / max(1, len(cases)))
