"""Strengths by ratings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.learners.values import find_scale, weigh_values
from recommender.testing.datasets import make_dataset
from recommender.training.dataset import InteractionDataset

RATED = [1.0, 5.0, 5.0, 1.0, np.nan]


def make_rated() -> InteractionDataset:
    dataset = make_dataset([(0, 0, 0.0), (0, 1, 1.0), (1, 0, 0.0), (1, 2, 1.0), (2, 1, 0.0)], items=3)
    return replace(dataset, values=np.array(RATED, dtype=np.float32))


def test_ratings_count_by_their_standard_score_and_none_turns_against_an_item() -> None:
    rated = make_rated()
    scale = find_scale(rated)
    assert scale == (3.0, 2.0)
    np.testing.assert_allclose(weigh_values(rated, weight=0.5, scale=scale).strengths, [0.5, 1.5, 1.5, 0.5, 1.0])
    np.testing.assert_allclose(weigh_values(rated, weight=1.0, scale=scale).strengths, [0.1, 2.0, 2.0, 0.1, 1.0])


def test_a_person_alone_weighs_the_same() -> None:
    rated = make_rated()
    scale = find_scale(rated)
    alone = rated.keep_rows(rated.profiles == 1)
    expected = weigh_values(rated, weight=0.5, scale=scale).strengths[rated.profiles == 1]
    np.testing.assert_array_equal(weigh_values(alone, weight=0.5, scale=scale).strengths, expected)


def test_without_values_or_weight_nothing_changes() -> None:
    rated = make_rated()
    bare = replace(rated, values=np.full(len(rated), np.nan, dtype=np.float32))
    same = replace(rated, values=np.full(len(rated), 4.0, dtype=np.float32))
    assert weigh_values(bare, weight=0.5, scale=find_scale(bare)) is bare
    assert weigh_values(same, weight=0.5, scale=find_scale(same)) is same
    assert weigh_values(rated, weight=0.0, scale=find_scale(rated)) is rated


def test_what_is_pushed_away_has_no_say_in_the_scale() -> None:
    rated = make_rated()
    pushed = replace(rated, strengths=np.array([-1.0, 1.0, 1.0, 1.0, 1.0], dtype=np.float32))
    assert find_scale(pushed) == find_scale(rated.keep_rows(np.array([False, True, True, True, True])))
    assert weigh_values(pushed, weight=0.5, scale=find_scale(pushed)).strengths[0] == -1.0
