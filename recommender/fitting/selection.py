"""Chooses which members a blend is made of: without any of them it would be worse on what is held out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import CandidateTable
from recommender.fitting.blending import RankingCases, fit_blend, hide_sizes
from recommender.fitting.ranking import measure_ranking, order_kept
from recommender.ranking.features import VIEWS, view_scores
from recommender.ranking.fitted_scores import score_blend

WORTH = 0.0005
"""What share of the NDCG a member must be worth, beside the others, to have its place in every request."""

CASES = 2000
"""Cases with a target that the choice goes by."""

PROPOSED = 50
"""Best candidates of each member that the choice goes by: less than a request has, as many choices are measured."""

ROUNDS = 30
"""Rounds of the solver for one choice: enough to tell members apart."""


def select_members(
    table: CandidateTable,
    wanted: NDArray[np.bool_],
    *,
    names: Sequence[str],
    most: int,
    seed: int,
    sizes_hold: bool = True,
) -> tuple[list[int], dict[str, float]]:
    """Return the places of the members to keep, the strongest first, and the NDCG as each came in or went.

    Greedy forward selection (Caruana et al. 2004, "Ensemble selection from libraries of models") up to ``most``, then
    those go that are not missed: what is worth little alone may be worth much beside others, and the other way round.
    The measure is the NDCG at 10 of a blend fitted on one half of the cases and measured on the other, both ways. Some
    members alone would propose their own best candidates and no others', so that is what they are measured on.
    ``names`` are made distinct. ``sizes_hold``: see ``make_ranking_cases``.
    """
    dice = np.random.default_rng(seed)
    found = np.flatnonzero(wanted.any(axis=1))
    kept = np.sort(dice.permutation(found)[:CASES])
    views = view_scores(table.scores[kept])
    cases = _narrow(
        RankingCases(
            features=views if sizes_hold else hide_sizes(views, sources=len(names)),
            there=table.items[kept] >= 0,
            wanted=wanted[kept],
            lengths=table.lengths[kept],
        )
    )
    halves = dice.permutation(len(kept)) % 2
    chosen: list[int] = []
    history: dict[str, float] = {}
    best = 0.0
    while len(chosen) < min(most, len(names)):
        figures = {
            place: _cross_measure(cases, [*chosen, place], halves) for place in range(len(names)) if place not in chosen
        }
        place = max(figures, key=lambda key: (figures[key], -key))
        chosen.append(place)
        history[f"{len(chosen)}. {names[place]}"] = figures[place]
        best = figures[place]
    while len(chosen) > 1:
        figures = {
            place: _cross_measure(cases, [other for other in chosen if other != place], halves) for place in chosen
        }
        place = max(figures, key=lambda key: (figures[key], chosen.index(key)))
        if figures[place] < best * (1 - WORTH):
            break
        best = max(best, figures[place])
        chosen.remove(place)
        history[f"without {names[place]}"] = figures[place]
    return chosen, history


def _narrow(cases: RankingCases) -> RankingCases:
    """Return the cases with those candidates alone that some member has among its best."""
    kept = cases.there & _propose(cases.features[..., VIEWS.index("log_rank") :: len(VIEWS)])
    order = order_kept(kept)
    return RankingCases(
        features=np.take_along_axis(cases.features, order[..., None], axis=1),
        there=np.take_along_axis(kept, order, axis=1),
        wanted=np.take_along_axis(cases.wanted & kept, order, axis=1),
        lengths=cases.lengths,
    )


def _propose(log_ranks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (c, m): what some member, of ``log_ranks`` (c, m, S), has among its best."""
    return np.asarray((log_ranks > -np.log(PROPOSED + 0.75)).any(axis=-1))


def _cross_measure(cases: RankingCases, places: list[int], halves: NDArray[np.int64]) -> float:
    columns = [len(VIEWS) * place + view for place in places for view in range(len(VIEWS))]
    ranks = cases.features[..., [len(VIEWS) * place + VIEWS.index("log_rank") for place in places]]
    there = cases.there & _propose(ranks)
    narrow = RankingCases(cases.features[..., columns], there, cases.wanted & there, cases.lengths)
    asked = narrow.wanted.any(axis=1)
    total = 0.0
    for half in (0, 1):
        part = narrow.take(np.flatnonzero((halves != half) & asked))
        # What these members do not propose they do not find: it counts against them.
        rest = replace(narrow, wanted=cases.wanted).take(np.flatnonzero(halves == half))
        if len(part) and len(rest):
            arrays = fit_blend(part, ranges=1, last_is_length=False, rounds=ROUNDS)
            total += measure_ranking(score_blend(arrays, rest.features, rest.lengths), rest) * len(rest)
    return total / max(1, len(cases))
