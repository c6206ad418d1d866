"""Cross entropy over items, with its gradient made on the way."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_CPU_LOGITS = 1 << 21
_GPU_LOGITS = 1 << 26
"""Logits held at once: what the caches of a CPU hold, and what keeps a GPU busy."""


def measure_cross_entropy(
    h: Tensor, table: Tensor, bias: Tensor, targets: Tensor, *, shift: Tensor | None = None
) -> Tensor:
    """Return the mean cross entropy of ``targets`` (m,) under softmax(h · tableᵀ + bias).

    ``h`` is (m, width), ``table`` (V, width), ``bias`` (V,). ``shift`` (V,) is taken from the logit of each row's own
    target: see ``ItemSample``.
    """
    loss: Tensor = _ItemCrossEntropy.apply(h, table, bias, targets, shift)  # type: ignore[no-untyped-call]
    return loss


class _ItemCrossEntropy(torch.autograd.Function):
    """Makes the gradient in the forward pass, by blocks of rows: one softmax and three matrix products.

    The logits of all positions are never there at once.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor, table: Tensor, bias: Tensor, targets: Tensor, shift: Tensor | None) -> Tensor:
        count, items = len(h), len(table)
        most = _CPU_LOGITS if h.device.type == "cpu" else _GPU_LOGITS
        rows = max(128, min(count, most // items))
        loss = torch.zeros((), device=h.device)
        h_grad = torch.empty_like(h)
        table_grad = torch.zeros(table.shape, device=h.device)
        bias_grad = torch.zeros(items, device=h.device)
        low_bias, across = bias.to(h.dtype), table.t()
        room, chances = h.new_empty(rows, items), h.new_empty(rows, items)
        ones = h.new_ones(1, rows)
        for start in range(0, count, rows):
            part, wanted = h[start : start + rows], targets[start : start + rows]
            logits, p = room[: len(part)], chances[: len(part)]
            torch.addmm(low_bias, part, across, out=logits)
            if shift is not None:
                logits[torch.arange(len(part), device=h.device), wanted] -= shift[wanted].to(h.dtype)
            torch.softmax(logits, 1, out=p)
            loss -= p.gather(1, wanted[:, None]).float().clamp_min(1e-30).log().sum()
            torch.mm(p, table, out=h_grad[start : start + rows])
            table_grad += p.t() @ part
            bias_grad += (ones[:, : len(part)] @ p)[0]
        h_grad -= table[targets]
        table_grad.index_add_(0, targets, h.float(), alpha=-1)
        bias_grad -= torch.bincount(targets, minlength=items)
        ctx.save_for_backward(h_grad, table_grad, bias_grad)
        return loss / count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        h_grad, table_grad, bias_grad = ctx.saved_tensors
        scale = grads[0] / len(h_grad)
        return h_grad * scale.to(h_grad.dtype), (table_grad * scale).to(h_grad.dtype), bias_grad * scale, None, None


class ItemSample:
    """Draws items by popularity for the sampled loss; ``counts`` (V,) are how often each occurs."""

    def __init__(self, counts: NDArray[np.int64], *, negatives: int) -> None:
        self._negatives = negatives
        self._shares = counts / counts.sum()
        chances = counts**0.75
        self._chances = chances / chances.sum()
        self._steps = np.cumsum(self._chances)

    def draw(
        self, targets: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return the items of a batch, ascending and each once, the places of ``targets`` among them, and a shift.

        The shift is -log of how likely an item was to be in the batch, drawn or as somebody's target: added to the
        logits it makes popular items, which are nearly always there, count for no more than in the full softmax
        (Bengio and Senécal 2008). A row's own target is in for certain, and so gets none.
        """
        drawn = np.searchsorted(self._steps, random.random(self._negatives) * self._steps[-1], side="right")
        items = np.unique(np.concatenate([targets, np.minimum(drawn, len(self._steps) - 1)]))
        chances = -np.expm1(-(self._negatives * self._chances + len(targets) * self._shares)[items])
        return items, np.searchsorted(items, targets), -np.log(np.maximum(chances, 1e-12)).astype(np.float32)
