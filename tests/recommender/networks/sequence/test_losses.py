"""The cross entropy that makes its own gradient, held against torch's, and the sample of items."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommender.networks.sequence import losses
from recommender.networks.sequence.losses import ItemSample, measure_cross_entropy


@pytest.mark.parametrize("block", [1 << 21, 1])
def test_value_and_gradients_are_those_of_torch(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "_CPU_LOGITS", block)
    draw = torch.Generator().manual_seed(0)
    parts = [torch.randn(shape, generator=draw, requires_grad=True) for shape in ((300, 6), (40, 6), (40,))]
    targets = torch.randint(40, (300,), generator=draw)
    found = measure_cross_entropy(*parts, targets)
    expected = torch.nn.functional.cross_entropy(parts[0] @ parts[1].t() + parts[2], targets)
    torch.testing.assert_close(found, expected)
    for mine, theirs in zip(
        torch.autograd.grad(3 * found, parts), torch.autograd.grad(3 * expected, parts), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


def test_a_shift_is_taken_from_the_logit_of_the_target_alone() -> None:
    h, table, bias = torch.zeros(1, 2), torch.zeros(3, 2), torch.tensor([1.0, 1.0, 0.0])
    shift = torch.tensor([1.0, 0.5, 0.0])
    found = measure_cross_entropy(h, table, bias, torch.tensor([0]), shift=shift)
    logits = torch.tensor([[0.0, 1.0, 0.0]])
    torch.testing.assert_close(found, torch.nn.functional.cross_entropy(logits, torch.tensor([0])))


def test_a_sample_holds_every_target_and_corrects_for_how_likely_an_item_was_drawn() -> None:
    counts = np.array([1000, 10, 10, 10, 1, 0])
    sample = ItemSample(counts, negatives=5)
    targets = np.array([4, 2, 4])
    items, places, shift = sample.draw(targets, np.random.default_rng(0))
    assert items[places].tolist() == [4, 2, 4]
    assert sorted(set(items.tolist())) == items.tolist()
    assert 5 not in items
    assert shift[items.tolist().index(0)] < shift[items.tolist().index(4)]
    assert (shift >= 0).all()


def test_items_that_are_sure_to_be_drawn_are_left_as_they_are() -> None:
    _, _, shift = ItemSample(np.ones(4, dtype=np.int64), negatives=1000).draw(np.array([1]), np.random.default_rng(0))
    np.testing.assert_allclose(shift, 0.0, atol=1e-6)
