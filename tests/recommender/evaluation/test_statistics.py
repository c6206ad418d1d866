"""Intervals hold what they should as often as they should; tests see what is there and nothing else."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from recommender.evaluation import statistics
from recommender.evaluation.statistics import (
    Interval,
    compare_with_baseline,
    correct_holm,
    estimate_interval,
    estimate_intervals,
)


def list_bounds(interval: Interval) -> list[float]:
    return [interval.mean, interval.low, interval.high]


def test_an_interval_is_that_of_the_normal_law_where_that_holds() -> None:
    figures = np.random.default_rng(0).normal(2.0, 1.0, size=2000)
    found = estimate_interval(figures, resamples=4000, seed=1)
    reach = 1.96 * figures.std() / math.sqrt(2000)
    assert found.mean == pytest.approx(figures.mean())
    assert found.low == pytest.approx(figures.mean() - reach, abs=0.1 * reach)
    assert found.high == pytest.approx(figures.mean() + reach, abs=0.1 * reach)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    dice = np.random.default_rng(3)
    found = [estimate_interval(dice.random(60), level=0.9, resamples=300, seed=run) for run in range(300)]
    held = np.mean([interval.low <= 0.5 <= interval.high for interval in found])
    assert held == pytest.approx(0.9, abs=0.05)


def test_columns_are_drawn_together_and_the_seed_decides() -> None:
    figures = np.random.default_rng(0).random((50, 1))
    first, second = estimate_intervals(np.hstack((figures, figures + 1.0)), seed=4)
    assert second.low == pytest.approx(first.low + 1.0)
    assert list_bounds(estimate_interval(figures[:, 0], seed=4)) == pytest.approx(list_bounds(first))
    assert list_bounds(estimate_interval(figures[:, 0], seed=5)) != pytest.approx(list_bounds(first))


@pytest.mark.parametrize("block", [20, 70, 4_000])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    dice = np.random.default_rng(1)
    figures, baseline = dice.random(20), dice.random(20)
    expected = [*list_bounds(estimate_interval(figures)), compare_with_baseline(figures, baseline).p]
    monkeypatch.setattr(statistics, "BLOCK_DRAWS", block)
    found = [*list_bounds(estimate_interval(figures)), compare_with_baseline(figures, baseline).p]
    assert found[:3] == pytest.approx(expected[:3])
    assert found[3] == pytest.approx(expected[3], abs=0.03)  # the signs' bits are dealt by the byte


def test_one_case_has_an_interval_of_no_width() -> None:
    found = estimate_interval(np.array([0.25]))
    assert (found.low, found.mean, found.high) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    ("figures", "level", "complaint"),
    [
        ([], 0.95, "no case, no interval"),
        ([0.0, math.nan], 0.95, "the figure of case 1 is not a number"),
        ([0.0, 1.0], 1.0, "a level lies between 0 and 1, unlike 1"),
    ],
)
def test_what_bears_no_interval_is_said(figures: list[float], level: float, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        estimate_interval(np.array(figures), level=level)


@pytest.mark.parametrize("seed", range(5))
def test_few_cases_are_tested_by_all_patterns_of_signs(seed: int) -> None:
    dice = np.random.default_rng(seed)
    figures, baseline = dice.integers(5, size=9) / 4.0, dice.integers(5, size=9) / 4.0
    differences = figures - baseline
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=9)
    ]
    expected = np.mean([value >= abs(differences.sum()) - 1e-12 for value in sums])
    assert compare_with_baseline(figures, baseline).p == pytest.approx(expected)


def test_many_cases_are_tested_by_random_patterns_to_about_the_same() -> None:
    dice = np.random.default_rng(2)
    figures, baseline = dice.random(12), dice.random(12)
    exact = compare_with_baseline(figures, baseline, patterns=4096).p
    assert compare_with_baseline(figures, baseline, patterns=4000).p == pytest.approx(exact, abs=0.03)


def test_a_real_difference_is_seen_and_its_interval_excludes_nothing_else() -> None:
    dice = np.random.default_rng(0)
    baseline = dice.random(400)
    found = compare_with_baseline(baseline + dice.normal(0.05, 0.1, size=400), baseline)
    assert found.difference == pytest.approx(0.05, abs=0.02)
    assert 0.0 < found.low < found.difference < found.high
    assert found.p == pytest.approx(1 / 10_001)


def test_pairs_tell_apart_what_means_do_not() -> None:
    dice = np.random.default_rng(0)
    baseline = dice.normal(0.0, 10.0, size=100)
    better = baseline + 0.1 + dice.normal(0.0, 0.1, size=100)
    assert compare_with_baseline(better, baseline).p < 0.001
    assert compare_with_baseline(dice.permutation(better), baseline).p > 0.2


def test_the_same_run_differs_by_nothing() -> None:
    figures = np.random.default_rng(0).random(30)
    found = compare_with_baseline(figures, figures)
    assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_without_a_difference_p_is_even() -> None:
    dice = np.random.default_rng(9)
    found = [
        compare_with_baseline(dice.random(40), dice.random(40), resamples=2, patterns=400, seed=run).p
        for run in range(400)
    ]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.08)


def test_other_cases_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="3 cases cannot be paired with 2"):
        compare_with_baseline(np.zeros(3), np.zeros(2))


def test_p_values_are_corrected_for_their_number() -> None:
    assert correct_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert correct_holm([0.9, 0.6]) == [1.0, 1.0]
    assert correct_holm([]) == []
