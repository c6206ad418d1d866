"""Every choice that shapes a sequence network or its training, most of them drawn from the data."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BlockName = Literal["mixer", "attention", "hstu", "gru"]
LossName = Literal["full", "sampled"]

BLOCK_NAMES: tuple[BlockName, ...] = ("mixer", "attention", "hstu", "gru")
"""In the order that stored networks name them by."""

MOST_EPOCHS = 60
"""Where time is what ends a training: passes over the data after which more of them only learn it by heart."""

_SPARSE, _DENSE = 12.7, 289.0
"""Events an item of the two data sets that dropout and rate were set on (Amazon Beauty, MovieLens 1M)."""


@dataclass(frozen=True, slots=True)
class NetworkLayout:
    """What a network is made of: the kind of each layer, the width of vectors, the longest history that it reads."""

    layers: tuple[BlockName, ...]
    width: int
    length: int
    hidden: int = 2

    @property
    def heads(self) -> int:
        """Parts of some 32 numbers that attention is given by, a divisor of the width."""
        most = max(1, self.width // 32)
        return next(count for count in range(most, 0, -1) if self.width % count == 0)

    def pack(self) -> NDArray[np.int64]:
        """Return whole numbers that ``unpack_layout`` takes back."""
        return np.array([self.width, self.length, self.hidden, *map(BLOCK_NAMES.index, self.layers)], dtype=np.int64)


def unpack_layout(numbers: NDArray[np.int64]) -> NetworkLayout:
    """Return the layout that was packed."""
    width, length, hidden, *layers = numbers.tolist()
    return NetworkLayout(tuple(BLOCK_NAMES[place] for place in layers), width, length, hidden)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a network is trained.

    ``dropout`` is the share of what flows inside the blocks that is dropped, ``item_dropout`` that of the input.
    ``tokens`` are the positions of a batch, ``rate`` the highest learning rate, reached after the share ``warm_up``
    of the training. With ``epochs`` the training ends after so many, else when ``seconds`` are used up. ``negatives``
    are what the sampled loss draws for a batch.
    """

    dropout: float
    item_dropout: float
    loss: LossName
    tokens: int
    rate: float
    seconds: float
    epochs: int = 0
    negatives: int = 4096
    decay: float = 0.05
    warm_up: float = 0.03
    seed: int = 0


def choose_length(sizes: NDArray[np.int64]) -> int:
    """Return a length that holds nine histories of ten, from 48 to 128 items; ``sizes`` (P,) are the histories'."""
    reach = float(np.quantile(sizes, 0.9)) if len(sizes) else 16.0
    return int(np.clip(16 * math.ceil(reach / 16), 48, 128))


def plan_training(
    sizes: NDArray[np.int64],
    *,
    items: int,
    seconds: float,
    epochs: int,
    dropout: float | None,
    loss: Literal["auto", "full", "sampled"],
    seed: int,
) -> TrainingPlan:
    """Return the plan for histories of ``sizes`` (P,) over ``items``.

    The fewer events an item has, the more dropout and the gentler the rate, by the logarithm between the two data
    sets that they were set on. A catalogue of more than 25,000 items is trained on a sample of it for each batch.
    """
    events = float(sizes.sum()) / max(1, items)
    sparse = float(np.clip(math.log(_DENSE / max(events, 1.0)) / math.log(_DENSE / _SPARSE), 0.0, 1.25))
    if loss == "auto":
        loss = "full" if items <= 25_000 else "sampled"
    return TrainingPlan(
        dropout=0.2 + 0.1 * sparse if dropout is None else dropout,
        item_dropout=0.2 + 0.2 * sparse if dropout is None else dropout,
        loss=loss,
        tokens=4096 if sizes.sum() > 400_000 else int(np.clip(sizes.sum() // 32, 256, 2048)),
        rate=2e-3 * 0.5**sparse,
        seconds=seconds,
        epochs=epochs,
        seed=seed,
    )
