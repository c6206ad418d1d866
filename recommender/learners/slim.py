"""SLIM: a sparse table that rebuilds histories, all of its columns at once."""

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

_START_ROUNDS = 3
"""What comes before the second round takes as long as so many of the others: the inverse and a product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlimOptions(TableOptions):
    """Options of SLIM."""

    penalty: float = field(default=200.0, metadata={"help": "Ridge penalty.", "minimum": 1e-6})
    sparsity: float = field(
        default=5.0, metadata={"help": "Lasso penalty: the larger, the fewer neighbours.", "minimum": 0.0}
    )
    non_negative: bool = field(default=True, metadata={"help": "Whether weights below 0 are ruled out."})
    rounds: int = field(default=20, metadata={"help": "Rounds of the solver.", "minimum": 1, "maximum": 500})


@learners.register("slim")
class Slim:
    """Minimises ½‖X − XB‖² + penalty/2 ‖B‖² + sparsity ‖B‖₁, diagonal zero, by the method of multipliers.

    Ning and Karypis 2011, "SLIM: Sparse linear methods for top-n recommender systems"; solved for all columns at
    once with one inverse and a matrix product a round, after Steck, Dimakopoulou, Riabov and Jebara 2020, "ADMM SLIM".
    """

    Options: ClassVar[type[SlimOptions]] = SlimOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[float]]] = {"sparsity": (1.0, 5.0, 20.0), "penalty": (50.0, 200.0, 800.0)}
    tuning_order: ClassVar[int] = 40
    label = _("what completes a history, few neighbours")

    def __init__(self, options: SlimOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: six matrices of items by items."""
        return 6 * (8 if items <= 5000 else 4) * items * items + 60 * interactions + 300_000_000

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return the weights other than 0, up to ``neighbours`` an item."""
        progress(0.0)
        gram = gram_matrix(people_by_items(dataset))
        met = np.flatnonzero(np.diagonal(gram) > 0)
        table = self._solve(gram[np.ix_(met, met)], progress=progress)
        parts = []
        for block in item_blocks(len(met), bytes_a_row=8 * len(met)):
            rows = strongest_of_rows(table[block], first=block.start, limit=self.options.neighbours)
            parts.append((met[rows[0]], met[rows[1]], rows[2]))
        progress(1.0)
        return publish_rows(dataset, [parts], readings=self.options.readings)

    def _solve(self, gram: NDArray[np.floating], *, progress: Progress) -> NDArray[np.floating]:
        options = self.options
        # The multiplier's weight: of the size of the penalty it settles in some tens of rounds.
        rho = max(options.penalty, 1.0)
        inverse = invert_gram(gram.copy(), penalties=np.full(len(gram), options.penalty + rho))
        diagonal = np.diagonal(inverse).copy()
        fit = inverse @ gram
        sparse = np.zeros_like(gram)
        dual = np.zeros_like(gram)
        for done in range(options.rounds):
            dense = fit + inverse @ (rho * sparse - dual)
            dense -= inverse * (np.diagonal(dense) / diagonal)
            sparse = dense + dual / rho
            magnitude = np.maximum(np.abs(sparse) - options.sparsity / rho, 0.0)
            sparse = np.where(sparse > 0, magnitude, 0.0 if options.non_negative else -magnitude)
            dual += rho * (dense - sparse)
            progress((done + _START_ROUNDS) / (options.rounds + _START_ROUNDS))
        return sparse
