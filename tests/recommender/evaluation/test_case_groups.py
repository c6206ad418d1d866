"""Cases in groups: strangers apart, the others in thirds, equal numbers together."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.case_groups import CaseGroup, group_by_length, group_by_popularity


def show(groups: tuple[CaseGroup, ...]) -> list[tuple[float, float, int]]:
    return [(group.low, group.high, int(group.cases.sum())) for group in groups]


def test_people_without_a_history_are_a_group_of_their_own() -> None:
    assert show(group_by_length(np.array([0, 0, 1, 2, 3, 4, 5, 6]))) == [(0, 0, 2), (1, 2, 2), (3, 4, 2), (5, 6, 2)]


def test_without_strangers_there_are_thirds() -> None:
    assert show(group_by_length(np.arange(9, 0, -1))) == [(1, 3, 3), (4, 6, 3), (7, 9, 3)]


def test_equal_numbers_stay_together() -> None:
    assert show(group_by_length(np.array([5] * 8 + [9, 1]))) == [(1, 5, 9), (9, 9, 1)]
    assert show(group_by_popularity(np.full(4, 0.25))) == [(0.25, 0.25, 4)]


def test_only_strangers_are_one_group() -> None:
    assert show(group_by_length(np.zeros(3, dtype=np.int64))) == [(0, 0, 3)]


@pytest.mark.parametrize("seed", range(5))
def test_every_case_is_in_one_group_and_groups_ascend(seed: int) -> None:
    dice = np.random.default_rng(seed)
    for groups in (group_by_length(dice.integers(0, 6, 40)), group_by_popularity(dice.random(40))):
        assert (sum(group.cases.astype(int) for group in groups) == 1).all()
        ends = [end for group in groups for end in (group.low, group.high)]
        assert ends == sorted(ends)
        assert len(groups) <= 4
