"""Embeddings smoothed over a graph, trained on pairs (LightGCN)."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from recommender.networks.passes import Batch, Passes, pack_training, restore_training

Loss = Literal["softmax", "bpr"]


@dataclass(frozen=True, slots=True)
class GraphPlan:
    """How a graph embedding is trained; ``epochs`` 0: for ``seconds``."""

    layers: int
    loss: Loss
    temperature: float
    negatives: int
    rate: float
    penalty: float
    epochs: int
    seconds: float
    seed: int


class _Smooth(torch.autograd.Function):
    """A symmetric sparse matrix times a dense one: its gradient is the same product."""

    @staticmethod
    def forward(ctx: Any, graph: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        ctx.graph = graph
        smoothed: torch.Tensor = torch.sparse.mm(graph, values)
        return smoothed

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[None, torch.Tensor]:
        return None, torch.sparse.mm(ctx.graph, grads[0].contiguous())


class GraphTrainer:
    """Trains embeddings (P + I, d) of people and items whose ``graph`` is symmetric CSR (P + I, P + I), scipy's.

    What is scored is the mean over ``layers`` + 1 of the embeddings and their smoothings (He et al. 2020, "LightGCN",
    equations 3 to 8). Loss: BPR on the pairs drawn, or a softmax of cosines against ``negatives`` items drawn evenly
    for the whole batch (Wu et al. 2022, "On the effectiveness of sampled softmax loss for item recommendation").
    """

    def __init__(
        self, graph: Any, *, people: int, start: NDArray[np.float32], plan: GraphPlan, device: torch.device, half: bool
    ) -> None:
        self.plan = plan
        self._people = people
        self._device, self._half = device, half
        with warnings.catch_warnings():
            # torch says that its CSR is in beta; the product that is used here has been there for years.
            warnings.simplefilter("ignore", UserWarning)
            self._graph = torch.sparse_csr_tensor(
                torch.from_numpy(graph.indptr.astype(np.int64)),
                torch.from_numpy(graph.indices.astype(np.int64)),
                torch.from_numpy(graph.data.astype(np.float32)),
                size=graph.shape,
            ).to(device)
        self._table = torch.from_numpy(start.copy()).to(device).requires_grad_()
        self._optimiser = torch.optim.Adam([self._table], lr=plan.rate)
        self._passes = Passes(epochs=plan.epochs, seconds=plan.seconds)

    def run(
        self,
        draw_pairs: Callable[[int], Iterator[Batch]],
        *,
        pairs: int,
        progress: Callable[[float], None],
        save: Callable[[Mapping[str, NDArray[Any]]], None] | None,
    ) -> None:
        """Train on the batches (people, met, not met) of ``draw_pairs(epoch)``, ``pairs`` an epoch in all."""
        self._passes.run(
            draw_pairs,
            self._take_step,
            rows=pairs,
            progress=progress,
            save=lambda: None if save is None else save(self._pack()),
        )

    def read(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what is scored (P + I, d), and the sum of all smoothings but the last (P + I, d)."""
        with torch.no_grad():
            steps = self._smooth()
            final, inner = torch.stack(steps).mean(dim=0), torch.stack(steps[:-1] or steps).sum(dim=0)
            if self.plan.loss == "softmax":
                final = functional.normalize(final, dim=1)
        return final.cpu().numpy(), inner.cpu().numpy()

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what was saved."""
        restore_training({"table": self._table}, self._optimiser, arrays)
        self._passes.restore(arrays)

    def _pack(self) -> dict[str, NDArray[Any]]:
        return {**pack_training({"table": self._table}, self._optimiser), **self._passes.pack()}

    def _smooth(self) -> list[torch.Tensor]:
        steps: list[torch.Tensor] = [self._table]
        for _ in range(self.plan.layers):
            steps.append(_Smooth.apply(self._graph, steps[-1]))  # type: ignore[no-untyped-call]
        return steps

    def _take_step(self, epoch: int, batch: Batch) -> None:
        plan = self.plan
        people, items, others = batch
        final = torch.stack(self._smooth()).mean(dim=0)
        rows = [torch.from_numpy(part).to(self._device) for part in (people, items + self._people)]
        person, item = final[rows[0]], final[rows[1]]
        if plan.loss == "bpr":
            other = final[torch.from_numpy(others + self._people).to(self._device)]
            loss = functional.softplus(-(person * (item - other)).sum(dim=1)).mean()
        else:
            count = len(final) - self._people
            # Chance follows from the batch, so that a run that is taken up again meets the same.
            dice = np.random.default_rng((plan.seed, epoch, int(people[0]), int(items[0])))
            drawn = torch.from_numpy(dice.integers(count, size=min(plan.negatives, count))).to(self._device)
            loss = self._contrast(person, item, final[drawn + self._people])
        size = sum(self._table[row].pow(2).sum() for row in rows) / len(people)
        self._optimiser.zero_grad()
        (loss + plan.penalty * size).backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def _contrast(self, person: torch.Tensor, item: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        person, item, other = (functional.normalize(part, dim=1) for part in (person, item, other))
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._half):
            against = (person @ other.T).float()
        logits = torch.cat([(person * item).sum(dim=1, keepdim=True), against], dim=1) / self.plan.temperature
        return (torch.logsumexp(logits, dim=1) - logits[:, 0]).mean()
