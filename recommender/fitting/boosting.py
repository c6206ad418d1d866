"""Fits boosted trees that order a case's candidates: LambdaMART on their features and the blend's score."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.fitting.blending import RankingCases
from recommender.ranking.fitted_scores import find_reranked, join_blend

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Trees:
    """Boosted trees: ``arrays`` as ``ranking.trees.score_trees`` reads them, and their twin for scoring in bulk."""

    arrays: Arrays
    booster: Any

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (m,): what ``score_trees`` gives for ``features`` (m, F), faster."""
        return np.asarray(self.booster.predict(features), dtype=np.float64) if len(features) else np.empty(0)


def fit_trees(
    cases: RankingCases,
    blended: NDArray[np.float64],
    *,
    rounds: int = 200,
    leaves: int = 8,
    learning_rate: float = 0.04,
    seed: int = 0,
    threads: int = 0,
) -> Trees:
    """Fit trees on the features with the blend's score as the last; ``blended`` (c, m).

    Burges 2010, "From RankNet to LambdaRank to LambdaMART: an overview". Of each case the candidates are learned from
    that the trees will order, where a target is among them.
    """
    import lightgbm

    best = find_reranked(blended, cases.there)
    best &= (best & cases.wanted).any(axis=1, keepdims=True)
    features = join_blend(cases.features, blended)[best]
    data = lightgbm.Dataset(
        features, label=cases.wanted[best].astype(np.int8), group=best.sum(axis=1)[best.any(axis=1)]
    )
    options = {
        "objective": "lambdarank",
        "num_leaves": leaves,
        "learning_rate": learning_rate,
        "min_data_in_leaf": 200,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 20.0,
        "lambdarank_truncation_level": 20,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }
    booster = lightgbm.train(options, data, num_boost_round=rounds)
    return Trees(pack_trees(booster.dump_model()["tree_info"]), booster)


def pack_trees(infos: list[dict[str, Any]]) -> Arrays:
    """Return the trees of a LightGBM dump as padded arrays (T, N), every child after its parent."""
    trees = [_number_nodes(info["tree_structure"]) for info in infos]
    size = max((len(nodes) for nodes in trees), default=1)
    shape = len(trees), size
    arrays: Arrays = {
        "feature": np.zeros(shape, np.int32),
        "threshold": np.zeros(shape),
        "left": np.full(shape, -1, np.int32),
        "right": np.full(shape, -1, np.int32),
        "value": np.zeros(shape),
    }
    for tree, nodes in enumerate(trees):
        for place, (node, left, right) in enumerate(nodes):
            if left < 0:
                arrays["value"][tree, place] = node["leaf_value"]
                continue
            arrays["feature"][tree, place] = node["split_feature"]
            arrays["threshold"][tree, place] = node["threshold"]
            arrays["left"][tree, place], arrays["right"][tree, place] = left, right
    return arrays


def _number_nodes(root: dict[str, Any]) -> list[tuple[dict[str, Any], int, int]]:
    """Return (node, number of its left child, of its right child), level by level; -1 for a leaf's."""
    nodes = [root]
    numbered = []
    for node in nodes:
        if "left_child" in node:
            numbered.append((node, len(nodes), len(nodes) + 1))
            nodes += [node["left_child"], node["right_child"]]
        else:
            numbered.append((node, -1, -1))
    return numbered
