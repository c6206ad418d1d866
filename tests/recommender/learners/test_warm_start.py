"""Item vectors in closed form: what is met together, or reads alike, lies together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.learners.warm_start import make_start


def draw_two_worlds(*, people: int = 40) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Even people meet items 0 to 4, odd ones 5 to 9."""
    dice = np.random.default_rng(0)
    items = np.concatenate([dice.permutation(5) + 5 * (person % 2) for person in range(people)])
    return items, np.repeat(np.arange(people), 5)


def test_items_of_one_world_lie_together() -> None:
    items, profiles = draw_two_worlds()
    vectors = make_start(items, profiles, count=10, width=16)
    likeness = vectors @ vectors.T
    assert likeness[:5, :5].min() > likeness[:5, 5:].max()
    assert likeness[5:, 5:].min() > likeness[:5, 5:].max()


def test_all_vectors_are_of_one_length_and_the_same_each_time() -> None:
    items, profiles = draw_two_worlds()
    first = make_start(items, profiles, count=10, width=4, seed=3)
    assert first.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 0.7, rtol=1e-5)
    np.testing.assert_array_equal(make_start(items, profiles, count=10, width=4, seed=3), first)


def test_items_that_read_alike_lie_together_though_nobody_met_both() -> None:
    items, profiles = draw_two_worlds()
    content = np.eye(10, dtype=np.float32)
    content[9] = content[0]
    alone = make_start(items, profiles, count=10, width=16)
    told = make_start(items, profiles, count=10, width=16, content=content, content_weight=2.0)
    assert told[0] @ told[9] > alone[0] @ alone[9] + 0.1


def test_pairs_count_within_a_history_alone() -> None:
    vectors = make_start(np.arange(6), np.array([0, 0, 0, 1, 1, 1]), count=6, width=8)
    assert vectors[1] @ vectors[2] > vectors[2] @ vectors[3] + 0.1


@pytest.mark.parametrize("items", [[0], [0, 0, 0], [0, 1]])
def test_next_to_nothing_is_no_error(items: list[int]) -> None:
    vectors = make_start(np.array(items), np.zeros(len(items), dtype=np.int64), count=2, width=8)
    assert np.isfinite(vectors).all()
