"""Windows and batches: every step is predicted, none from another's history."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.networks.sequence.batches import cut_windows, group_by_size, make_batch, plan_epoch


def make_offsets(*sizes: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_every_step_with_a_next_one_is_in_a_window(seed: int) -> None:
    offsets = make_offsets(0, 1, 2, 5, 6, 7, 40, 3, 101)
    windows = cut_windows(offsets, length=5, random=np.random.default_rng(seed))
    seen = np.concatenate([np.arange(start, stop) for start, stop in windows.tolist()])
    has_next = np.setdiff1d(np.arange(offsets[-1]), offsets[1:][np.diff(offsets) > 0] - 1)
    assert np.unique(seen).tolist() == has_next.tolist()
    sizes = windows[:, 1] - windows[:, 0]
    assert sizes.min() >= 1
    assert sizes.max() <= 5
    owners = np.searchsorted(offsets, windows, side="right")
    np.testing.assert_array_equal(owners[:, 0], np.searchsorted(offsets, windows[:, 1] - 1, side="right"))


def test_long_histories_are_cut_elsewhere_each_time() -> None:
    offsets = make_offsets(100)
    cuts = [cut_windows(offsets, length=10, random=np.random.default_rng(seed)).tolist() for seed in range(5)]
    assert len({str(cut) for cut in cuts}) > 1
    assert all(cut[-1] == [89, 99] for cut in cuts)


def test_histories_without_a_second_step_make_no_batch() -> None:
    assert plan_epoch(make_offsets(1, 0, 1), length=4, tokens=100, seed=0, epoch=0) == []


def test_an_epoch_holds_all_windows_in_batches_of_the_size_asked_for() -> None:
    offsets = make_offsets(*range(1, 60))
    batches = plan_epoch(offsets, length=16, tokens=64, seed=0, epoch=0)
    for windows in batches:
        sizes = windows[:, 1] - windows[:, 0]
        assert sizes.max() * len(sizes) <= 64
    again = plan_epoch(offsets, length=16, tokens=64, seed=0, epoch=0)
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in again]
    other = plan_epoch(offsets, length=16, tokens=64, seed=0, epoch=1)
    assert [batch.tolist() for batch in batches] != [batch.tolist() for batch in other]


def test_one_wider_than_a_batch_has_one_of_its_own() -> None:
    groups = group_by_size(np.array([2, 0, 1]), np.array([3, 50, 2]), tokens=10)
    assert [group.tolist() for group in groups] == [[2, 0], [1]] or [group.tolist() for group in groups] == [
        [2],
        [0],
        [1],
    ]


def test_a_batch_holds_items_and_those_that_follow() -> None:
    flat = np.array([7, 8, 9, 4, 5], dtype=np.int64)
    batch = make_batch(flat, np.array([[0, 2], [3, 4]]))
    assert batch.items.tolist() == [[7, 8], [4, 0]]
    assert batch.places.tolist() == [0, 1, 2]
    assert batch.targets.tolist() == [8, 9, 5]
