"""Two towers: items read by who they are and what they say, people by what they met."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Checkpoint, Progress, Shape, Vectors, learners
from recommender.learners.factor_vectors import find_places, publish_factors, publish_no_factors
from recommender.learners.pairwise import draw_pairs
from recommender.learners.spectrum import start_embeddings, weigh_edges
from recommender.learners.tables import people_by_items
from recommender.training.dataset import InteractionDataset

_KEPT = (
    "content_map",
    "person_bend.inner.weight",
    "person_bend.inner.bias",
    "person_bend.outer.weight",
    "person_bend.outer.bias",
)
"""Weights that it takes to read people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoTowerOptions:
    """Options of two towers."""

    rank: int = field(default=64, metadata={"help": "Numbers of a vector, but for one more.", "minimum": 2})
    hidden: int = field(default=128, metadata={"help": "Width of the towers' hidden layer.", "minimum": 1})
    length: int = field(
        default=100,
        metadata={"help": "Items of a history that are read at a time in training.", "minimum": 1, "maximum": 1000},
    )
    batch: int = field(
        default=1024,
        metadata={"help": "Pairs a step; what the others are after is what an item is told from.", "minimum": 2},
    )
    rate: float = field(default=0.003, metadata={"help": "Length of the steps (AdamW).", "minimum": 1e-6})
    decay: float = field(default=0.01, metadata={"help": "Decay of weights.", "minimum": 0.0})
    sharpness: float = field(default=10.0, metadata={"help": "What scales cosines at first.", "minimum": 0.1})
    id_dropout: float = field(
        default=0.2,
        metadata={
            "help": "Share of items read by content alone in a step, so that new items have vectors as good.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    seconds: float = field(
        default=300.0, metadata={"help": "Time to train, in seconds, unless epochs are set.", "minimum": 1.0}
    )
    epochs: int = field(
        default=0,
        metadata={
            "help": "Passes over the data, whatever time they take, so that a result can be had again; "
            "0: as many as the time allows.",
            "minimum": 0,
            "maximum": 2000,
        },
    )
    seed: int = field(default=0, metadata={"help": "Seed of what is left to chance.", "minimum": 0})


@learners.register("two_tower")
class TwoTower:
    """An item is its own embedding plus a map of its content, a person the mean of their items; a layer bends both.

    After Covington, Adams and Sargin 2016 and Yi et al. 2019 (the loss: ``recommender.networks.two_tower``). Published
    are [s·v_i, b_i] of items and [u, 1] of people, so that inner products rank. Items that nobody has met yet have
    vectors by their content, where there is any; who met only such items is read by these.
    """

    Options: ClassVar[type[TwoTowerOptions]] = TwoTowerOptions
    shape: ClassVar[Shape] = "vectors"
    resumable: ClassVar[bool] = True
    wants_content: ClassVar[bool] = True
    seconds_option: ClassVar[str] = "seconds"
    label = _("what suits what you met, new things too")

    def __init__(self, options: TwoTowerOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: embeddings, moments and gradients, texts, a batch of histories, torch."""
        options = self.options
        batch = 16 * options.batch * (options.length * options.rank + options.batch)
        rows = 40 * items * options.rank + 4 * profiles * options.rank
        return rows + 12 * items * 768 + batch + 150 * interactions + 1_000_000_000

    def train(
        self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
    ) -> Vectors:
        """Return vectors of the items that were met or have content, and of the people who met any.

        Raises:
            ModuleNotFoundError: torch is not installed.
        """
        options = self.options
        progress(0.0)
        met = people_by_items(dataset, binary=True)
        if not met.nnz:
            progress(1.0)
            return publish_no_factors(options.rank + 1)
        from recommender.networks.devices import choose_device
        from recommender.networks.two_tower import TowerPlan, TowerTrainer

        is_met = np.bincount(met.indices, minlength=met.shape[1]) > 0
        content = _read_content(dataset)
        start = start_embeddings(weigh_edges(met), rank=options.rank, seed=options.seed)[len(dataset.profile_ids) :]
        saved = None if checkpoint is None else checkpoint.load()
        device = choose_device()
        trainer = TowerTrainer(
            met,
            start=np.where(is_met[:, None], start, np.float32(0.0)),
            content=content,
            plan=TowerPlan(
                hidden=options.hidden,
                sharpness=options.sharpness,
                id_dropout=options.id_dropout,
                rate=options.rate,
                decay=options.decay,
                length=options.length,
                epochs=options.epochs,
                seconds=options.seconds,
                seed=options.seed,
            ),
            device=device,
            half=device.type == "cuda",
        )
        if saved is not None:
            trainer.restore(saved)
        trainer.run(
            lambda epoch: draw_pairs(met, np.random.default_rng((options.seed, epoch)), size=options.batch),
            progress=lambda share: progress(0.95 * share),
            save=None if checkpoint is None else checkpoint.save,
        )
        weights = trainer.read()
        known = np.flatnonzero(is_met | content.any(axis=1))
        arrays: dict[str, NDArray[Any]] = {
            "item_ids": dataset.item_ids[known],
            "items": weights["vectors"][known],
            "inputs": weights["inputs"][known],
            **{name: weights[name] for name in _KEPT},
        }
        encoded = self.encode_profiles(arrays, dataset)
        progress(1.0)
        return publish_factors(dataset, arrays, encoded)

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, rank + 1): [u, 1], u what the tower makes of the mean of what was met; zeros without any.

        Items that came after the training are read by their content.
        """
        places = find_places(arrays["item_ids"], dataset.item_ids)
        inputs = np.zeros((len(dataset.item_ids), arrays["inputs"].shape[1]), dtype=np.float32)
        inputs[places >= 0] = arrays["inputs"][places[places >= 0]]
        readable = places >= 0
        content = _read_content(dataset)
        if content.shape[1] and content.shape[1] == len(arrays["content_map"]):
            new = ~readable & content.any(axis=1)
            inputs[new] = content[new] @ arrays["content_map"]
            readable |= new
        met = people_by_items(dataset, binary=True)[:, np.flatnonzero(readable)]
        counts = np.diff(met.indptr)
        means = np.asarray(met @ inputs[readable], dtype=np.float32) / np.maximum(counts, 1)[:, None]
        inner = np.maximum(means @ arrays["person_bend.inner.weight"].T + arrays["person_bend.inner.bias"], 0.0)
        bent = means + inner @ arrays["person_bend.outer.weight"].T + arrays["person_bend.outer.bias"]
        bent /= np.maximum(np.linalg.norm(bent, axis=1, keepdims=True), 1e-12)
        encoded = np.column_stack([bent, np.ones(len(bent))]).astype(np.float32)
        encoded[counts == 0] = 0.0
        return encoded


def _read_content(dataset: InteractionDataset) -> NDArray[np.float32]:
    """Return the content (I, c); no column where there is none."""
    if dataset.content is None:
        return np.zeros((len(dataset.item_ids), 0), dtype=np.float32)
    return np.ascontiguousarray(dataset.content, dtype=np.float32)
