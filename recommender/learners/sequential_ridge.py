"""Sequential ridge: the next item regressed, in closed form, on histories decayed at several timescales."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.ridge_systems import Projection, RidgeSystem, project_items
from recommender.learners.tables import DENSE_ITEMS, item_blocks, publish_rows, strongest_of_rows
from recommender.records import HistoryReading
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps

_logger = logging.getLogger(__name__)

SEVERAL_SCALES_ITEMS = 6_000
"""Up to so many items three timescales are the default; with more, the system grows too wide, and one is."""

_MOST_LAGS = 300
_WINDOW = 5
"""Half-lives that are read: what lies further back weighs less than 1/32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRidgeOptions:
    """Options of sequential ridge."""

    scales: int = field(
        default=0,
        metadata={"help": "Timescales side by side; 0: three up to 6,000 items, else one.", "minimum": 0, "maximum": 4},
    )
    half_life: float = field(
        default=0.0,
        metadata={
            "help": "Steps after which a step counts half, on the shortest timescale; 0: 0.7 of several, 2.5 of one.",
            "minimum": 0.0,
        },
    )
    ratio: float = field(
        default=6.0, metadata={"help": "How much longer each further timescale is.", "minimum": 1.5, "maximum": 100.0}
    )
    penalty: float = field(
        default=2.0,
        metadata={
            "help": "Ridge penalty on the shortest timescale, times the mean number of steps an item.",
            "minimum": 1e-6,
        },
    )
    penalty_growth: float = field(
        default=2.0, metadata={"help": "How much larger the penalty of each further timescale is.", "minimum": 0.1}
    )
    neighbours: int = field(
        default=500, metadata={"help": "Neighbours kept of each item and timescale.", "minimum": 1, "maximum": 5000}
    )
    rank: int = field(
        default=600,
        metadata={"help": "Directions that wide catalogues are projected on.", "minimum": 1, "maximum": 4000},
    )


@learners.register("sequential_ridge")
class SequentialRidge:
    """Minimises Σ_t ‖y_t − Σ_k W_kᵀ x_k,t−1‖² + Σ_k λ_k ‖W_k‖² over all steps t of all histories.

    y_t is the item of step t, x_k,t the history up to it, decayed at timescale k. Every step is a row, but none is
    ever made: with G = Σ x xᵀ, C = Σ x yᵀ from counts of pairs (``ridge_systems``), W = (G + Λ)⁻¹ C. W_k is a bank
    of neighbours read with half-life k. Beyond 20,000 items histories are projected on the leading directions of the
    transitions first.
    """

    Options: ClassVar[type[SequentialRidgeOptions]] = SequentialRidgeOptions
    shape: ClassVar[Shape] = "neighbours"
    label = _("what comes next")
    needs_order: ClassVar[bool] = True
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "penalty": (0.5, 1.0, 2.0, 4.0, 8.0),
        "half_life": (0.5, 0.7, 1.0, 1.5, 2.5, 4.0),
    }
    tuning_order: ClassVar[int] = 5

    def __init__(self, options: SequentialRidgeOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: the system, its factor, the right sides and their solution."""
        scales = self._choose_scales(items)
        width = scales * min(items, DENSE_ITEMS)
        if items > DENSE_ITEMS:
            rank = self.options.rank
            return 12 * items * rank * (scales + 1) + 400 * interactions + 1_000_000_000
        return 4 * width * width + 12 * width * items + 100 * interactions + 300_000_000

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return the strongest ``neighbours`` weights of each item at each timescale."""
        options = self.options
        steps = make_steps(dataset)
        items = len(dataset.item_ids)
        if not len(steps) or not bool((np.diff(steps.offsets) > 1).any()):
            progress(1.0)
            return publish_rows(dataset, [[]])
        half_lives = self._choose_half_lives(items)
        decays = [2.0 ** (-1.0 / half_life) for half_life in half_lives]
        mean_steps = len(steps) / len(np.unique(steps.items))
        penalties = [options.penalty * options.penalty_growth**scale * mean_steps for scale in range(len(half_lives))]
        progress(0.05)
        projection: Projection | None = None
        if items > DENSE_ITEMS:
            projection = project_items(steps, items=items, rank=options.rank)
            _logger.info("sequential ridge: %d items: in %d directions, not dense", items, projection.shape[1])
        system = RidgeSystem(steps, people=len(dataset.profile_ids), items=items, decays=decays, projection=projection)
        system.build(progress=lambda done: progress(0.05 + 0.5 * done), most_lags=_MOST_LAGS)
        system.solve(penalties)
        progress(0.9)
        banks: list[list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]] = []
        for scale in range(len(half_lives)):
            banks.append(
                [
                    strongest_of_rows(system.weights(scale, block), first=block.start, limit=options.neighbours)
                    for block in item_blocks(items, bytes_a_row=8 * items)
                ]
            )
        progress(1.0)
        readings = tuple(
            HistoryReading(half_life, int(min(1000, np.ceil(_WINDOW * half_life)))) for half_life in half_lives
        )
        return publish_rows(dataset, banks, readings=readings)

    def _choose_scales(self, items: int) -> int:
        return self.options.scales or (3 if items <= SEVERAL_SCALES_ITEMS else 1)

    def _choose_half_lives(self, items: int) -> list[float]:
        scales = self._choose_scales(items)
        shortest = self.options.half_life or (0.7 if scales > 1 else 2.5)
        return [shortest * self.options.ratio**scale for scale in range(scales)]
