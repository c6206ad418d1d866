"""Small parts of the network: weights in float32, arithmetic in the numbers of the input."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST_POOL, _MOST_POOL = 1 << 18, 1 << 24


class Linear(nn.Module):
    """A linear map from ``inputs`` to ``outputs`` numbers; ``gain`` scales its first weights."""

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * gain / math.sqrt(inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map the last dimension of ``x``."""
        return functional.linear(x, self.weight.to(x.dtype), self.bias.to(x.dtype))


class Norm(nn.Module):
    """Layer norm over the last dimension."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` normed."""
        return functional.layer_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.bias.to(x.dtype), 1e-5)


class Dropout:
    """Dropout with masks cut from one pool of random bits, at places that follow from ``seed`` and the step.

    To draw masks anew takes longer on a CPU than all the rest of a small network; and no random state is touched that
    others share, so a step is the same wherever a training went on from.
    """

    def __init__(self, seed: int, *, numbers: int) -> None:
        """Make a pool that is wide enough for tensors of about ``numbers``."""
        size = max(_LEAST_POOL, min(16 * numbers, _MOST_POOL))
        self._seed, self._size = seed, size
        self._bytes = np.random.Generator(np.random.SFC64((seed, 2))).integers(0, 256, size=size, dtype=np.uint8)
        self._pools: dict[tuple[float, torch.dtype, torch.device], Tensor] = {}
        self._random = np.random.default_rng((seed, 3, 0))

    def start_step(self, step: int) -> None:
        """Make ready for a step: what is drawn follows from its number."""
        self._random = np.random.default_rng((self._seed, 3, step))

    def drop(self, x: Tensor, rate: float) -> Tensor:
        """Return ``x`` with about the share ``rate``, in steps of 1/256, set to 0 and the rest scaled up."""
        edge = min(255, round(rate * 256))
        if edge <= 0:
            return x
        key = (rate, x.dtype, x.device)
        if key not in self._pools:
            kept = torch.from_numpy(self._bytes >= edge).to(x.device, x.dtype)
            self._pools[key] = kept * (256 / (256 - edge))
        if x.numel() >= self._size:
            half = len(x) // 2
            return torch.cat([self.drop(x[:half], rate), self.drop(x[half:], rate)])
        start = int(self._random.integers(0, self._size - x.numel()))
        return x * self._pools[key][start : start + x.numel()].view(x.shape)


def drop(x: Tensor, dropout: Dropout | None, rate: float) -> Tensor:
    """Return ``x`` as ``dropout`` leaves it, as it is without one."""
    return x if dropout is None else dropout.drop(x, rate)
