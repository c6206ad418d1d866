"""Passes over the data, so many or as long as the time allows, and what it takes to go on from one."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Batch = tuple[NDArray[np.int64], ...]


class Passes:
    """Counts passes and the time that they took; ``epochs`` 0: as many as go into ``seconds``."""

    def __init__(self, *, epochs: int, seconds: float) -> None:
        self._epochs, self._seconds = epochs, seconds
        self._done = 0
        self._used = 0.0

    def run(
        self,
        draw: Callable[[int], Iterator[Batch]],
        take_step: Callable[[int, Batch], None],
        *,
        rows: int,
        progress: Callable[[float], None],
        save: Callable[[], None],
    ) -> None:
        """Take a step for each batch that ``draw(pass)`` yields, ``rows`` a pass in all; ``save`` after each pass."""
        ended = False
        while not ended and (not self._epochs or self._done < self._epochs):
            begun, seen = time.perf_counter(), 0
            for batch in draw(self._done):
                take_step(self._done, batch)
                seen += len(batch[0])
                used = self._used + time.perf_counter() - begun
                share = (self._done + seen / rows) / self._epochs if self._epochs else used / self._seconds
                progress(min(1.0, share))
                ended = not self._epochs and used >= self._seconds
                if ended:
                    break
            self._used += time.perf_counter() - begun
            self._done += 1
            save()

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the counts as arrays."""
        return {"passes": np.array(self._done), "used": np.array(self._used)}

    def restore(self, arrays: Arrays) -> None:
        """Go on from what ``pack`` has put by."""
        self._done, self._used = int(arrays["passes"]), float(arrays["used"])


def pack_training(weights: Mapping[str, torch.Tensor], optimiser: torch.optim.Adam) -> dict[str, NDArray[Any]]:
    """Return weights, which are all that ``optimiser`` moves, with their moments as arrays."""
    arrays = {}
    for name, weight in weights.items():
        arrays[f"weight.{name}"] = weight.detach().cpu().numpy().copy()
        for key, value in optimiser.state.get(weight, {}).items():
            arrays[f"{key}.{name}"] = value.detach().cpu().numpy().copy()
    return arrays


def restore_training(weights: Mapping[str, torch.Tensor], optimiser: torch.optim.Adam, arrays: Arrays) -> None:
    """Put back what ``pack_training`` has put by."""
    for name, weight in weights.items():
        with torch.no_grad():
            weight.copy_(torch.from_numpy(arrays[f"weight.{name}"].copy()))
        state = {key: arrays[f"{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq") if f"{key}.{name}" in arrays}
        # Counts of steps stay on the CPU, where the optimiser keeps them.
        optimiser.state[weight] = {
            key: torch.from_numpy(value.copy()).to(weight.device if key != "step" else "cpu")
            for key, value in state.items()
        }
