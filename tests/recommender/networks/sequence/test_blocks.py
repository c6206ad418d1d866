"""Blocks look back and never ahead, and dropout drops what it is told to."""

from __future__ import annotations

import pytest
import torch

from recommender.networks.sequence.blocks import make_block
from recommender.networks.sequence.model import make_network, unpack_network
from recommender.networks.sequence.pieces import Dropout
from recommender.networks.sequence.plan import BLOCK_NAMES, BlockName, NetworkLayout


@pytest.mark.parametrize("name", BLOCK_NAMES)
def test_what_comes_later_changes_nothing_before_it(name: BlockName) -> None:
    block = make_block(name, NetworkLayout((name,), width=64, length=12))
    x, other = torch.randn(2, 3, 10, 64, generator=torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, 6] = other[:, 6]
    before, after = block(x, None, 0.0), block(changed, None, 0.0)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert (before[:, 6:] - after[:, 6:]).abs().amax(dim=(0, 2)).min() > 1e-4


@pytest.mark.parametrize(("width", "heads"), [(128, 4), (64, 2), (8, 1), (100, 2), (33, 1)])
def test_heads_divide_the_width(width: int, heads: int) -> None:
    assert NetworkLayout(("attention",), width=width, length=8).heads == heads


def test_a_packed_network_comes_back_as_it_was() -> None:
    layout = NetworkLayout(("mixer", "gru", "hstu", "attention"), width=8, length=5)
    network = make_network(6, layout, seed=3).eval()
    arrays = network.pack()
    for array in arrays.values():
        array.flags.writeable = False
    again = unpack_network(arrays)
    assert again.layout == layout
    items = torch.tensor([[1, 5, 2, 0]])
    assert torch.equal(again(items, again.embedding), network(items, network.embedding))


def test_dropout_drops_the_share_and_scales_the_rest_up() -> None:
    dropped = Dropout(0, numbers=1000).drop(torch.ones(100, 100), 0.25)
    assert sorted(dropped.unique().tolist()) == pytest.approx([0.0, 4 / 3])
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)


def test_masks_follow_from_seed_and_step() -> None:
    first, second, other = Dropout(1, numbers=10), Dropout(1, numbers=10), Dropout(2, numbers=10)
    x = torch.ones(64)
    first.drop(x, 0.5)
    for dropout in (first, second, other):
        dropout.start_step(7)
    mask = first.drop(x, 0.5)
    assert torch.equal(mask, second.drop(x, 0.5))
    assert not torch.equal(mask, other.drop(x, 0.5))
    assert not torch.equal(mask, first.drop(x, 0.5))


def test_more_than_the_pool_holds_is_dropped_in_parts() -> None:
    dropout = Dropout(0, numbers=1)
    dropped = dropout.drop(torch.ones(5, 1 << 17), 0.5)
    assert (dropped == 0).float().mean(dim=1).tolist() == pytest.approx([0.5] * 5, abs=0.02)


def test_no_dropout_leaves_everything_alone() -> None:
    x = torch.ones(3)
    assert Dropout(0, numbers=1).drop(x, 0.0) is x
