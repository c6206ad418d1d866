"""The training loop: batch after batch until the time or the epochs are used up."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recommender.networks.sequence.batches import Batch, make_batch, plan_epoch
from recommender.networks.sequence.losses import ItemSample, measure_cross_entropy
from recommender.networks.sequence.model import SequenceNetwork, make_network
from recommender.networks.sequence.optimiser import make_optimiser, pack_optimiser, restore_optimiser
from recommender.networks.sequence.pieces import Dropout
from recommender.networks.sequence.plan import NetworkLayout, TrainingPlan
from recommender.networks.sequence.schedule import Schedule

Arrays = Mapping[str, NDArray[Any]]

REPORT_SECONDS = 1.0
SAVE_SECONDS = 30.0
"""Within an epoch, the state is offered so often; and after each epoch."""

_COUNTERS = "counters"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trained network; ``epochs`` are passes over the data, ``loss`` the mean of the last steps or so."""

    network: SequenceNetwork
    epochs: float
    steps: int
    loss: float
    seconds: float


class SequenceTrainer:
    """Trains a network on histories ``items[offsets[p]:offsets[p + 1]]``, items 0 … V - 1, oldest first.

    ``start`` (V, width) are item vectors to begin from. A trainer that restored what another packed goes on to the
    same network, bit by bit on a CPU where ``plan.epochs`` end the training.
    """

    def __init__(
        self,
        items: NDArray[np.int64],
        offsets: NDArray[np.int64],
        *,
        count: int,
        layout: NetworkLayout,
        plan: TrainingPlan,
        device: torch.device,
        number_type: torch.dtype,
        start: NDArray[np.float32] | None = None,
        used: float = 0.0,
    ) -> None:
        self._flat, self._offsets = items, offsets
        self._plan, self._device, self._type = plan, device, number_type
        self.network = make_network(count, layout, seed=plan.seed)
        if start is not None:
            with torch.no_grad():
                self.network.embedding.copy_(torch.tensor(start))
        self.network.to(device)
        self._optimiser = make_optimiser(self.network, rate=plan.rate, decay=plan.decay)
        self._dropout = Dropout(plan.seed, numbers=plan.tokens * layout.hidden * layout.width)
        self._sample: ItemSample | None = None
        if plan.loss == "sampled":
            self._sample = ItemSample(np.bincount(items, minlength=count), negatives=plan.negatives)
        self._schedule = Schedule(plan, used=used)
        self._done = self._epoch = self._batch = 0
        self._batches = 1
        self._loss = torch.zeros((), device=device)

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return all that ``restore`` needs; the arrays are those of the training, to be written before it goes on."""
        counters = [self._done, self._epoch, self._batch, self._schedule.share, self._schedule.used, self._loss.item()]
        return {
            _COUNTERS: np.array(counters, dtype=np.float64),
            **{f"network.{name}": array for name, array in self.network.pack().items()},
            **pack_optimiser(self._optimiser, self.network),
        }

    def restore(self, arrays: Arrays) -> None:
        """Go on from what ``pack`` returned."""
        start = "network."
        self.network.restore({name.removeprefix(start): array for name, array in arrays.items()})
        done, epoch, batch, share, used, loss = arrays[_COUNTERS].tolist()
        self._done, self._epoch, self._batch = int(done), int(epoch), int(batch)
        restore_optimiser(self._optimiser, self.network, arrays, steps=self._done)
        self._schedule = Schedule(self._plan, used=used)
        self._schedule.share = share
        self._loss = torch.tensor(loss, dtype=torch.float32, device=self._device)

    def run(
        self, *, progress: Callable[[float], None], save: Callable[[dict[str, NDArray[Any]]], None] | None = None
    ) -> Outcome:
        """Train to the end; ``progress`` hears of the share that is done, ``save`` gets the state now and then."""
        told = saved = time.monotonic()
        schedule = self._schedule
        while self._epoch < schedule.epochs and schedule.share < 1:
            batches = plan_epoch(
                self._offsets,
                length=self.network.layout.length,
                tokens=self._plan.tokens,
                seed=self._plan.seed,
                epoch=self._epoch,
            )
            self._batches = len(batches)
            while self._batch < len(batches) and schedule.share < 1:
                self._step(make_batch(self._flat, batches[self._batch]))
                self._batch += 1
                schedule.note_step(left=(schedule.epochs - self._epoch) * len(batches) - self._batch)
                now = time.monotonic()
                if now - told > REPORT_SECONDS:
                    told = now
                    progress(schedule.share)
                if save is not None and now - saved > SAVE_SECONDS:
                    saved = now
                    save(self.pack())
            if self._batch >= len(batches):
                self._epoch, self._batch = self._epoch + 1, 0
            progress(schedule.share)
            if save is not None:
                save(self.pack())
        reached = self._epoch + self._batch / self._batches
        return Outcome(self.network.eval(), reached, self._done, float(self._loss), schedule.used)

    def _step(self, batch: Batch) -> None:
        """Take one step against the gradient of one batch."""
        plan, network, optimiser = self._plan, self.network, self._optimiser
        for group in optimiser.param_groups:
            group["lr"] = self._schedule.rate
        self._dropout.start_step(self._done)
        table = network.embedding.to(self._type)
        h = network(self._move(batch.items), table, self._dropout, (plan.item_dropout, plan.dropout))
        loss = self._measure_loss(h.flatten(0, 1)[self._move(batch.places)], table, batch.targets)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        self._loss = loss.detach() if not self._done else self._loss.lerp(loss.detach(), 0.02)
        self._done += 1

    def _measure_loss(self, h: Tensor, table: Tensor, targets: NDArray[np.int64]) -> Tensor:
        bias = self.network.bias
        if self._sample is None:
            return measure_cross_entropy(h, table, bias, self._move(targets))
        random = np.random.default_rng((self._plan.seed, 4, self._done))
        items, places, shift = self._sample.draw(targets, random)
        drawn, moved = self._move(items), self._move(shift)
        return measure_cross_entropy(h, table[drawn], bias[drawn] + moved, self._move(places), shift=moved)

    def _move(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)
