"""A learner that takes many small steps, and goes on from where a dead worker left it; a worker imports it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from recommender.learners import Checkpoint, Progress, Scores, Shape, learners
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class SlowOptions:
    """Options of the slow learner."""

    rounds: int = field(default=40, metadata={"help": "Steps to take."})
    seed: int = field(default=0, metadata={"help": "Seed of every draw."})


class Slow:
    """Halves what it has and adds a draw of each round's own: a step left out or taken twice changes every score."""

    Options: ClassVar[type[SlowOptions]] = SlowOptions
    shape: ClassVar[Shape] = "scores"
    resumable: ClassVar[bool] = True

    def __init__(self, options: SlowOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint) -> Scores:
        """Return the scores after all rounds, and how many of them were taken here."""
        saved = checkpoint.load()
        first = 0 if saved is None else int(saved["round"])
        scores = np.zeros(len(dataset.item_ids)) if saved is None else saved["scores"]
        for number in range(first, self.options.rounds):
            time.sleep(float(os.environ.get("SLOW_SECONDS", "0")))
            scores = scores / 2 + np.random.default_rng((self.options.seed, number)).random(len(scores))
            checkpoint.save({"round": np.array(number + 1), "scores": scores})
            progress((number + 1) / self.options.rounds)
        return Scores(dataset.item_ids, scores, metrics={"rounds_here": float(self.options.rounds - first)})


def register_slow() -> None:
    """Make the learner known, in a test or a worker."""
    if "slow" not in learners:
        learners.register("slow")(Slow)


if os.environ.get("SLOW_LEARNER"):
    register_slow()
