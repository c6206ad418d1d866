"""What follows from the data, and how the learning rate follows time or epochs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.networks.sequence.plan import TrainingPlan, choose_length, plan_training
from recommender.networks.sequence.schedule import Schedule

PLAN = TrainingPlan(dropout=0.2, item_dropout=0.2, loss="full", tokens=100, rate=1.0, seconds=100.0)


def make_plan(sizes: list[int], items: int, **changes: Any) -> TrainingPlan:
    options = {"seconds": 60.0, "epochs": 0, "dropout": None, "loss": "auto", "seed": 0, **changes}
    return plan_training(np.array(sizes), items=items, **options)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("size", "length"), [(1, 48), (50, 64), (100, 112), (5000, 128)])
def test_the_length_holds_most_histories_within_limits(size: int, length: int) -> None:
    assert choose_length(np.full(10, size)) == length


def test_rare_items_get_more_dropout_and_a_gentler_rate() -> None:
    dense, sparse = make_plan([2890] * 10, 100), make_plan([127] * 10, 100)
    assert (dense.dropout, dense.item_dropout, dense.rate) == pytest.approx((0.2, 0.2, 2e-3))
    assert (sparse.dropout, sparse.item_dropout, sparse.rate) == pytest.approx((0.3, 0.4, 1e-3))


def test_a_dropout_that_is_set_holds_for_both() -> None:
    plan = make_plan([127] * 10, 100, dropout=0.0)
    assert (plan.dropout, plan.item_dropout) == (0.0, 0.0)


def test_wide_catalogues_are_sampled_unless_told_otherwise() -> None:
    assert make_plan([10], 25_000).loss == "full"
    assert make_plan([10], 25_001).loss == "sampled"
    assert make_plan([10], 25_001, loss="full").loss == "full"


def test_few_steps_go_in_small_batches() -> None:
    assert [make_plan([steps], 10).tokens for steps in (100, 32_000, 100_000, 1_000_000)] == [256, 1000, 2048, 4096]


def test_the_rate_rises_and_then_sinks_to_next_to_nothing() -> None:
    schedule = Schedule(replace(PLAN, epochs=1))
    rates = []
    for step in range(100):
        rates.append(schedule.rate)
        schedule.note_step(left=99 - step)
    assert schedule.share == 1.0
    assert max(rates) == pytest.approx(1.0, abs=0.02)
    assert int(np.argmax(rates)) in (2, 3, 4)
    assert all(np.diff(rates[4:]) < 0)
    assert rates[-1] < 0.01


def test_time_ends_it_when_the_pace_says_so() -> None:
    clock = Clock()
    schedule = Schedule(PLAN, clock=clock)
    steps = 0
    while schedule.share < 1:
        clock.now += 2.0
        schedule.note_step(left=1e9)
        steps += 1
    assert steps == 50
    assert schedule.used == pytest.approx(100.0)


def test_a_machine_that_grows_slower_ends_in_time() -> None:
    clock = Clock()
    schedule = Schedule(PLAN, clock=clock)
    shares = []
    while schedule.share < 1:
        clock.now += 0.1 if schedule.used < 50 else 0.3
        schedule.note_step(left=1e9)
        shares.append(schedule.share)
    assert schedule.used == pytest.approx(100.0, abs=1.0)
    assert all(np.diff(shares) > 0)


def test_time_used_before_an_interruption_counts() -> None:
    clock = Clock()
    schedule = Schedule(PLAN, used=99.0, clock=clock)
    clock.now += 2.0
    schedule.note_step(left=1e9)
    assert schedule.share == 1.0


def test_with_epochs_no_clock_is_looked_at() -> None:
    clock = Clock()
    schedule = Schedule(replace(PLAN, epochs=3), clock=clock)
    clock.now += 1e6
    schedule.note_step(left=9)
    assert schedule.share == pytest.approx(0.1)
    assert schedule.epochs == 3
