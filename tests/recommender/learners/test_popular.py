"""The popularity learner: what many like, lately."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommender.learners.popular import Popular, PopularOptions
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset, make_random_rows
from recommender.testing.learners import LearnerContract, read_scores


def score(rows: list[Row], *, items: int, half_life_days: float = 30.0, **options: Any) -> dict[int, float]:
    dataset = make_dataset(rows, items=items, **options)
    learner = Popular(PopularOptions(half_life_days=half_life_days))
    found = read_scores(learner.train(dataset, progress=lambda fraction: None))
    return {item - FIRST_ITEM: value for item, value in found.items()}


class TestContract(LearnerContract):
    component = Popular


def test_each_person_adds_their_strength() -> None:
    assert score([(0, 0, 5.0), (1, 0, 5.0), (2, 1, 5.0, 0.5)], items=3) == {0: 2.0, 1: 0.5}


def test_a_half_life_halves() -> None:
    assert score([(0, 0, 40.0), (1, 1, 10.0), (2, 2, 40.0)], items=3) == {0: 1.0, 1: 0.5, 2: 1.0}


def test_one_loud_fan_counts_once() -> None:
    loud = [(0, 0, day / 10) for day in range(100)]
    found = score([*loud, (1, 1, 9.9), (2, 1, 9.9)], items=2)
    assert found == {0: 1.0, 1: 2.0}


def test_a_person_speaks_with_their_strongest_voice_after_decay() -> None:
    assert score([(0, 0, 0.0, 1.0), (0, 0, 30.0, 0.6)], items=1) == {0: pytest.approx(0.6)}
    assert score([(0, 0, 0.0, 1.0), (0, 0, 30.0, 0.3)], items=1) == {0: 0.5}


def test_what_nobody_likes_is_not_published() -> None:
    assert score([(0, 0, 1.0, -1.0), (1, 1, 1.0, 0.0), (2, 2, 1.0)], items=4) == {2: 1.0}


def test_an_old_log_counts_back_from_its_newest_interaction() -> None:
    rows: list[Row] = [(0, 0, 30.0), (1, 1, 0.0)]
    assert score(rows, items=2, until=30.0) == score(rows, items=2, until=20_000.0) == {0: 1.0, 1: 0.5}


def test_later_rows_change_nothing_that_was_learned_before() -> None:
    rows = make_random_rows(5)
    early = [row for row in rows if row[2] <= 50.0]
    assert score(rows, items=20, until=50.0) == score(early, items=20, until=50.0)
    assert score(rows, items=20, until=50.0) != score(rows, items=20)


@pytest.mark.parametrize("seed", range(10))
def test_it_is_what_a_slow_count_says(seed: int) -> None:
    rows = make_random_rows(seed)
    newest = max(row[2] for row in rows)
    voices: dict[tuple[int, int], float] = {}
    for profile, item, day, strength in rows:  # type: ignore[misc]
        voice = float(np.float32(strength)) * 0.5 ** ((newest - day) / 12.0)
        voices[item, profile] = max(voices.get((item, profile), 0.0), voice)
    expected: dict[int, float] = {}
    for (item, _), voice in voices.items():
        expected[item] = expected.get(item, 0.0) + voice
    expected = {item: total for item, total in expected.items() if total > 0}
    assert score(rows, items=20, half_life_days=12.0) == pytest.approx(expected, rel=1e-9)
