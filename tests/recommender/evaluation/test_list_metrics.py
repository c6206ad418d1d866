"""What lists are like beyond accuracy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recommender.evaluation import list_metrics
from recommender.evaluation.exposure import measure_group_exposure
from recommender.evaluation.list_metrics import (
    count_exposure,
    count_people,
    measure_coverage,
    measure_diversity,
    measure_gini,
    measure_history_popularity,
    measure_list_popularity,
    measure_novelty,
    measure_popularity_lift,
)
from recommender.testing.datasets import Row, make_dataset
from tests.recommender.evaluation.lists import make_lists

LISTS = np.array([[0, 1, 2], [0, 3, -1], [-1, -1, -1]])


def test_people_are_counted_once_an_item_and_dislikes_not() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 0, 1.0), (1, 0, 0.0), (1, 1, 0.0, -1.0), (2, 2, 0.0)]
    assert count_people(make_dataset(rows, items=4)).tolist() == [2, 0, 1, 0]
    assert count_people(make_dataset([], items=2)).tolist() == [0, 0]


def test_exposure_counts_places_and_may_fade_down_the_list() -> None:
    assert count_exposure(LISTS, items=5).tolist() == [2, 1, 1, 1, 0]
    assert count_exposure(LISTS, items=5, discounted=True) == pytest.approx(
        [2, 1 / math.log2(3), 1 / 2, 1 / math.log2(3), 0]
    )


def test_coverage_is_the_share_of_the_catalogue_shown_to_anybody() -> None:
    assert measure_coverage(LISTS, items=5) == pytest.approx(0.8)
    assert measure_coverage(LISTS, items=5, candidates=np.array([False, False, False, True, True])) == 0.5
    assert math.isnan(measure_coverage(LISTS, items=5, candidates=np.zeros(5, dtype=bool)))


def test_gini_is_nothing_for_equals_and_nearly_one_for_a_single_winner() -> None:
    assert measure_gini(np.full(7, 3.0)) == pytest.approx(0.0)
    assert measure_gini(np.array([0.0, 0.0, 5.0, 0.0])) == pytest.approx(3 / 4)
    assert math.isnan(measure_gini(np.zeros(4)))


@pytest.mark.parametrize("seed", range(5))
def test_gini_is_half_the_mean_difference_over_the_mean(seed: int) -> None:
    exposure = np.random.default_rng(seed).integers(20, size=30).astype(float)
    differences = np.abs(exposure[:, None] - exposure).mean()
    assert measure_gini(exposure) == pytest.approx(differences / (2 * exposure.mean()))


def test_novelty_is_the_bits_of_how_few_know_an_item() -> None:
    found = measure_novelty(LISTS, people=np.array([8, 4, 1, 0]), population=8)
    assert found[:2].tolist() == [(0 + 1 + 3) / 3, (0 + 3) / 2]
    assert np.isnan(found[2])


def test_popularity_of_lists_against_that_of_histories() -> None:
    popularity = np.array([0.5, 0.2, 0.1, 0.1])
    rows: list[Row] = [(0, 1, 0.0), (0, 1, 1.0), (0, 2, 2.0), (0, 0, 3.0, -1.0), (1, 3, 0.0), (2, 0, 0.0)]
    histories = make_dataset(rows, items=4)
    of_lists = measure_list_popularity(LISTS, popularity=popularity)
    of_histories = measure_history_popularity(histories, profiles=np.array([0, 1, 2]), popularity=popularity)
    assert of_lists[:2] == pytest.approx([0.8 / 3, 0.3])
    assert of_histories == pytest.approx([0.15, 0.1, 0.5])
    assert measure_popularity_lift(of_lists, of_histories) == pytest.approx((0.8 / 3 + 0.3) / 0.25 - 1)


def test_an_empty_history_has_no_popularity_to_lift() -> None:
    histories = make_dataset([(0, 0, 0.0, -1.0)], items=1)
    of_histories = measure_history_popularity(histories, profiles=np.array([0]), popularity=np.ones(1))
    assert np.isnan(of_histories).tolist() == [True]
    assert math.isnan(measure_popularity_lift(np.ones(1), of_histories))


def test_diversity_is_that_of_all_pairs() -> None:
    vectors = np.array([[1, 0], [0, 2], [3, 0], [-1, 0]], dtype=np.float32)
    lists = np.array([[0, 2, -1], [0, 1, -1], [0, 1, 2], [0, 3, -1], [0, -1, -1]])
    assert measure_diversity(lists, vectors=vectors)[:4] == pytest.approx([0.0, 1.0, 1 - 1 / 3, 2.0])
    assert np.isnan(measure_diversity(lists, vectors=vectors)[4])


@pytest.mark.parametrize("block", [1, 100, 20_000_000])
def test_diversity_is_what_a_slow_loop_says(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(list_metrics, "BLOCK_NUMBERS", block)
    ranked = make_lists(1)[0]
    vectors = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    vectors[::4] = 0.0
    found = measure_diversity(ranked, vectors=vectors)
    for case, row in enumerate(ranked.tolist()):
        known = [vectors[item] / np.linalg.norm(vectors[item]) for item in row if item >= 0 and item % 4]
        cosines = [known[i] @ known[j] for i in range(len(known)) for j in range(i)]
        if cosines:
            assert found[case] == pytest.approx(1 - np.mean(cosines), abs=1e-5)
        else:
            assert np.isnan(found[case])


def test_groups_are_held_against_their_share_of_the_catalogue() -> None:
    found = measure_group_exposure(np.array([6.0, 0.0, 1.0, 1.0, 9.0]), groups=np.array([0, 0, 1, 1, -1]))
    assert found.shares.tolist() == [0.75, 0.25]
    assert found.due.tolist() == [0.5, 0.5]
    assert found.disparity.tolist() == [1.5, 0.5]
    assert found.distance == 0.25


def test_groups_may_be_held_against_what_they_merit() -> None:
    merit = np.array([3.0, 0.0, 1.0, 0.0])
    found = measure_group_exposure(np.array([6.0, 0.0, 1.0, 1.0]), groups=np.array([0, 0, 1, 1]), merit=merit)
    assert found.disparity.tolist() == [1.0, 1.0]
    assert found.distance == 0.0


def test_a_group_with_nothing_due_is_infinitely_favoured_or_not_at_all() -> None:
    found = measure_group_exposure(
        np.array([1.0, 1.0, 0.0]), groups=np.array([0, 1, 2]), merit=np.array([1.0, 0.0, 0.0])
    )
    assert found.disparity[:2].tolist() == [0.5, math.inf]
    assert math.isnan(found.disparity[2])


@pytest.mark.parametrize(
    ("exposure", "groups", "complaint"),
    [([1.0], [-1], "no item is in a group"), ([0.0, 1.0], [0, -1], "nothing is exposed in any group")],
)
def test_groups_that_say_nothing_are_refused(exposure: list[float], groups: list[int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        measure_group_exposure(np.array(exposure), groups=np.array(groups))
