"""Two towers, one for people and one for items, whose outputs' inner product is a predicted rating."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Floats = NDArray[np.float32]
SideName = Literal["person", "item"]


@dataclass(frozen=True, slots=True)
class TowerFit:
    """How towers are built and trained: ``factors`` outputs beside a bias, passes and rates of AdamW."""

    factors: int
    hidden: int
    dropout: float
    epochs: int
    batch: int
    rate: float
    decay: float
    seed: int


class Tower(nn.Module):
    """A hidden layer over normed inputs beside a linear map of the inputs as they are; the bias comes first."""

    def __init__(self, inputs: int, fit: TowerFit) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(inputs)
        self.inner = nn.Linear(inputs, fit.hidden)
        self.outer = nn.Linear(fit.hidden, fit.factors + 1)
        self.skip = nn.Linear(inputs, fit.factors + 1, bias=False)
        self.dropout = nn.Dropout(fit.dropout)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return (b, factors + 1) of inputs (b, n)."""
        hidden = self.dropout(torch.relu(self.inner(self.norm(inputs))))
        outputs: torch.Tensor = self.outer(hidden) + self.skip(inputs)
        return outputs


def fit_towers(
    read_inputs: Callable[[NDArray[np.int64]], tuple[Floats, Floats]],
    targets: Floats,
    *,
    fit: TowerFit,
    progress: Callable[[float], None],
) -> dict[str, NDArray[Any]]:
    """Minimise the squared error of bias + bias + inner product on ``targets`` (n,); return the weights by name.

    ``read_inputs`` gives inputs of people and of items, (b, ·) each, for pairs by their places in ``targets``.
    Names are those that ``rating_model.towers`` reads. The random stream of the process is left as it was.
    """
    dice = np.random.default_rng(fit.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fit.seed)
        widths = [part.shape[1] for part in read_inputs(np.zeros(1, dtype=np.int64))]
        towers = nn.ModuleDict({"person": Tower(widths[0], fit), "item": Tower(widths[1], fit)})
        optimiser = torch.optim.AdamW(towers.parameters(), lr=fit.rate, weight_decay=fit.decay)
        steps = fit.epochs * -(-len(targets) // fit.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, fit.rate, total_steps=max(2, steps), pct_start=0.1)
        towers.train()
        for epoch in range(fit.epochs):
            order = dice.permutation(len(targets))
            for start in range(0, len(order), fit.batch):
                places = order[start : start + fit.batch]
                people, items = (torch.from_numpy(part) for part in read_inputs(places))
                left, right = towers["person"](people), towers["item"](items)
                predicted = left[:, 0] + right[:, 0] + (left[:, 1:] * right[:, 1:]).sum(dim=1)
                loss = nn.functional.mse_loss(predicted, torch.from_numpy(targets[places]))
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
            progress((epoch + 1) / fit.epochs)
    return {name: tensor.detach().numpy().copy() for name, tensor in towers.state_dict().items()}
