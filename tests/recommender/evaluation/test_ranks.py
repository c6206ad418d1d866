"""Where targets stand: lists, exact ranks, ties, and the sampled ranks of old tables."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.cases import make_targets
from recommender.evaluation.metrics import measure_hits
from recommender.evaluation.ranks import find_hits, join_hits, rank_targets, sample_negatives, take_best
from tests.recommender.evaluation.lists import make_lists


def test_the_best_come_first_and_of_equals_the_lower_index() -> None:
    scores = np.array([[1.0, 3.0, 2.0, 3.0, 2.0, 2.0]], dtype=np.float32)
    assert take_best(scores, k=4).tolist() == [[1, 3, 2, 4]]


def test_a_list_ends_where_nothing_more_is_to_be_listed() -> None:
    scores = np.array([[np.nan, 1.0, -np.inf], [0.0, -2.0, np.nan], [np.nan] * 3])
    assert take_best(scores, k=4).tolist() == [[1, -1, -1, -1], [0, 1, -1, -1], [-1] * 4]
    assert take_best(np.empty((2, 0)), k=2).tolist() == [[-1, -1]] * 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [1, 7, 25, 30])
def test_the_best_are_a_stable_sort(seed: int, k: int) -> None:
    scores = np.random.default_rng(seed).integers(6, size=(15, 25)).astype(np.float32)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    found = take_best(scores, k=k)
    np.testing.assert_array_equal(found[:, :25], expected)
    assert (found[:, 25:] == -1).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("values", [2, 40, 10**6])
@pytest.mark.parametrize("unknown", [0.0, 0.95, 0.999])
def test_the_best_of_wide_rows_are_a_stable_sort(kind: type[np.floating], values: int, unknown: float) -> None:
    dice = np.random.default_rng(values)
    scores = dice.integers(values, size=(12, 3011)).astype(kind)
    scores[dice.random(scores.shape) < unknown] = np.nan
    scores[3] = np.nan
    scores[4] = 1.0
    expected = np.argsort(-np.nan_to_num(scores, nan=-np.inf), axis=1, kind="stable")[:, :20]
    known = np.isfinite(np.take_along_axis(scores, expected, axis=1))
    np.testing.assert_array_equal(take_best(scores, k=20), np.where(known, expected, -1))


def test_hits_are_ranked_by_their_place() -> None:
    hits = find_hits(np.array([[5, 1, 3], [2, 0, -1]]), targets=make_targets([[3, 5], [4]]))
    assert hits.cases.tolist() == [0, 0]
    assert hits.ranks.tolist() == [1.0, 3.0]
    assert hits.counts.tolist() == [2, 1]
    assert hits.depth == 3


@pytest.mark.parametrize(
    ("ranked", "targets", "complaint"),
    [
        ([[0, 1]], [[0], [1]], "1 lists for 2 cases"),
        ([[0, 1], [1, 2]], [[0], []], "case 1 has no target"),
        ([[0, 1], [1, 2]], [[0], [3, 3]], "case 1 has a target twice"),
        ([[0, 1], [2, 2]], [[0], [3]], "the list of case 1 has an item twice"),
    ],
)
def test_wrong_lists_are_named(ranked: list[list[int]], targets: list[list[int]], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        find_hits(np.array(ranked), targets=make_targets(targets))


def test_wrong_scores_are_named() -> None:
    with pytest.raises(ValueError, match="1 rows of scores for 2 cases"):
        rank_targets(np.zeros((1, 3)), targets=make_targets([[0], [1]]))
    with pytest.raises(ValueError, match="case 0 has a target twice"):
        rank_targets(np.zeros((1, 3)), targets=make_targets([[1, 1]]))


def test_a_target_level_with_others_stands_in_their_middle() -> None:
    scores = np.array([[1.0, 1.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert rank_targets(scores, targets=make_targets([[1], [3]])).ranks.tolist() == [3.0, 2.5]


def test_targets_level_with_each_other_share_the_places() -> None:
    scores = np.array([[1.0, 1.0, 0.5, 0.5, 0.5]])
    hits = rank_targets(scores, targets=make_targets([[1, 0]]))
    assert hits.ranks.tolist() == [1.0, 2.0]
    assert measure_hits(hits, cutoffs=[2], metrics=["ndcg"])["ndcg@2"].tolist() == [1.0]
    assert rank_targets(scores, targets=make_targets([[4, 0, 3]])).ranks.tolist() == [1.5, 3.5, 4.5]


def test_a_target_that_is_not_to_be_listed_is_not_found() -> None:
    scores = np.array([[np.nan, 1.0, -np.inf, 0.5]])
    hits = rank_targets(scores, targets=make_targets([[0, 3, 2]]))
    assert hits.ranks.tolist() == [2.0]
    assert hits.counts.tolist() == [3]


@pytest.mark.parametrize("seed", range(6))
def test_without_ties_ranks_and_lists_agree(seed: int) -> None:
    targets = make_lists(seed)[1]
    scores = np.random.default_rng(seed).permuted(np.tile(np.arange(30.0), (40, 1)), axis=1)
    scores[np.random.default_rng(seed + 1).random(scores.shape) < 0.2] = np.nan
    by_list = measure_hits(find_hits(take_best(scores, k=10), targets=targets), cutoffs=[3, 10])
    by_rank = measure_hits(rank_targets(scores, targets=targets), cutoffs=[3, 10])
    assert by_list.keys() == by_rank.keys()
    for name, figures in by_list.items():
        np.testing.assert_array_equal(figures, by_rank[name])


def test_batches_join_to_the_whole() -> None:
    ranked, targets = make_lists(3)
    whole = find_hits(ranked, targets=targets)
    parts = [
        find_hits(ranked[batch], targets=targets.keep_cases(batch)) for batch in np.split(np.arange(40), [7, 8, 30])
    ]
    joined = join_hits(parts)
    for name in ("cases", "ranks", "counts"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    assert joined.depth == whole.depth


def test_sampled_negatives_leave_the_targets_and_so_many_others() -> None:
    scores = np.random.default_rng(0).random((50, 80)).astype(np.float32)
    scores[:, :10] = np.nan
    targets = make_targets([[10 + case % 5, 40] for case in range(50)])
    kept = sample_negatives(scores, targets=targets, negatives=20, seed=1)
    assert (np.isfinite(kept).sum(axis=1) == 22).all()
    assert np.isfinite(kept[np.arange(50), 10 + np.arange(50) % 5]).all()
    assert np.isnan(kept[:, :10]).all()
    same = np.isfinite(kept)
    np.testing.assert_array_equal(kept[same], scores[same])
    assert (rank_targets(kept, targets=targets).ranks <= 22).all()


def test_sampled_negatives_do_not_depend_on_the_batches() -> None:
    scores = np.random.default_rng(0).random((6, 30))
    targets = make_targets([[case] for case in range(6)])
    whole = sample_negatives(scores, targets=targets, negatives=5, seed=1)
    last = sample_negatives(scores[4:], targets=targets.keep_cases(np.array([4, 5])), negatives=5, seed=1, first_case=4)
    np.testing.assert_array_equal(whole[4:], last)
    other = sample_negatives(scores, targets=targets, negatives=5, seed=2)
    assert not np.array_equal(np.isfinite(whole), np.isfinite(other))


def test_fewer_negatives_than_asked_for_are_all_taken() -> None:
    kept = sample_negatives(np.array([[1.0, 2.0, np.nan]]), targets=make_targets([[0]]), negatives=99, seed=0)
    np.testing.assert_array_equal(kept, [[1.0, 2.0, np.nan]])


def test_negatives_are_drawn_by_weight() -> None:
    scores = np.zeros((4000, 4))
    targets = make_targets([[0]] * 4000)
    kept = sample_negatives(scores, targets=targets, negatives=1, seed=5, weights=np.array([1.0, 0.0, 1.0, 3.0]))
    drawn = np.isfinite(kept).mean(axis=0)
    assert drawn[:2].tolist() == [1.0, 0.0]
    assert drawn[3] == pytest.approx(0.75, abs=0.03)
