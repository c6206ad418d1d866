"""Weighted score fusion: scores on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.ranking.weighted_score import Scale, WeightedScore, WeightedScoreOptions, scale_scores
from recommender.records import CandidateList, RankingContext
from recommender.testing.rankers import RankerContract, make_list, make_random_lists


def rank(*lists: CandidateList, scale: Scale = "min_max") -> dict[int, float]:
    ranking = WeightedScore(WeightedScoreOptions(scale=scale)).rank(lists, RankingContext())
    return dict(zip(ranking.item_ids.tolist(), ranking.scores.tolist(), strict=True))


class TestMinMax(RankerContract):
    component = WeightedScore


class TestZScore(RankerContract):
    component = WeightedScore
    options = {"scale": "z_score"}


def test_scores_run_from_0_to_1_in_each_list() -> None:
    found = rank(
        make_list("a", 1, 2, 3, scores=[30.0, 20.0, 10.0], weight=2.0), make_list("b", 3, 1, scores=[0.2, 0.1])
    )
    assert found == pytest.approx({1: 2.0, 2: 1.0, 3: 1.0})
    assert list(found) == [1, 2, 3]


def test_z_scores_count_from_the_lowest() -> None:
    found = rank(make_list("a", 1, 2, 3, 4, scores=[4.0, 2.0, 2.0, 0.0]), scale="z_score")
    assert found == pytest.approx({1: 4 / 2**0.5, 2: 2 / 2**0.5, 3: 2 / 2**0.5, 4: 0.0})


@pytest.mark.parametrize("scale", ["min_max", "z_score"])
def test_being_proposed_never_does_harm(scale: Scale) -> None:
    alone = rank(make_list("a", 1, 2, 3), scale=scale)
    both = rank(make_list("a", 1, 2, 3), make_list("b", 9, 3), scale=scale)
    assert all(both[item] >= alone[item] for item in alone)


@pytest.mark.parametrize("scale", ["min_max", "z_score"])
@pytest.mark.parametrize("scores", [[0.0], [5.0, 5.0], [-3.0, -3.0, -3.0], [0.1 + 0.2, 0.1 + 0.2]])
def test_equal_scores_give_each_1(scale: Scale, scores: list[float]) -> None:
    assert scale_scores(np.array(scores), scale=scale).tolist() == [1.0] * len(scores)


@pytest.mark.parametrize("seed", range(10))
def test_it_is_what_a_slow_sum_says(seed: int) -> None:
    lists = make_random_lists(seed)
    expected: dict[int, float] = {}
    for entry in lists:
        scores = entry.scores.tolist()
        for item, score in zip(entry.item_ids.tolist(), scores, strict=True):
            span = max(scores) - min(scores)
            share = (score - min(scores)) / span if span else 1.0
            expected[item] = expected.get(item, 0.0) + entry.weight * share
    assert rank(*lists) == pytest.approx(expected)
