"""Two towers that meet in an inner product: one reads items, the other the histories of people."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from recommender.networks.passes import Batch, Passes, pack_training, restore_training

_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class TowerPlan:
    """How towers are built and trained; ``epochs`` 0: for ``seconds``; ``sharpness`` scales cosines."""

    hidden: int
    sharpness: float
    id_dropout: float
    rate: float
    decay: float
    length: int
    epochs: int
    seconds: float
    seed: int


class _Bend(nn.Module):
    """What is read, plus a hidden layer's correction to it."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, hidden)
        self.outer = nn.Linear(hidden, width)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        bent: torch.Tensor = functional.normalize(read + self.outer(torch.relu(self.inner(read))), dim=-1)
        return bent


class TwoTower(nn.Module):
    """Items are read as an embedding of their own plus a map of their content (I, c); people as the mean of theirs."""

    def __init__(self, start: NDArray[np.float32], content: NDArray[np.float32], plan: TowerPlan) -> None:
        super().__init__()
        width = start.shape[1]
        self.ids = nn.Parameter(torch.from_numpy(start.copy()))
        self.biases = nn.Parameter(torch.zeros(len(start)))
        self.content_map = nn.Parameter(torch.zeros(content.shape[1], width))
        self.content_bias = nn.Parameter(torch.zeros(content.shape[1]))
        self.sharpness = nn.Parameter(torch.tensor(math.log(plan.sharpness)))
        self.item_bend = _Bend(width, plan.hidden)
        self.person_bend = _Bend(width, plan.hidden)
        self.register_buffer("content", torch.from_numpy(content), persistent=False)

    def read_items(self, kept: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs (I, d) and biases (I,); ``kept`` (I,) says whose own embedding counts."""
        ids: torch.Tensor = self.ids
        biases: torch.Tensor = self.biases
        if kept is not None:
            ids, biases = ids * kept[:, None], biases * kept
        content: Any = self.content
        return ids + content @ self.content_map, biases + content @ self.content_bias


class TowerTrainer:
    """Trains towers by a softmax over the items of a batch, what is often drawn being held back by ln of how often.

    Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations", equation 3, with
    counts in place of estimates. A person is read without the item that is to be found.
    """

    def __init__(
        self,
        met: Any,
        *,
        start: NDArray[np.float32],
        content: NDArray[np.float32],
        plan: TowerPlan,
        device: torch.device,
        half: bool,
    ) -> None:
        self.plan = plan
        self._met = met
        self._device, self._half = device, half
        counts = np.bincount(met.indices, minlength=met.shape[1])
        self._often = torch.from_numpy(np.log(np.maximum(counts, 1) / met.nnz).astype(np.float32)).to(device)
        self._has_content = torch.from_numpy(content.any(axis=1)).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.network = TwoTower(start, content, plan).to(device)
        self._weights = dict(self.network.named_parameters())
        self._optimiser = torch.optim.AdamW(self._weights.values(), lr=plan.rate, weight_decay=plan.decay)
        self._passes = Passes(epochs=plan.epochs, seconds=plan.seconds)

    def run(
        self,
        draw_pairs: Callable[[int], Iterator[Batch]],
        *,
        progress: Callable[[float], None],
        save: Callable[[Mapping[str, NDArray[Any]]], None] | None,
    ) -> None:
        """Train on the batches (people, met, …) of ``draw_pairs(epoch)``, which go through all that was met."""
        self._passes.run(
            draw_pairs,
            self._take_step,
            rows=self._met.nnz,
            progress=progress,
            save=lambda: None if save is None else save(self._pack()),
        )

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what was saved."""
        restore_training(self._weights, self._optimiser, arrays)
        self._passes.restore(arrays)

    def read(self) -> dict[str, NDArray[Any]]:
        """Return the weights by name, and ``inputs`` (I, d) and ``vectors`` (I, d + 1) of the items."""
        with torch.no_grad():
            inputs, biases = self.network.read_items()
            vectors = self.network.item_bend(inputs) * self.network.sharpness.exp()
            read = {"inputs": inputs, "vectors": torch.cat([vectors, biases[:, None]], dim=1), **self._weights}
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in read.items()}

    def _pack(self) -> dict[str, NDArray[Any]]:
        return {**pack_training(self._weights, self._optimiser), **self._passes.pack()}

    def _take_step(self, epoch: int, batch: Batch) -> None:
        people, items = batch[0], batch[1]
        # Chance follows from the batch, so that a run that is taken up again meets the same.
        dice = np.random.default_rng((self.plan.seed, epoch, int(people[0]), int(items[0])))
        history, there = _draw_histories(self._met, people, items, length=self.plan.length, dice=dice)
        dropped = torch.from_numpy(dice.random(self._met.shape[1]) < self.plan.id_dropout).to(self._device)
        inputs, biases = self.network.read_items((~(dropped & self._has_content)).float())
        rows, shown = torch.from_numpy(history).to(self._device), torch.from_numpy(there).to(self._device)
        weights = shown.float() / shown.sum(dim=1, keepdim=True).clamp_min(1)
        means = functional.embedding_bag(rows, inputs, mode="sum", per_sample_weights=weights)
        wanted = torch.from_numpy(items).to(self._device)
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._half):
            cosines = (self.network.person_bend(means) @ self.network.item_bend(inputs[wanted]).T).float()
        logits = cosines * self.network.sharpness.exp() + biases[wanted] - self._often[wanted]
        same = wanted[:, None] == wanted[None, :]
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, _NEVER)
        readable = shown.any(dim=1)
        if not bool(readable.any()):
            return
        right = torch.arange(len(items), device=self._device)
        loss = functional.cross_entropy(logits[readable], right[readable])
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()


def _draw_histories(
    met: Any, people: NDArray[np.int64], items: NDArray[np.int64], *, length: int, dice: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return items (b, l) of the rows of ``people``, where there are more than ``length`` a run of it, and which count.

    What is past a row's end does not count, nor does the item of ``items`` (b,) itself.
    """
    starts, sizes = met.indptr[people].astype(np.int64), np.diff(met.indptr)[people].astype(np.int64)
    width = int(min(length, sizes.max()))
    first = np.where(sizes > width, dice.integers(1 << 30, size=len(people)) % sizes, 0)
    steps = np.arange(width)
    places = starts[:, None] + (first[:, None] + steps) % sizes[:, None]
    history = met.indices[places].astype(np.int64)
    return history, (steps < sizes[:, None]) & (history != items[:, None])
