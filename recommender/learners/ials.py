"""iALS: factors of people and items by alternating least squares, what was not met counting a little against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.als_solves import solve_rows
from recommender.learners.base import Arrays, Checkpoint, Progress, Shape, Vectors, learners
from recommender.learners.factor_vectors import match_items, publish_factors, publish_no_factors
from recommender.learners.tables import people_by_items
from recommender.learners.values import VALUE_WEIGHT, ValueScale, find_scale, weigh_values
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class IalsOptions:
    """Options of iALS."""

    rank: int = field(default=64, metadata={"help": "Factors of each person and item.", "minimum": 1, "maximum": 1024})
    rounds: int = field(default=12, metadata={"help": "Rounds over people and items.", "minimum": 1, "maximum": 200})
    unobserved_mass: float = field(
        default=250.0,
        metadata={
            "help": "Weight of all that a person, or an item, has not met together, beside 1 for each that was met.",
            "minimum": 0.01,
            "maximum": 1e6,
        },
    )
    penalty: float = field(
        default=0.02, metadata={"help": "Ridge penalty, times how much is known of each row.", "minimum": 1e-8}
    )
    penalty_exponent: float = field(
        default=1.0,
        metadata={
            "help": "How far the penalty follows what is known: 0 the same for all, 1 in proportion.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    value_weight: float = field(default=0.0, metadata=VALUE_WEIGHT)
    seed: int = field(default=0, metadata={"help": "Seed of the first factors.", "minimum": 0})


@learners.register("ials")
class Ials:
    """Minimises Σ_met s (w_u·h_i − 1)² + α Σ_all (w_u·h_i)² + λ (Σ_u r_u |w_u|² + Σ_i r_i |h_i|²).

    r_u = (n_u + α I)^ν, r_i = (n_i + α P)^ν; s is the strength of what was met, α = ``unobserved_mass`` / √(P I): what
    is best depends little on the size of the catalogue then, and on how much of a log is learned from.
    Hu, Koren and Volinsky 2008 with the penalties of Rendle, Krichene, Zhang and Koren 2021, "Revisiting the
    performance of iALS", equations 2 to 4. Published are the factors, the inner product ranks; a new person's are the
    same least squares, with items held fast.
    """

    Options: ClassVar[type[IalsOptions]] = IalsOptions
    shape: ClassVar[Shape] = "vectors"
    resumable: ClassVar[bool] = True
    label = _("what suits your taste")
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "unobserved_mass": (60.0, 120.0, 180.0, 250.0, 350.0, 500.0, 1000.0),
        "penalty": (0.005, 0.01, 0.014, 0.02, 0.028, 0.04),
        "value_weight": (0.0, 0.3),
        "rank": (32, 64, 128, 256),
    }
    tuning_order: ClassVar[int] = 45

    def __init__(self, options: IalsOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: factors twice, some copies of the log, a batch of systems."""
        return 16 * (items + profiles) * self.options.rank + 100 * interactions + 600_000_000

    def train(
        self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
    ) -> Vectors:
        """Return the factors of the items that were met, and of the people who met any."""
        options = self.options
        progress(0.0)
        scale = find_scale(dataset)
        met = self._weigh(dataset, scale)
        if not met.nnz:
            progress(1.0)
            return publish_no_factors(options.rank)
        by_item = met.T.tocsr()
        sides = int((np.diff(met.indptr) > 0).sum()), int((np.diff(by_item.indptr) > 0).sum())
        unobserved = options.unobserved_mass / float(np.sqrt(sides[0] * sides[1]))
        dice = np.random.default_rng(options.seed)
        items = dice.normal(0.0, 0.1 / np.sqrt(options.rank), (met.shape[1], options.rank)).astype(np.float32)
        items[np.diff(by_item.indptr) == 0] = 0.0
        first = 0
        saved = None if checkpoint is None else checkpoint.load()
        if saved is not None:
            items, first = saved["items"], int(saved["rounds"])
        for done in range(first + 1, options.rounds + 1):
            people = self._solve(met, items, items, unobserved=unobserved)
            items = self._solve(by_item, people, people, unobserved=unobserved)
            if checkpoint is not None:
                checkpoint.save({"items": items, "rounds": np.array(done)})
            progress(0.95 * done / options.rounds)
        known = np.flatnonzero(np.diff(by_item.indptr))
        arrays: dict[str, NDArray[Any]] = {
            "item_ids": dataset.item_ids[known],
            "items": items[known],
            "unobserved": np.array(unobserved),
            "value_scale": np.array(scale),
        }
        people = self.encode_profiles(arrays, dataset)
        progress(1.0)
        return publish_factors(dataset, arrays, people)

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, rank): the least squares of each history against the items' factors; zeros without any."""
        weighed = self._weigh(dataset, ValueScale(*arrays["value_scale"].tolist()))
        met, items = match_items(weighed, arrays, dataset)
        return self._solve(met, items, arrays["items"], unobserved=float(arrays["unobserved"]))

    def _weigh(self, dataset: InteractionDataset, scale: ValueScale) -> Any:
        return people_by_items(weigh_values(dataset, weight=self.options.value_weight, scale=scale))

    def _solve(
        self, rows: Any, factors: NDArray[np.float32], everything: NDArray[np.float32], *, unobserved: float
    ) -> NDArray[np.float32]:
        """Return the factors of ``rows`` given those of their columns, and ``everything`` on the other side."""
        options = self.options
        gram = np.float32(unobserved) * (everything.T @ everything)
        counts = np.diff(rows.indptr) + unobserved * int(everything.any(axis=1).sum())
        return solve_rows(rows, factors, gram=gram, penalties=options.penalty * counts**options.penalty_exponent)
