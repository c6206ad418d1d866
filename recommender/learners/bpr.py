"""BPR: factors by pairwise ranking, hardened against small shifts of the factors where that is asked for."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Checkpoint, Progress, Shape, Vectors, learners
from recommender.learners.factor_vectors import cross_bridge, fit_bridge, publish_factors, publish_no_factors
from recommender.learners.pairwise import PairwiseFactors, PairwiseOptions, draw_pairs
from recommender.learners.tables import people_by_items
from recommender.training.dataset import InteractionDataset

_SAVES = 10
"""Checkpoints a training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BprOptions:
    """Options of BPR."""

    rank: int = field(default=64, metadata={"help": "Factors of each person and item.", "minimum": 1, "maximum": 1024})
    epochs: int = field(
        default=60, metadata={"help": "How often the training goes through the log.", "minimum": 1, "maximum": 2000}
    )
    step: float = field(default=0.05, metadata={"help": "Length of the steps (Adagrad).", "minimum": 1e-6})
    penalty: float = field(default=0.01, metadata={"help": "Penalty on large factors.", "minimum": 0.0})
    adversarial: float = field(
        default=0.0,
        metadata={"help": "Weight of the loss under adversarial shifts of the factors; 0: none.", "minimum": 0.0},
    )
    epsilon: float = field(default=0.5, metadata={"help": "Length of these shifts.", "minimum": 0.0})
    adversarial_from: float = field(
        default=0.5,
        metadata={"help": "Share of the epochs before the shifts begin.", "minimum": 0.0, "maximum": 1.0},
    )
    seed: int = field(default=0, metadata={"help": "Seed of what is left to chance.", "minimum": 0})


@learners.register("bpr")
class Bpr:
    """Minimises Σ −ln σ(p_u·q_i − p_u·q_j) over items i that u met and j that u did not, evenly drawn.

    Rendle et al. 2009, "BPR: Bayesian personalized ranking from implicit feedback"; with ``adversarial`` He, He, Du and
    Chua 2018, "Adversarial personalized ranking for recommendation". Factors are published, inner products rank.
    The factors of people are those that the learned ones lead to from their items, for whoever has such a history:
    these rank better than the learned, and nobody loses by a click what training gave them.
    """

    Options: ClassVar[type[BprOptions]] = BprOptions
    shape: ClassVar[Shape] = "vectors"
    resumable: ClassVar[bool] = True
    label = _("what suits your taste")

    def __init__(self, options: BprOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: factors and their squares, twice where they are saved, and copies of the log."""
        return 20 * (items + profiles) * self.options.rank + 150 * interactions + 300_000_000

    def train(
        self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
    ) -> Vectors:
        """Return the factors of the items that were met, and of the people who met any, by their histories."""
        options = self.options
        progress(0.0)
        met = people_by_items(dataset, binary=True)
        if not met.nnz:
            progress(1.0)
            return publish_no_factors(options.rank)
        factors, first = self._start(met.shape, checkpoint)
        save_every = max(1, options.epochs // _SAVES)
        for epoch in range(first, options.epochs):
            # An epoch's chance is its own, so that one taken up again is the one that broke off.
            pairs = draw_pairs(met, np.random.default_rng((options.seed, epoch)))
            hardened = epoch >= options.adversarial_from * options.epochs
            steps = PairwiseOptions(
                options.step, options.penalty, options.adversarial if hardened else 0.0, options.epsilon
            )
            for people, items, others in pairs:
                factors.take_step(people, items, others, options=steps)
            if checkpoint is not None and (epoch + 1) % save_every == 0:
                checkpoint.save({**factors.pack(), "epochs": np.array(epoch + 1)})
            progress(0.95 * (epoch + 1) / options.epochs)
        known = np.flatnonzero(np.asarray((met > 0).sum(axis=0)).ravel())
        arrays: dict[str, NDArray[Any]] = {
            "item_ids": dataset.item_ids[known],
            "items": factors.items[known],
            "bridge": fit_bridge(met, factors.items, factors.people),
        }
        encoded = self.encode_profiles(arrays, dataset)
        progress(1.0)
        return publish_factors(dataset, arrays, encoded)

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, rank): the factors that the learned ones lead to from each history; zeros without any."""
        return cross_bridge(arrays, dataset)

    def _start(self, shape: tuple[int, int], checkpoint: Checkpoint | None) -> tuple[PairwiseFactors, int]:
        saved = None if checkpoint is None else checkpoint.load()
        if saved is not None:
            return PairwiseFactors.unpack(saved), int(saved["epochs"])
        dice = np.random.default_rng(self.options.seed)
        people, items = ((0.1 * dice.standard_normal((count, self.options.rank), dtype=np.float32)) for count in shape)
        return PairwiseFactors(people, items), 0
