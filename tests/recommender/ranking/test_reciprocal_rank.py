"""Reciprocal rank fusion: places alone."""

from __future__ import annotations

import pytest

from recommender.ranking.reciprocal_rank import ReciprocalRank, ReciprocalRankOptions
from recommender.records import CandidateList, RankingContext
from recommender.testing.rankers import RankerContract, make_list, make_random_lists


def rank(*lists: CandidateList, k: float = 60.0) -> dict[int, float]:
    ranking = ReciprocalRank(ReciprocalRankOptions(k=k)).rank(lists, RankingContext())
    return dict(zip(ranking.item_ids.tolist(), ranking.scores.tolist(), strict=True))


class TestContract(RankerContract):
    component = ReciprocalRank


def test_scores_are_the_sum_of_weight_over_k_plus_rank() -> None:
    found = rank(make_list("a", 1, 2, weight=2.0), make_list("b", 2, 3, weight=0.5), k=10.0)
    assert found == pytest.approx({2: 2 / 12 + 0.5 / 11, 1: 2 / 11, 3: 0.5 / 12})
    assert list(found) == [2, 1, 3]


def test_places_count_not_scores() -> None:
    one = rank(make_list("a", 1, 2, scores=[1e9, 0.0]), make_list("b", 3, 4, scores=[0.2, 0.1]))
    assert list(one) == [1, 3, 2, 4]


def test_sums_that_differ_by_rounding_alone_are_ties() -> None:
    orders = [(1, 2, 3), (2, 3, 1), (3, 1, 2)]
    found = rank(*(make_list(str(place), *order, weight=0.1) for place, order in enumerate(orders)))
    assert list(found) == [1, 2, 3]
    assert len(set(found.values())) == 1


def test_an_item_twice_in_a_list_counts_once_at_its_first_place() -> None:
    assert rank(make_list("a", 5, 7, 5, 8)) == pytest.approx({5: 1 / 61, 7: 1 / 62, 8: 1 / 63})


def test_a_weight_of_zero_says_nothing_but_proposes() -> None:
    assert list(rank(make_list("a", 1, 2, weight=0.0), make_list("b", 2))) == [2, 1]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_makes_no_sense_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=r"mine: weight"):
        rank(make_list("mine", 1, weight=weight))


@pytest.mark.parametrize("seed", range(10))
def test_it_is_what_a_slow_sum_says(seed: int) -> None:
    lists = make_random_lists(seed)
    expected: dict[int, float] = {}
    for entry in lists:
        for place, item in enumerate(entry.item_ids.tolist()):
            expected[item] = expected.get(item, 0.0) + entry.weight / (61 + place)
    assert rank(*lists) == pytest.approx(expected)
