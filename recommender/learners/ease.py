"""EASE: the item-to-item table that best rebuilds people's histories, in closed form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.gram import gram_matrix, invert_gram
from recommender.learners.table_options import TableOptions
from recommender.learners.tables import item_blocks, people_by_items, publish_rows, strongest_of_rows
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class EaseOptions(TableOptions):
    """Options of EASE."""

    penalty: float = field(
        default=300.0, metadata={"help": "Ridge penalty: the larger, the smoother.", "minimum": 1e-6}
    )
    popularity_share: float = field(
        default=0.0,
        metadata={
            "help": "How far the penalty follows an item's popularity: 0 the same for all, 1 in proportion.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )


@learners.register("ease")
class Ease:
    """Minimises ‖X − XB‖² + Σ penalty_i B_i² with a diagonal of zeros; X says who met what.

    With P = (XᵀX + Λ)⁻¹, B_ij = −P_ij / P_jj: Steck 2019, "Embarrassingly shallow autoencoders for sparse data",
    equation 8. Λ_ii = penalty · (n_i / mean n) ** popularity_share.
    """

    Options: ClassVar[type[EaseOptions]] = EaseOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[float]]] = {
        "penalty": (30.0, 100.0, 300.0, 1000.0, 3000.0),
        "popularity_share": (0.0, 0.3, 0.6),
    }
    tuning_order: ClassVar[int] = 20
    label = _("what completes a history")

    def __init__(self, options: EaseOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: the Gram matrix, its inverse and a block of rows."""
        return 10 * items * items + 60 * interactions + 400_000_000

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return the strongest ``neighbours`` weights of each row of B, in double precision up to 5,000 items."""
        options = self.options
        progress(0.0)
        gram = gram_matrix(people_by_items(dataset))
        met = np.flatnonzero(np.diagonal(gram) > 0)
        inverse = invert_gram(gram[np.ix_(met, met)], penalties=self._penalties(np.diagonal(gram)[met]))
        del gram
        progress(0.7)
        scale = -1.0 / np.diagonal(inverse)
        parts = []
        for block in item_blocks(len(met), bytes_a_row=8 * len(met)):
            rows = inverse[block] * scale
            sources, targets, weights = strongest_of_rows(rows, first=block.start, limit=options.neighbours)
            parts.append((met[sources], met[targets], weights))
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)

    def _penalties(self, counts: NDArray[np.floating]) -> NDArray[np.float64]:
        relative = counts / counts.mean() if len(counts) else counts
        return np.asarray(self.options.penalty * relative**self.options.popularity_share, dtype=np.float64)
