"""A network that reads a history in order and says what is next."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Checkpoint, Progress, Shape, Vectors, learners
from recommender.learners.known_steps import KnownSteps, find_known_steps
from recommender.learners.warm_start import make_start
from recommender.training.dataset import InteractionDataset

_logger = logging.getLogger(__name__)

_TRAINED_SHARE = 0.95
_ITEM_IDS, _EMBEDDING, _BIAS, _BIAS_UNIT = "item_ids", "embedding", "bias", "bias_unit"
_UNIT = 10.0
"""What the biases of items are divided by, and so the last number of each query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNetworkOptions:
    """Options of the sequence network; what is left open follows from the data."""

    block: Literal["mixer+attention", "attention", "hstu", "gru"] = field(
        default="mixer+attention", metadata={"help": "What the layers are made of; two kinds take turns."}
    )
    layers: int = field(default=2, metadata={"help": "Layers of the network.", "minimum": 1, "maximum": 16})
    width: int = field(
        default=128, metadata={"help": "Numbers of a vector, but for one more.", "minimum": 8, "maximum": 1024}
    )
    length: int = field(
        default=0,
        metadata={"help": "Latest steps of a history that are read; 0: by the data.", "minimum": 0, "maximum": 1000},
    )
    dropout: float | None = field(
        default=None,
        metadata={"help": "Share dropped while training; not set: by the data.", "minimum": 0.0, "maximum": 0.9},
    )
    loss: Literal["auto", "full", "sampled"] = field(
        default="auto",
        metadata={"help": "Compare with all items or with a sample; auto: a sample above 25,000 items."},
    )
    seconds: float = field(
        default=600.0, metadata={"help": "Time to train, in seconds, unless epochs are set.", "minimum": 1.0}
    )
    epochs: int = field(
        default=0,
        metadata={
            "help": "Passes over the data, whatever time they take, so that a result can be had again; "
            "0: as many as the time allows.",
            "minimum": 0,
            "maximum": 1000,
        },
    )
    text_weight: float = field(
        default=0.7,
        metadata={"help": "How much of where items begin is what they say, beside who meets them.", "minimum": 0.0},
    )
    seed: int = field(default=0, metadata={"help": "Seed of what is left to chance.", "minimum": 0})


@learners.register("sequence_network")
class SequenceNetwork:
    """A causal network over the latest steps, trained to name each next one (``recommender.networks.sequence``).

    Items are published as [e_i, b_i / s] and people as [h_u, s], h_u being what the network makes of their history:
    the inner product is the logit of the item's being next, but for a constant. Items that nobody has met are not
    published, and nothing is where no history has two steps.
    """

    Options: ClassVar[type[SequenceNetworkOptions]] = SequenceNetworkOptions
    shape: ClassVar[Shape] = "vectors"
    wants_content: ClassVar[bool] = True
    needs_order: ClassVar[bool] = True
    resumable: ClassVar[bool] = True
    seconds_option: ClassVar[str] = "seconds"
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {}
    tuning_order: ClassVar[int] = 1
    label = _("what is likely to come next")

    def __init__(self, options: SequenceNetworkOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: the larger of the warm start's pairs and of weights, moments and a batch."""
        options = self.options
        rows = items * (options.width + 1) * 4
        pairs = min(20 * interactions, items * items) * 100
        tokens = 4096 * (60 * options.width + 6 * 128) * options.layers
        network = 8 * rows + tokens + 64 * 4 * options.layers * options.width**2
        return max(pairs + 4 * rows, network) + profiles * (options.width + 1) * 8 + 150 * interactions + 600_000_000

    def train(
        self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
    ) -> Vectors:
        """Return the vectors of all items that somebody has met, and of all people who have met one.

        Raises:
            ModuleNotFoundError: torch is not installed.
        """
        begun = time.perf_counter()
        progress(0.0)
        steps = find_known_steps(dataset)
        sizes = np.diff(steps.offsets)
        if not (sizes > 1).any():
            _logger.info("no history has two steps: there is no order to learn")
            progress(1.0)
            return self._publish_nothing()
        from recommender.networks.devices import choose_device, choose_number_type
        from recommender.networks.sequence.plan import NetworkLayout, choose_length, plan_training
        from recommender.networks.sequence.training import SequenceTrainer

        options = self.options
        kinds: Any = options.block.split("+")
        layers = tuple(kinds[place % len(kinds)] for place in range(options.layers))
        count = len(steps.item_ids)
        plan = plan_training(
            sizes[sizes > 0],
            items=count,
            seconds=options.seconds,
            epochs=options.epochs,
            dropout=options.dropout,
            loss=options.loss,
            seed=options.seed,
        )
        saved = None if checkpoint is None else checkpoint.load()
        device = choose_device()
        trainer = SequenceTrainer(
            steps.items,
            steps.offsets,
            count=count,
            layout=NetworkLayout(layers, options.width, options.length or choose_length(sizes[sizes > 0])),
            plan=plan,
            device=device,
            number_type=choose_number_type(device),
            start=None if saved is not None else self._make_start(steps, dataset),
            used=time.perf_counter() - begun,
        )
        if saved is not None:
            trainer.restore(saved)
        outcome = trainer.run(
            progress=lambda share: progress(_TRAINED_SHARE * share),
            save=None if checkpoint is None else checkpoint.save,
        )
        arrays = {
            **outcome.network.pack(),
            _ITEM_IDS: steps.item_ids,
            _BIAS_UNIT: np.array([_UNIT], dtype=np.float32),
        }
        people = np.flatnonzero(sizes > 0)
        queries = self.encode_profiles(arrays, dataset)[people]
        publication = Vectors(
            item_ids=steps.item_ids,
            matrix=_lay_out_items(arrays, steps, queries),
            metric="inner_product",
            metrics={
                "loss": outcome.loss,
                "epochs": outcome.epochs,
                "steps": float(outcome.steps),
                "network_seconds": round(outcome.seconds, 3),
            },
            arrays=arrays,
            profile_ids=dataset.profile_ids[people],
            profile_matrix=queries,
        )
        progress(1.0)
        return publication

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, width + 1): what the network makes of each history; zeros without a step that it knows."""
        if _ITEM_IDS not in arrays:
            return np.zeros((len(dataset.profile_ids), self.options.width + 1), dtype=np.float32)
        from recommender.networks.devices import choose_device
        from recommender.networks.sequence.encoding import encode_histories
        from recommender.networks.sequence.model import unpack_network

        steps = find_known_steps(dataset, item_ids=arrays[_ITEM_IDS])
        vectors = encode_histories(unpack_network(arrays), steps.items, steps.offsets, device=choose_device())
        last = np.where(np.diff(steps.offsets) > 0, arrays[_BIAS_UNIT], np.float32(0.0))
        return np.column_stack([vectors, last])

    def _make_start(self, steps: KnownSteps, dataset: InteractionDataset) -> NDArray[np.float32]:
        options = self.options
        return make_start(
            steps.items,
            np.repeat(np.arange(len(steps.offsets) - 1), np.diff(steps.offsets)),
            count=len(steps.item_ids),
            width=options.width,
            content=None if dataset.content is None else dataset.content[steps.places],
            content_weight=options.text_weight,
            seed=options.seed,
        )

    def _publish_nothing(self) -> Vectors:
        empty = np.empty(0, dtype=np.int64)
        nothing = np.empty((0, self.options.width + 1), dtype=np.float32)
        return Vectors(empty, nothing, "inner_product", profile_ids=empty, profile_matrix=nothing)


def _lay_out_items(
    arrays: Mapping[str, NDArray[Any]], steps: KnownSteps, queries: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (V, width + 1): vectors, and biases by the unit, shifted so that a mean of rows makes a fair query, too.

    A constant on all biases changes no order. With the one taken here, biases weigh as much against likeness in the
    mean of a history's items, which is what is read until the network has seen the latest step, as they do in
    ``queries``, whose vectors are longer.
    """
    embedding, bias = arrays[_EMBEDDING], arrays[_BIAS]
    ratio = float(np.linalg.norm(embedding, axis=1)[steps.items].mean()) / max(
        float(np.linalg.norm(queries[:, :-1], axis=1).mean()), 1e-6
    )
    shift = ratio * _UNIT**2 - float(bias[steps.items].mean(dtype=np.float64))
    return np.column_stack([embedding, (bias + np.float32(shift)) / np.float32(_UNIT)])
