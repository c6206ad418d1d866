"""Learners that misbehave, named to the benchmark as ``module:Class``."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from recommender.learners import Progress, Publication, Scores, Vectors
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class NoOptions:
    seed: int = 0


class Plain:
    """Scores items by the order of their ids, the last first."""

    Options: ClassVar[type[NoOptions]] = NoOptions
    shape: ClassVar[str] = "scores"

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        progress(0.5)
        os.write(1, b"a library that prints\n")
        return Scores(item_ids=dataset.item_ids, scores=dataset.item_ids.astype(np.float64))


class Killed(Plain):
    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Raises(Plain):
    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        raise RuntimeError("the matrix is singular")


class Huge(Plain):
    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        return (items + profiles + interactions) * 2**30

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        raise AssertionError("started all the same")


class Swells(Plain):
    """Takes far more memory than it may."""

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        held = [np.ones(2**24) for _ in range(20)]
        time.sleep(60)
        raise AssertionError(len(held))


class Slow(Plain):
    """Reports progress for ever."""

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        while True:
            progress(0.1)
            time.sleep(0.01)


class Waits(Plain):
    """Says that it has begun, in the file that the environment names, and never ends."""

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        Path(os.environ["RECSITE_TEST_MARK"]).write_text(str(os.getpid()))
        time.sleep(600)
        raise AssertionError


class Rates(Plain):
    """Predicts the mean of an item's ratings: vectors (mean, 1) against (1, 0)."""

    predicts_ratings: ClassVar[bool] = True
    shape: ClassVar[str] = "vectors"

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        counts = np.bincount(dataset.items, minlength=len(dataset.item_ids))
        sums = np.bincount(dataset.items, weights=dataset.values, minlength=len(dataset.item_ids))
        means = np.where(counts > 0, sums / np.maximum(counts, 1), 3.0)
        matrix = np.stack([means, np.zeros_like(means)], axis=1).astype(np.float32)
        return Vectors(
            item_ids=dataset.item_ids, matrix=matrix, metric="inner_product", arrays={"mean": means.astype(np.float32)}
        )

    def encode_profiles(self, arrays: object, dataset: InteractionDataset) -> np.ndarray:
        return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(dataset.profile_ids), 1))
