"""Maximal marginal relevance: good, and unlike what came before."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recommender.records import FloatMatrix, Ranking
from recommender.reranking.mmr import Mmr, MmrOptions
from recommender.testing.rerankers import RerankerContract, make_random_pool, make_ranking


def choose(ranking: Ranking, vectors: FloatMatrix | None, *, diversity: float, size: int = 10) -> list[int]:
    chosen = Mmr(MmrOptions()).rerank(ranking, vectors=vectors, diversity=diversity, size=size)
    return [int(place) for place in chosen]


def point(*degrees: float) -> FloatMatrix:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


class TestContract(RerankerContract):
    component = Mmr


def test_twins_are_separated() -> None:
    assert choose(make_ranking(1.0, 0.9, 0.8), point(0, 0, 90), diversity=0.5) == [0, 2, 1]


def test_a_little_diversity_leaves_a_clear_order_alone() -> None:
    assert choose(make_ranking(1.0, 0.9, 0.0), point(0, 10, 90), diversity=0.1) == [0, 1, 2]


def test_full_diversity_takes_the_most_unlike_next() -> None:
    assert choose(make_ranking(1.0, 0.9, 0.8, 0.7), point(0, 60, 100, 180), diversity=1.0) == [0, 3, 2, 1]


def test_what_has_no_vector_is_like_nothing() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 0]], dtype=np.float32)
    assert choose(make_ranking(1.0, 0.9, 0.8), vectors, diversity=0.9) == [0, 2, 1]


def test_ties_go_by_the_rankings_order() -> None:
    assert choose(make_ranking(1.0, 0.5, 0.5, 0.5), point(0, 90, -90, 90), diversity=0.2) == [0, 1, 2, 3]


def test_only_the_pools_own_range_of_scores_matters() -> None:
    vectors = point(0, 5, 80, 40)
    for scale, shift in ((1e-9, 0.0), (1e9, -5e8), (1.0, 100.0)):
        ranking = make_ranking(*(shift + scale * score for score in (1.0, 0.8, 0.5, 0.1)))
        assert choose(ranking, vectors, diversity=0.4) == choose(
            make_ranking(1.0, 0.8, 0.5, 0.1), vectors, diversity=0.4
        )


@pytest.mark.parametrize("diversity", [-0.1, 1.1, math.nan])
def test_a_diversity_outside_0_to_1_is_refused(diversity: float) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        choose(make_ranking(1.0), None, diversity=diversity)


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="scores must be finite"):
        choose(make_ranking(1.0, math.nan), point(0, 1), diversity=0.5)
    with pytest.raises(ValueError, match="must be a finite row each"):
        choose(make_ranking(1.0, 0.5), np.array([[1, 0], [math.inf, 0]], dtype=np.float32), diversity=0.5)
    with pytest.raises(ValueError, match=r"\(1, 2\) for 2 items"):
        choose(make_ranking(1.0, 0.5), point(0), diversity=0.5)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("diversity", [0.15, 0.5, 0.85, 1.0])
def test_it_is_what_a_slow_loop_says(seed: int, diversity: float) -> None:
    ranking, vectors = make_random_pool(seed)
    scores = ranking.scores.tolist()
    span = max(scores) - min(scores)
    relevance = [(score - min(scores)) / span if span else 1.0 for score in scores]
    expected = [0]
    while len(expected) < len(scores):
        margins = {
            place: (1 - diversity) * relevance[place]
            - diversity * max(round(float(vectors[place] @ vectors[other]), 6) for other in expected)
            for place in range(len(scores))
            if place not in expected
        }
        expected.append(max(margins, key=lambda place: (round(margins[place], 9), -place)))
    assert choose(ranking, vectors, diversity=diversity, size=100) == expected
