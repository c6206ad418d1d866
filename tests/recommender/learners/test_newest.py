"""The freshness learner: what came out last."""

from __future__ import annotations

import pytest

from recommender.learners.newest import Newest, NewestOptions
from recommender.testing.datasets import FIRST_ITEM, make_dataset
from recommender.testing.learners import LearnerContract, read_scores


def score(published: list[float], *, until: float, **options: float) -> dict[int, float]:
    dataset = make_dataset([], items=len(published), published=published, until=until)
    found = read_scores(Newest(NewestOptions(**options)).train(dataset, progress=lambda fraction: None))
    return {item - FIRST_ITEM: value for item, value in found.items()}


class TestContract(LearnerContract):
    component = Newest


def test_freshness_halves_every_half_life_before_the_newest() -> None:
    assert score([60.0, 0.0, 30.0], until=60.0) == pytest.approx({0: 1.0, 1: 0.25, 2: 0.5})


def test_a_resting_catalogue_keeps_its_order() -> None:
    assert score([60.0, 0.0], until=20_000.0) == pytest.approx({0: 1.0, 1: 0.25})


def test_what_comes_out_later_is_left_out_and_moves_nothing() -> None:
    assert score([0.0, 30.0, 90.0], until=60.0) == pytest.approx({0: 0.5, 1: 1.0})


def test_what_is_too_old_is_not_called_new() -> None:
    assert score([0.0, 100.0, 101.0], until=101.0, half_life_days=10.0, span_half_lives=5.0).keys() == {1, 2}
