"""Ranked lists of many cases, from one source or many, and how good they are."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import batches, mark_allowed
from recommender.evaluation.cases import Cases
from recommender.evaluation.metrics import measure_hit_rate, measure_ndcg
from recommender.evaluation.ranks import find_hits, take_best
from recommender.evaluation.scoring import PreciseScorer, make_scorer
from recommender.learners import Learner, Publication

BATCH_CELLS = 2**24
"""Scores worked on together: 128 MiB in double precision, and a few arrays as large beside them."""


def rank_cases(scorer: PreciseScorer, cases: Cases, *, k: int, exclude_seen: bool = True) -> NDArray[np.int32]:
    """Return the ``k`` best items (c, k) of each case by one source, -1 where it has no more."""
    ranked = [np.empty((0, k), dtype=np.int32)]
    for batch in batches(len(cases), size=size_batch(cases)):
        profiles = cases.profiles[batch]
        scores = scorer.score(profiles)
        scores[~mark_allowed(cases, profiles, exclude_seen=exclude_seen)] = np.nan
        ranked.append(take_best(scores, k=k))
    return np.concatenate(ranked)


def make_case_scorer(publication: Publication, learner: Learner | None, cases: Cases) -> PreciseScorer:
    """Return the reader of a publication for the people of ``cases``, each at the case's moment, as SQL would."""
    histories = cases.histories
    times = np.full(len(histories.profile_ids), histories.reference)
    times[cases.profiles] = cases.times
    return make_scorer(publication, learner, histories, times=times)


def size_batch(cases: Cases, *, sources: int = 1) -> int:
    """Return how many cases may be scored together."""
    return max(1, BATCH_CELLS // max(1, sources * len(cases.histories.item_ids)))


def measure_lists(ranked: NDArray[np.int32], cases: Cases, *, k: int = 10) -> Mapping[str, float]:
    """Return the mean hit rate and NDCG at ``k`` of ranked lists (c, ≥ k)."""
    hits = find_hits(ranked, targets=cases.targets)
    return {
        "hit_rate": float(measure_hit_rate(hits, k=k).mean()),
        "ndcg": float(measure_ndcg(hits, k=k).mean()),
    }


def sample_cases(cases: Cases, *, size: int, seed: int) -> Cases:
    """Return at most ``size`` of the cases, drawn at random, in their order."""
    if len(cases) <= size:
        return cases
    return keep_cases(cases, np.sort(np.random.default_rng(seed).choice(len(cases), size, replace=False)))


def keep_cases(cases: Cases, chosen: NDArray[np.int64]) -> Cases:
    """Return some of the cases, ascending numbers."""
    return replace(
        cases,
        profiles=cases.profiles[chosen],
        targets=cases.targets.keep_cases(chosen),
        times=cases.times[chosen],
    )
