"""The metrics are those of trec_eval, the yardstick of information retrieval."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.metrics import measure_hits
from recommender.evaluation.ranks import find_hits
from tests.recommender.evaluation.lists import list_targets, make_lists

pytrec_eval = pytest.importorskip("pytrec_eval")

NAMES = {
    "hr": "success",
    "recall": "recall",
    "precision": "P",
    "ndcg": "ndcg_cut",
    "full_map": "map_cut",
}
CUTOFFS = (1, 5, 10)


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_trec_eval(seed: int) -> None:
    ranked, targets = make_lists(seed)
    ranked[:, 0] = np.where(ranked[:, 0] < 0, 29, ranked[:, 0])  # trec_eval leaves out who got an empty list
    truth = {str(case): {str(item): 1 for item in wanted} for case, wanted in enumerate(list_targets(targets))}
    run = {
        str(case): {str(item): float(-place) for place, item in enumerate(row) if item >= 0}
        for case, row in enumerate(ranked.tolist())
    }
    measures = {f"{name}.{','.join(map(str, CUTOFFS))}" for name in NAMES.values()} | {"recip_rank"}
    expected = pytrec_eval.RelevanceEvaluator(truth, measures).evaluate(run)
    hits = find_hits(ranked, targets=targets)
    figures = measure_hits(hits, cutoffs=CUTOFFS, metrics=list(NAMES))
    figures |= measure_hits(hits, cutoffs=[12], metrics=["mrr"])
    theirs = {f"{ours}@{k}": f"{name}_{k}" for ours, name in NAMES.items() for k in CUTOFFS} | {"mrr@12": "recip_rank"}
    for ours, name in theirs.items():
        np.testing.assert_allclose(figures[ours], [expected[str(case)][name] for case in range(40)], err_msg=ours)
