"""A learner for the long tail: what few have met comes first."""

from dataclasses import dataclass, field

import numpy as np

from recommender.learners import Progress, Scores, learners
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class LongTailOptions:
    """How fast an item leaves the long tail."""

    patience: float = field(default=1.0, metadata={"help": "Interactions that halve the score.", "minimum": 0.1})


@learners.register("long_tail")
class LongTailLearner:
    """Scores fall with the number of interactions."""

    Options = LongTailOptions
    shape = "scores"
    label = "the long tail"

    def __init__(self, options: LongTailOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Scores:
        """Score each item of the catalog by 1 / (1 + count / patience)."""
        counts = np.bincount(dataset.items, minlength=len(dataset.item_ids))
        progress(1.0)
        return Scores(item_ids=dataset.item_ids, scores=1.0 / (1.0 + counts / self.options.patience))
