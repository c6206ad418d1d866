"""What tuning takes for better."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.fitting.members import Member
from recommender.fitting.tuning import is_better
from recommender.learners import Scores, learners
from recommender.learners.popular import Popular

NOTHING = Scores(np.empty(0, dtype=np.int64), np.empty(0))


def make_member(each: np.ndarray) -> Member:
    assert "popular" in learners
    return Member("popular", {}, Popular(Popular.Options()), NOTHING, 1.0, {}, each)


@pytest.mark.parametrize(
    ("gain", "spread", "better"),
    [
        (0.01, 0.0, True),
        (0.0, 0.0, False),
        (0.0001, 0.0, False),
        (0.01, 0.05, True),
        (0.01, 1.0, False),
        (-0.1, 0.0, False),
    ],
)
def test_a_gain_must_be_more_than_chance_and_worth_it(gain: float, spread: float, better: bool) -> None:
    each = np.full(400, 0.2)
    noise = np.tile([spread, -spread], 200)
    assert is_better(make_member(each + gain + noise), make_member(each)) is better


def test_without_cases_nothing_is_better() -> None:
    assert not is_better(make_member(np.empty(0)), make_member(np.empty(0)))
