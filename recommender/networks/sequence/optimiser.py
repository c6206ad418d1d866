"""AdamW over a network, and its state as arrays."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

_MOMENTS = {"exp_avg": "first.", "exp_avg_sq": "second."}


def make_optimiser(network: nn.Module, *, rate: float, decay: float) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101); biases, norms and distances do not decay."""
    heavy: list[nn.Parameter] = []
    light: list[nn.Parameter] = []
    for name, weight in network.named_parameters():
        by_distance = name.endswith(("distance.table", "kernel"))
        (light if weight.ndim < 2 or by_distance else heavy).append(weight)
    groups = [{"params": heavy, "weight_decay": decay}, {"params": light, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), eps=1e-8, fused=True)


def pack_optimiser(optimiser: torch.optim.AdamW, network: nn.Module) -> dict[str, NDArray[Any]]:
    """Return the moments of every weight by its name, zeros before the first step."""
    arrays = {}
    for name, weight in network.named_parameters():
        for moment, prefix in _MOMENTS.items():
            kept = optimiser.state[weight].get(moment, torch.zeros_like(weight))
            arrays[prefix + name] = kept.cpu().numpy()
    return arrays


def restore_optimiser(
    optimiser: torch.optim.AdamW, network: nn.Module, arrays: Mapping[str, NDArray[Any]], *, steps: int
) -> None:
    """Take the moments after ``steps`` from what ``pack_optimiser`` returned."""
    names = {weight: name for name, weight in network.named_parameters()}
    weights: Iterable[nn.Parameter] = (weight for group in optimiser.param_groups for weight in group["params"])
    state: dict[int, dict[str, torch.Tensor]] = {}
    for place, weight in enumerate(weights):
        moments = {moment: torch.tensor(arrays[prefix + names[weight]]) for moment, prefix in _MOMENTS.items()}
        state[place] = {"step": torch.tensor(float(steps), dtype=torch.float32), **moments}
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
