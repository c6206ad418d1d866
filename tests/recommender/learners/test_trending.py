"""The trend learner: a rise beyond chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import gamma

from recommender.learners.trending import Trending, TrendingOptions, gamma_quantile
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset, make_random_rows
from recommender.testing.learners import LearnerContract, read_scores


def score(rows: list[Row], *, items: int, until: float | None = None, **options: Any) -> dict[int, float]:
    dataset = make_dataset(rows, items=items, until=until)
    found = read_scores(Trending(TrendingOptions(**options)).train(dataset, progress=lambda fraction: None))
    return {item - FIRST_ITEM: value for item, value in found.items()}


def visit(item: int, people: int, *, day: float, first: int = 0) -> list[Row]:
    return [(first + person, item, day) for person in range(people)]


def steady(item: int, people: int, *, weeks: int = 9) -> list[Row]:
    return [row for week in range(weeks) for row in visit(item, people, day=7.0 * week, first=100 * week)]


class TestContract(LearnerContract):
    component = Trending
    options = {"minimum_people": 1, "minimum_lift": 0.0}


def test_a_drift_is_found_and_what_is_steady_is_not() -> None:
    rows = steady(0, 20) + steady(1, 20) + visit(2, 3, day=0.0) + visit(2, 25, day=56.0)
    assert list(score(rows, items=4)) == [2]


def test_a_great_item_that_falls_is_not_trending() -> None:
    falling = [
        row
        for week, people in enumerate([90, 80, 60, 40, 30, 20, 10, 9, 30])
        for row in visit(0, people, day=7.0 * week)
    ]
    rising = [row for week in range(9) for row in visit(1, 2 + 2 * (week == 8) * 9, day=7.0 * week)]
    assert list(score(falling + rising, items=2)) == [1]


def test_a_busy_week_alone_lifts_nothing() -> None:
    rows = steady(0, 10, weeks=8) + steady(1, 10, weeks=8) + visit(0, 40, day=56.0) + visit(1, 40, day=56.0)
    assert score(rows, items=2) == {}


def test_a_jump_of_few_does_not_outrank_one_of_many() -> None:
    rows = steady(9, 200, weeks=9) + steady(0, 1, weeks=8) + visit(0, 5, day=56.0)
    rows += [row for week in range(8) for row in visit(1, 20, day=7.0 * week)] + visit(1, 90, day=56.0)
    found = score(rows, items=10, minimum_lift=0.0)
    assert found[1] > found[0]


def test_one_fan_cannot_make_a_trend() -> None:
    loud: list[Row] = [(7777, 1, 56.0 - hour / 24) for hour in range(100)]
    assert score(steady(0, 5) + loud, items=2) == {}


def test_a_person_counts_once_a_window_before_as_now() -> None:
    weekly: list[Row] = [(person, 0, 7.0 * week) for week in range(9) for person in range(30)]
    other = steady(1, 30)
    found = score(weekly + other, items=2, minimum_lift=0.0)
    assert found[0] == pytest.approx(found[1])


def test_windows_count_back_from_the_newest_interaction() -> None:
    rows = steady(0, 20) + visit(2, 25, day=56.0)
    assert score(rows, items=3, until=56.0) == score(rows, items=3, until=20_000.0)
    assert list(score(rows, items=3)) == [2]


def test_a_log_shorter_than_one_window_goes_by_people() -> None:
    found = score(visit(0, 8, day=0.0) + visit(1, 12, day=2.0) + visit(2, 10, day=1.0), items=3)
    assert sorted(found, key=lambda item: -found[item]) == [1, 2, 0]


def test_later_rows_change_nothing_that_was_learned_before() -> None:
    rows = make_random_rows(5)
    early = [row for row in rows if row[2] <= 50.0]
    options = {"minimum_people": 1, "minimum_lift": 0.0}
    assert score(rows, items=20, until=50.0, **options) == score(early, items=20, until=50.0, **options)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_a_slow_count_says(seed: int) -> None:
    rows = make_random_rows(seed, count=600)
    newest = max(row[2] for row in rows)
    people: dict[tuple[int, int], set[int]] = {}
    for profile, item, day, strength in rows:  # type: ignore[misc]
        if strength > 0:
            people.setdefault((item, int((newest - day) // 7)), set()).add(profile)
    recent = {item: len(people.get((item, 0), ())) for item in range(20)}
    earlier = {item: sum(len(people.get((item, window), ())) for window in range(1, 5)) for item in range(20)}
    growth = sum(recent.values()) / sum(earlier.values())
    expected = {
        item: gamma.ppf(0.1, 2.0 + recent[item]) / (2.0 + growth * earlier[item]) for item in range(20) if recent[item]
    }
    found = score(rows, items=20, base_windows=4, minimum_people=1, minimum_lift=0.0)
    assert found == pytest.approx(expected, rel=0.02)


def test_the_quantile_is_close_to_the_exact_one() -> None:
    shapes = np.array([2.0, 3.0, 5.0, 20.0, 1000.0])
    for probability in (0.1, 0.25, 0.5):
        assert gamma_quantile(shapes, probability) == pytest.approx(gamma.ppf(probability, shapes), rel=0.02)
