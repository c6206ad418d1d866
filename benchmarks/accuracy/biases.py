"""The least that a prediction of ratings must beat: the mean, plus what a person and an item are off by."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recommender.learners import Arrays, Progress, Shape, Vectors
from recommender.learners.rating_model.rated_rows import RatedRows, find_ratings
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class BiasesOptions:
    """Ridge penalties of the two biases: those of Koren 2010 ("Factor in the neighbors"), section 2.1."""

    person_penalty: float = field(default=10.0, metadata={"minimum": 0.0})
    item_penalty: float = field(default=25.0, metadata={"minimum": 0.0})


class Biases:
    """Predicts mean + b_u + b_i, the item's first: a learner that only benchmarks know."""

    Options: ClassVar[type[BiasesOptions]] = BiasesOptions
    shape: ClassVar[Shape] = "vectors"
    predicts_ratings: ClassVar[bool] = True

    def __init__(self, options: BiasesOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Vectors:
        """Return vectors [b_i, 1] of items; those of people, [1, mean + b_u], come of ``encode_profiles``."""
        ratings = find_ratings(dataset)
        mean = float(ratings.values.mean()) if len(ratings) else 0.0
        counts = np.bincount(ratings.items, minlength=len(dataset.item_ids))
        sums = np.bincount(ratings.items, ratings.values - mean, len(dataset.item_ids))
        biases = sums / np.maximum(self.options.item_penalty + counts, 1e-9)
        progress(1.0)
        return Vectors(
            item_ids=dataset.item_ids,
            matrix=np.column_stack([biases, np.ones(len(biases))]).astype(np.float32),
            metric="inner_product",
            arrays={"mean": np.array([mean]), "biases": biases},
        )

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return [1, mean + b_u] (P, 2); the items of ``dataset`` are those trained on."""
        ratings: RatedRows = find_ratings(dataset)
        people = len(dataset.profile_ids)
        rest = ratings.values - arrays["mean"][0] - arrays["biases"][ratings.items]
        counts = np.bincount(ratings.profiles, minlength=people)
        biases = np.bincount(ratings.profiles, rest, people) / np.maximum(self.options.person_penalty + counts, 1e-9)
        return np.column_stack([np.ones(people), arrays["mean"][0] + biases]).astype(np.float32)
