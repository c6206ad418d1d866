"""Decayed transitions: what follows an item within some steps, in one leap or in two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.successions import sum_successions
from recommender.learners.table_options import TableOptions
from recommender.learners.tables import item_blocks, publish_rows, strongest_of_rows
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionsOptions(TableOptions):
    """Options of decayed transitions."""

    lags: int = field(
        default=10, metadata={"help": "Steps that one transition may span.", "minimum": 1, "maximum": 200}
    )
    lag_decay: float = field(
        default=0.8, metadata={"help": "Weight of each further step.", "minimum": 0.0, "maximum": 1.0}
    )
    backward: float = field(
        default=0.3,
        metadata={
            "help": "Weight of the way back, from the later item to the earlier.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    source_exponent: float = field(
        default=0.5,
        metadata={"help": "How far items that lead to much are held back.", "minimum": 0.0, "maximum": 1.0},
    )
    target_exponent: float = field(
        default=0.2, metadata={"help": "How far popular targets are held back.", "minimum": 0.0, "maximum": 1.0}
    )
    window: int = field(
        default=20,
        metadata={
            "help": "Latest steps of a history that are read; 0: all that are read anyway, weighed by kind and time.",
            "minimum": 0,
            "maximum": 1000,
        },
    )
    half_life: float = field(
        default=1.5,
        metadata={"help": "Steps back after which a step counts half; 0: all in the window alike.", "minimum": 0.0},
    )


class _Transitions:
    """W = D_r^-α (C + backward · Cᵀ) D_c^-β: C_ij = Σ lag_decay^(lag - 1) over pairs of a history.

    D_r and D_c are the sums of rows and columns. A Markov chain of the first order (Rendle et al. 2010, "Factorizing
    personalized Markov chains") with longer leaps, its rows between counts (α = 0) and probabilities (α = 1).
    """

    Options: ClassVar[type[TransitionsOptions]] = TransitionsOptions
    shape: ClassVar[Shape] = "neighbours"
    needs_order: ClassVar[bool] = True
    leaps: ClassVar[int] = 1

    def __init__(self, options: TransitionsOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: the counts of pairs, and a block of rows."""
        pairs = min(items * items, 2 * interactions * self.options.lags)
        return 500_000_000 + 100 * interactions + 30 * pairs * self.leaps

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return up to ``neighbours`` strongest targets of each item."""
        from scipy.sparse import csr_matrix, diags

        options = self.options
        steps = make_steps(dataset)
        items = len(dataset.item_ids)
        progress(0.0)
        counts = csr_matrix(sum_successions(steps, items=items, decay=options.lag_decay, lags=options.lags))
        table = (counts + options.backward * counts.T).tocsr()
        table.setdiag(0)
        table.eliminate_zeros()
        rows = np.maximum(np.asarray(table.sum(axis=1)).ravel(), 1e-9)
        columns = np.maximum(np.asarray(table.sum(axis=0)).ravel(), 1e-9)
        if self.leaps == 1:
            left = (diags(rows**-options.source_exponent) @ table @ diags(columns**-options.target_exponent)).tocsr()
            right = None
        else:
            left = right = (diags(rows**-0.5) @ table @ diags(columns**-0.5)).tocsr()
        progress(0.3)
        parts = []
        for block in item_blocks(items, bytes_a_row=8 * items):
            leap = left[block] if right is None else left[block] @ right
            parts.append(
                strongest_of_rows(
                    np.asarray(leap.todense(), dtype=np.float32), first=block.start, limit=options.neighbours
                )
            )
            progress(0.3 + 0.7 * block.stop / items)
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)


@learners.register("transitions")
class DecayedTransitions(_Transitions):
    """What follows an item in one leap; see the weights of the table there."""

    label = _("what follows")
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "half_life": (0.7, 1.0, 1.5, 2.5, 5.0),
        "source_exponent": (0.3, 0.5, 0.8),
        "target_exponent": (0.0, 0.2, 0.4),
        "backward": (0.0, 0.3, 1.0),
        "lags": (3, 10, 30),
    }
    tuning_order: ClassVar[int] = 6


@learners.register("two_leaps")
class TwoLeaps(_Transitions):
    """What follows in two leaps: reaches items that never met, which is worth most where histories are short."""

    label = _("what follows in two leaps")
    leaps: ClassVar[int] = 2
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {"half_life": (0.7, 1.5, 3.0)}
    tuning_order: ClassVar[int] = 12
