"""RP3beta: where a random walk of three steps from a history arrives, popular ends held back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.table_options import TableOptions
from recommender.learners.tables import item_blocks, people_by_items, publish_rows, strongest_of_rows
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Rp3betaOptions(TableOptions):
    """Options of RP3beta."""

    alpha: float = field(
        default=0.8,
        metadata={
            "help": "Power of each step's probability; below 1 the walk spreads.",
            "minimum": 0.0,
            "maximum": 3.0,
        },
    )
    beta: float = field(
        default=0.4,
        metadata={"help": "How far popular ends are held back: 0 not, 1 in full.", "minimum": 0.0, "maximum": 2.0},
    )


@learners.register("rp3beta")
class Rp3beta:
    """W_ij = Σ_v p(v|i)^α p(j|v)^α / n_j^β on the graph of people and items.

    Paudel et al. 2017, "Updatable, accurate, diverse, and scalable recommendations for interactive applications".
    """

    Options: ClassVar[type[Rp3betaOptions]] = Rp3betaOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[float]]] = {"beta": (0.0, 0.2, 0.4, 0.6, 0.8), "alpha": (0.6, 0.8, 1.0, 1.2)}
    tuning_order: ClassVar[int] = 25
    label = _("what walks through histories lead to")

    def __init__(self, options: Rp3betaOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: a block of rows and some copies of the log."""
        return 500_000_000 + 100 * interactions + 24 * items * self.options.neighbours

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return up to ``neighbours`` likeliest ends of the walk from each item."""
        from scipy.sparse import diags

        options = self.options
        progress(0.0)
        met = people_by_items(dataset)
        totals = np.maximum(np.asarray(met.sum(axis=1)).ravel(), 1e-12)
        weights = np.maximum(np.asarray(met.sum(axis=0)).ravel(), 1e-12)
        to_items = (diags(1.0 / totals) @ met).tocsr().power(options.alpha)
        to_people = (diags(1.0 / weights) @ met.T).tocsr().power(options.alpha)
        to_items = (to_items @ diags(weights**-options.beta)).tocsr().astype(np.float32)
        parts = []
        for block in item_blocks(to_people.shape[0], bytes_a_row=12 * to_people.shape[0]):
            table = np.asarray((to_people[block] @ to_items).todense(), dtype=np.float32)
            parts.append(strongest_of_rows(table, first=block.start, limit=options.neighbours))
            progress(block.stop / to_people.shape[0])
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)
