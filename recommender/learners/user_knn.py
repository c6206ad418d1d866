"""User neighbours, folded into an item-to-item table so that any history can be read against it."""

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
class UserKnnOptions(TableOptions):
    """Options of user neighbours."""

    length_exponent: float = field(
        default=1.0,
        metadata={
            "help": "How far people with long histories are held back: 0 not, 1 in proportion.",
            "minimum": 0.0,
            "maximum": 2.0,
        },
    )
    popularity_exponent: float = field(
        default=0.4,
        metadata={
            "help": "How far popular items are held back, as evidence and as target.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )


@learners.register("user_knn")
class UserKnn:
    """Scores an item by the people who met it, each by likeness to the history: Σ_v sim(h, v) · x_vj.

    With sim(h, v) = Σ_i h_i x_vi / (n_i^β |v|^α) the sum is a table W = D⁻β Xᵀ diag(|v|^−α) X D⁻β, made once:
    the whole neighbourhood of Herlocker et al. 1999 instead of its nearest few, linear in the history h.
    """

    Options: ClassVar[type[UserKnnOptions]] = UserKnnOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[float]]] = {
        "popularity_exponent": (0.2, 0.4, 0.5, 0.6),
        "length_exponent": (0.5, 1.0, 1.3),
    }
    tuning_order: ClassVar[int] = 35
    label = _("what people like you met")

    def __init__(self, options: UserKnnOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: a block of rows and some copies of the log."""
        return 500_000_000 + 100 * interactions + 24 * items * self.options.neighbours

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return up to ``neighbours`` strongest entries of each row of W."""
        from scipy.sparse import diags

        options = self.options
        progress(0.0)
        met = people_by_items(dataset)
        lengths = np.maximum(np.asarray((met > 0).sum(axis=1)).ravel(), 1.0)
        people = np.maximum(np.asarray((met > 0).sum(axis=0)).ravel(), 1.0)
        back = diags(people**-options.popularity_exponent)
        right = (diags(lengths**-options.length_exponent) @ met @ back).tocsr().astype(np.float32)
        left = (back @ met.T).tocsr().astype(np.float32)
        parts = []
        for block in item_blocks(left.shape[0], bytes_a_row=12 * left.shape[0]):
            table = np.asarray((left[block] @ right).todense(), dtype=np.float32)
            parts.append(strongest_of_rows(table, first=block.start, limit=options.neighbours))
            progress(block.stop / left.shape[0])
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)
