"""Bounds of the greatest: reached by as many as asked for, and by few others."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.training.peaks import bound_greatest


@pytest.mark.parametrize("width", [1, 20, 99, 100, 101, 3011])
@pytest.mark.parametrize("kept", [1, 7, 20])
def test_at_least_as_many_as_asked_for_reach_the_bound(width: int, kept: int) -> None:
    values = np.random.default_rng(width).random((50, width))
    kept = min(kept, width)
    reached = (values >= bound_greatest(values, kept)[:, None]).sum(axis=1)
    assert reached.min() >= kept
    assert reached.max() <= 3 * kept + 5


def test_rows_of_equals_and_rows_without_values_have_a_bound() -> None:
    values = np.stack([np.ones(1000), np.full(1000, -np.inf), np.append(np.full(999, -np.inf), 5.0)])
    assert bound_greatest(values, 3).tolist() == [1.0, -np.inf, -np.inf]


def test_nothing_reaches_the_bound_of_nothing() -> None:
    assert bound_greatest(np.ones((2, 5)), 0).tolist() == [np.inf, np.inf]
