"""Batches by a budget of tokens."""

import random

import numpy as np
import pytest

from catalog.encoders.networks.batching import pad_batch, plan_batches


@pytest.mark.parametrize("budget", [1, 64, 1000, 10**9])
def test_every_text_is_in_one_batch_and_no_batch_of_several_is_above_the_budget(budget: int) -> None:
    draw = random.Random(4)
    lengths = [draw.randint(1, 200) for _ in range(500)]
    batches = plan_batches(lengths, tokens_per_batch=budget)
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[at] for at in batch) <= budget


def test_longest_come_first_and_equal_lengths_keep_their_order() -> None:
    batches = plan_batches([2, 5, 2, 9, 5], tokens_per_batch=10)
    assert [batch.tolist() for batch in batches] == [[3], [1, 4], [0, 2]]


def test_little_is_padded() -> None:
    draw = random.Random(4)
    lengths = [draw.randint(4, 256) for _ in range(2000)]
    padded = sum(len(batch) * lengths[batch[0]] for batch in plan_batches(lengths, tokens_per_batch=1536))
    assert padded / sum(lengths) < 1.02


def test_nothing_to_batch() -> None:
    assert plan_batches([], tokens_per_batch=8) == []


def test_padding_lies_on_the_right_under_a_mask() -> None:
    ids, mask = pad_batch([[4, 5, 6], [7]], padding=1)
    assert ids.tolist() == [[4, 5, 6], [7, 1, 1]]
    assert mask is not None
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_equal_lengths_need_no_mask() -> None:
    ids, mask = pad_batch([[4, 5], [6, 7]], padding=1)
    assert (ids.tolist(), mask) == ([[4, 5], [6, 7]], None)
