"""Accuracy of lists: against slow loops, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from recommender.evaluation.cases import make_targets
from recommender.evaluation.metrics import METRICS, measure_auc, measure_hits, measure_ndcg
from recommender.evaluation.ranks import find_hits, rank_targets
from tests.recommender.evaluation.lists import list_targets, make_lists, measure_slowly


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("k", [1, 5, 12])
def test_figures_are_what_a_slow_loop_says(seed: int, k: int) -> None:
    ranked, targets = make_lists(seed)
    figures = measure_hits(find_hits(ranked, targets=targets), cutoffs=[k])
    for case, (row, wanted) in enumerate(zip(ranked.tolist(), list_targets(targets), strict=True)):
        expected = measure_slowly([item for item in row if item >= 0], wanted, k=k)
        assert {f"{name}@{k}": figures[f"{name}@{k}"][case] for name in METRICS} == {
            f"{name}@{k}": pytest.approx(figure, abs=1e-12) for name, figure in expected.items()
        }


def test_a_worked_example() -> None:
    hits = find_hits(np.array([[7, 2, 9, 4]]), targets=make_targets([[2, 4, 5]]))
    found = {name: float(figures[0]) for name, figures in measure_hits(hits, cutoffs=[4, 2]).items()}
    assert found == {
        "hr@4": 1.0,
        "recall@4": pytest.approx(2 / 3),
        "capped_recall@4": pytest.approx(2 / 3),
        "precision@4": 0.5,
        "map@4": pytest.approx((1 / 2 + 2 / 4) / 3),
        "full_map@4": pytest.approx((1 / 2 + 2 / 4) / 3),
        "mrr@4": 0.5,
        "ndcg@4": pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / 2)),
        "hr@2": 1.0,
        "recall@2": pytest.approx(1 / 3),
        "capped_recall@2": 0.5,
        "precision@2": 0.5,
        "map@2": 0.25,
        "full_map@2": pytest.approx(1 / 6),
        "mrr@2": 0.5,
        "ndcg@2": pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3))),
    }


def test_the_targets_in_front_are_everything() -> None:
    hits = find_hits(np.array([[3, 1, 2, 8, 9]]), targets=make_targets([[1, 2, 3]]))
    figures = measure_hits(hits, cutoffs=[3, 5], metrics=["hr", "recall", "map", "mrr", "ndcg"])
    assert {float(figure[0]) for figure in figures.values()} == {1.0}


def test_nothing_found_is_nothing() -> None:
    hits = find_hits(np.full((2, 3), -1), targets=make_targets([[0], [1, 2]]))
    assert {float(figure.sum()) for figure in measure_hits(hits, cutoffs=[1, 3]).values()} == {0.0}


@pytest.mark.parametrize("k", [0, 4])
def test_a_cutoff_deeper_than_the_lists_is_refused(k: int) -> None:
    hits = find_hits(np.array([[1, 2, 3]]), targets=make_targets([[1]]))
    with pytest.raises(ValueError, match=f"a cutoff of {k}, where 3 places were looked at"):
        measure_ndcg(hits, k=k)


@pytest.mark.parametrize("seed", range(5))
def test_ndcg_is_that_of_scikit_learn(seed: int) -> None:
    dice = np.random.default_rng(seed)
    scores = dice.permuted(np.tile(np.arange(50.0), (30, 1)), axis=1)
    relevant = dice.random((30, 50)) < 0.15
    relevant[np.arange(30), dice.integers(50, size=30)] = True
    targets = make_targets([np.flatnonzero(row).tolist() for row in relevant])
    for k in (1, 5, 10, 50):
        assert measure_ndcg(rank_targets(scores, targets=targets), k=k).mean() == pytest.approx(
            ndcg_score(relevant, scores, k=k)
        )


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_down_to_the_end_is_that_of_scikit_learn(seed: int) -> None:
    dice = np.random.default_rng(seed)
    scores = dice.permuted(np.tile(np.arange(40.0), (20, 1)), axis=1)
    wanted = [dice.permutation(40)[: dice.integers(1, 20)] for _ in range(20)]
    hits = rank_targets(scores, targets=make_targets([items.tolist() for items in wanted]))
    expected = [
        average_precision_score(np.isin(np.arange(40), items), row) for items, row in zip(wanted, scores, strict=True)
    ]
    np.testing.assert_allclose(measure_hits(hits, cutoffs=[40], metrics=["full_map"])["full_map@40"], expected)


@pytest.mark.parametrize("levels", [3, 1000])
def test_auc_is_that_of_scikit_learn_ties_and_all(levels: int) -> None:
    dice = np.random.default_rng(levels)
    scores = dice.integers(levels, size=(25, 40)).astype(np.float32)
    wanted = [dice.permutation(40)[: dice.integers(1, 12)] for _ in range(25)]
    hits = rank_targets(scores, targets=make_targets([items.tolist() for items in wanted]))
    expected = [roc_auc_score(np.isin(np.arange(40), items), row) for items, row in zip(wanted, scores, strict=True)]
    np.testing.assert_allclose(measure_auc(hits, negatives=40 - hits.counts), expected)


def test_auc_counts_what_is_not_listed_as_below_all() -> None:
    scores = np.array([[0.5, np.nan, 0.1, 0.9]])
    hits = rank_targets(scores, targets=make_targets([[1, 0]]))
    assert measure_auc(hits, negatives=np.array([2])).tolist() == [0.25]
    assert np.isnan(measure_auc(hits, negatives=np.array([0])))


def test_auc_of_lists_is_refused() -> None:
    hits = find_hits(np.array([[1, 2]]), targets=make_targets([[1]]))
    with pytest.raises(ValueError, match="AUC needs the ranks of all targets"):
        measure_auc(hits, negatives=np.array([3]))
