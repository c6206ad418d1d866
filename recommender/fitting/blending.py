"""Fits the blend: one linear weighing of the candidates' features for each range of history lengths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.features import VIEWS, make_features

Arrays = dict[str, NDArray[np.float64]]

SHRINKAGE = 1e-3
"""Penalty on the weights of standardised features: keeps those of like features from running apart."""

BUCKET_SHRINKAGE = 2e-2
"""Penalty on how far a range of history lengths goes from the weights for all."""

ROUNDS = 100
"""Rounds of the solver at most."""

MIN_BUCKET_CASES = 500
"""Cases that a range of history lengths needs at least for weights of its own."""


@dataclass(frozen=True, slots=True)
class RankingCases:
    """c cases with up to m candidates: ``features`` (c, m, F), ``there`` and ``wanted`` (c, m), ``lengths`` (c,).

    ``there`` marks candidates among the padding, ``wanted`` the targets among them; every case has a target.
    """

    features: NDArray[np.float32]
    there: NDArray[np.bool_]
    wanted: NDArray[np.bool_]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.features)

    def take(self, cases: NDArray[np.int64]) -> "RankingCases":
        """Return some of the cases."""
        return RankingCases(self.features[cases], self.there[cases], self.wanted[cases], self.lengths[cases])


def make_ranking_cases(
    scores: NDArray[np.float32],
    items: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    lengths: NDArray[np.int64],
    *,
    sizes_hold: bool = True,
) -> RankingCases:
    """Return the cases that have a target among their candidates: scores (c, m, S), items (c, m) padded with -1.

    Unless ``sizes_hold``, raw scores are hidden: the sources will have learned from more when they are asked, and how
    large their scores are follows how much they have seen; what is fitted to it here would be wrong there.
    """
    kept = wanted.any(axis=1)
    features = make_features(scores[kept], lengths[kept])
    return RankingCases(
        features=features if sizes_hold else hide_sizes(features, sources=scores.shape[-1]),
        there=items[kept] >= 0,
        wanted=wanted[kept],
        lengths=lengths[kept],
    )


def hide_sizes(features: NDArray[np.float32], *, sources: int) -> NDArray[np.float32]:
    """Return ``features`` (…, m, F) with 0 for every raw score, so that nothing fitted to them goes by it."""
    hidden = features.copy()
    hidden[..., VIEWS.index("raw") : len(VIEWS) * sources : len(VIEWS)] = 0.0
    return hidden


def fit_blend(cases: RankingCases, *, ranges: int = 4, last_is_length: bool = True, rounds: int = ROUNDS) -> Arrays:
    """Return ``mean``, ``scale`` (F,), ``weights`` (R, F) and ``bucket_edges`` (R - 1,) of the blend.

    The weights maximise the mean log-probability of the targets under a softmax over each case's candidates, a
    log-linear pool of the sources (Genest and Zidek 1986), ridge-penalised: first for all cases, then for each
    range of history lengths (equal shares of the cases), held to those for all. Without cases all weights are 0.
    """
    width = cases.features.shape[-1]
    if not len(cases):
        zeros = np.zeros(width)
        return {"mean": zeros, "scale": np.ones(width), "weights": np.zeros((1, width)), "bucket_edges": np.empty(0)}
    present = cases.features[cases.there].astype(np.float64)
    mean, scale = present.mean(axis=0), present.std(axis=0)
    # A feature that hardly varies says nothing; the length of the history is the same for all candidates of a case.
    scale = np.where(scale > 1e-9, scale, np.inf)
    if last_is_length:
        scale[-1] = np.inf
    standard = ((cases.features - mean) / scale).astype(np.float32)
    overall = _maximise(
        standard, cases, start=np.zeros(width), centre=np.zeros(width), penalty=SHRINKAGE, rounds=rounds
    )
    ranges = max(1, min(ranges, len(cases) // MIN_BUCKET_CASES))
    edges = np.unique(np.quantile(cases.lengths.astype(np.float64), np.arange(1, ranges) / ranges, method="higher"))
    buckets = np.searchsorted(edges, cases.lengths, side="right")
    weights = np.tile(overall, (len(edges) + 1, 1))
    for bucket in range(len(edges) + 1 if len(edges) else 0):
        chosen = np.flatnonzero(buckets == bucket)
        if len(chosen) >= MIN_BUCKET_CASES:
            weights[bucket] = _maximise(
                standard[chosen],
                cases.take(chosen),
                start=overall,
                centre=overall,
                penalty=BUCKET_SHRINKAGE,
                rounds=rounds,
            )
    return {"mean": mean, "scale": scale, "weights": weights, "bucket_edges": edges}


def _maximise(
    standard: NDArray[np.float32],
    cases: RankingCases,
    *,
    start: NDArray[np.float64],
    centre: NDArray[np.float64],
    penalty: float,
    rounds: int,
) -> NDArray[np.float64]:
    from scipy.optimize import minimize

    share = cases.wanted / cases.wanted.sum(axis=1, keepdims=True)
    wanted_mean = np.einsum("cmf,cm->f", standard, share.astype(np.float32)) / len(standard)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = np.where(cases.there, standard @ weights.astype(np.float32), -np.inf)
        scores -= scores.max(axis=1, keepdims=True)
        exponents = np.exp(scores)
        sums = exponents.sum(axis=1, keepdims=True)
        probabilities = (exponents / sums).astype(np.float32)
        expected = (probabilities[:, None, :] @ standard)[:, 0, :].mean(axis=0)
        wanted = np.where(cases.wanted, scores, 0.0) * share
        value = float((np.log(sums[:, 0]) - wanted.sum(axis=1)).mean())
        off = weights - centre
        return value + 0.5 * penalty * float(off @ off), expected - wanted_mean + penalty * off

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds, "ftol": 1e-6})
    return np.asarray(found.x, dtype=np.float64)
