"""Spectral filters: the item graph's leading directions kept, the others damped, as a table of items."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.spectral_filters import Filter, FilterName, make_filter
from recommender.learners.spectrum import find_all_directions, find_leading_directions, raise_degrees
from recommender.learners.table_options import TableOptions
from recommender.learners.tables import DENSE_ITEMS, item_blocks, people_by_items, publish_rows, strongest_of_rows
from recommender.learners.values import VALUE_WEIGHT, find_scale, weigh_values
from recommender.training.dataset import InteractionDataset

_logger = logging.getLogger(__name__)

EXACT_SIDE = 3_000
"""Up to so many people or items all directions are worked out, exactly; beyond, the leading ones."""

_LEAST_REST = 0.02
"""What is left of 1 - leverage at least: an item that rebuilds itself alone must not be divided by 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralOptions(TableOptions):
    """Options of spectral filters. The whole history counts alike, unless a reading is chosen."""

    window: int = field(default=1000, metadata=TableOptions.__dataclass_fields__["window"].metadata)
    user_power: float = field(
        default=0.35,
        metadata={
            "help": "How far people with long histories are held back: 0 not, 0.5 as by cosine.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    item_power: float = field(
        default=0.3,
        metadata={
            "help": "How far popular items are held back in the graph: 0 not, 0.5 as by cosine.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    query_power: float | None = field(
        default=None,
        metadata={
            "help": "How far popular items are held back in the history; empty: as in the graph.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    output_shift: float = field(
        default=0.0,
        metadata={
            "help": "Popularity given back to what is recommended, beyond what was taken from the history; "
            "below 0: less, so that rarer items come up.",
            "minimum": -1.0,
            "maximum": 1.0,
        },
    )
    filter: FilterName = field(
        default="ridge",
        metadata={"help": "What a direction of strength s is kept by: ridge s / (s + ridge), linear s."},
    )
    ridge: float = field(
        default=0.5,
        metadata={
            "help": "Ridge penalty, relative to the strongest direction: the larger, the smoother.",
            "minimum": 0,
        },
    )
    low_pass: float = field(
        default=0.0,
        metadata={"help": "Weight of an ideal low-pass on top: the leading directions kept whole.", "minimum": 0.0},
    )
    low_pass_rank: int = field(
        default=256, metadata={"help": "Directions that the low-pass keeps.", "minimum": 1, "maximum": 4000}
    )
    ease_scale: bool = field(
        default=False,
        metadata={"help": "Whether each target is scaled as by EASE, whose items never recommend themselves."},
    )
    value_weight: float = field(default=0.0, metadata=VALUE_WEIGHT)
    rank: int = field(
        default=500,
        metadata={"help": "Leading directions of large catalogues.", "minimum": 1, "maximum": 4000},
    )
    tail: bool = field(
        default=True,
        metadata={"help": "Whether the directions beyond are kept too, by a line fitted to the filter."},
    )
    seed: int = field(default=0, metadata={"help": "Seed of the search for directions.", "minimum": 0})


@learners.register("spectral")
class Spectral:
    """Scores x Q V f(l) Vᵀ O of a history x: a filter on the graph of items.

    R = D_u^−a X D_i^−b over its greatest singular value, RᵀR = V diag(l) Vᵀ, 0 < l ≤ 1; Q = D_i^−q, O = D_i^o.
    Ridge: f(l) = l / (l + ridge), the linear autoencoder with an l2 penalty; ``ease_scale`` divides each target by
    1 − its leverage (V f Vᵀ)_jj, which is Steck's EASE (2019) without its inverse. Linear with a low-pass is GF-CF
    (Shen et al. 2021, "How powerful is graph convolution for recommendation?").
    Where not all directions are worked out, the filter goes on behind them as the line c·l: one sparse product.
    """

    Options: ClassVar[type[SpectralOptions]] = SpectralOptions
    shape: ClassVar[Shape] = "neighbours"
    label = _("what goes with a history")
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "ridge": (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
        "ease_scale": (False, True),
        "user_power": (0.0, 0.2, 0.35, 0.5),
        "item_power": (0.0, 0.2, 0.3, 0.4, 0.5),
        "output_shift": (-0.2, -0.1, 0.0, 0.1),
        "value_weight": (0.0, 0.15, 0.3),
        "neighbours": (200, 500, 1000),
    }
    tuning_order: ClassVar[int] = 15

    def __init__(self, options: SpectralOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: the directions, a block of rows, and the table."""
        short = min(items, profiles)
        directions = short if _is_exact(profiles, items) else int(1.15 * min(self.options.rank, short)) + 10
        working = 24 * short * short if _is_exact(profiles, items) else 0
        table = 60 * items * min(self.options.neighbours, items)
        return working + 20 * items * directions + table + 100 * interactions + 1_200_000_000

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return the ``neighbours`` weights furthest from 0 of each item's row."""
        options = self.options
        progress(0.0)
        matrix = people_by_items(weigh_values(dataset, weight=options.value_weight, scale=find_scale(dataset)))
        degrees = np.asarray((matrix > 0).sum(axis=0)).ravel().astype(np.float64)
        parts = []
        if matrix.nnz:
            graph, strengths, vectors = self._analyse(matrix, degrees)
            progress(0.4)
            table = self._make_table(graph, strengths, vectors, degrees)
            for block in item_blocks(len(degrees), bytes_a_row=16 * len(degrees)):
                parts.append(strongest_of_rows(table.read_rows(block), first=block.start, limit=options.neighbours))
                progress(0.4 + 0.6 * block.stop / len(degrees))
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)

    def _analyse(
        self, matrix: Any, degrees: NDArray[np.float64]
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.float32]]:
        """Return R over its greatest singular value, the strengths l (k,), and V (I, k)."""
        from scipy.sparse import diags

        options = self.options
        lengths = np.asarray((matrix > 0).sum(axis=1)).ravel()
        rows, columns = raise_degrees(lengths, -options.user_power), raise_degrees(degrees, -options.item_power)
        graph = (diags(rows) @ matrix @ diags(columns)).tocsr().astype(np.float32)
        if _is_exact(*matrix.shape):
            singular, vectors = find_all_directions(graph)
        else:
            singular, vectors = find_leading_directions(graph, count=options.rank, seed=options.seed)
            _logger.info("spectral: %d x %d: the %d leading directions, not all", *matrix.shape, len(singular))
        graph.data /= singular[0]
        return graph, (singular.astype(np.float64) / float(singular[0])) ** 2, vectors

    def _make_table(
        self, graph: Any, strengths: NDArray[np.float64], vectors: NDArray[np.float32], degrees: NDArray[np.float64]
    ) -> "_Table":
        options = self.options
        kept = make_filter(
            strengths,
            complete=_is_exact(*graph.shape),
            name=options.filter,
            ridge=options.ridge,
            low_pass=options.low_pass,
            low_pass_rank=options.low_pass_rank,
            tail=options.tail,
        )
        query_power = options.item_power if options.query_power is None else options.query_power
        before = raise_degrees(degrees, -query_power)
        after = raise_degrees(degrees, query_power + options.output_shift)
        if options.ease_scale:
            leverage = (vectors**2) @ kept.gains + kept.slope * np.asarray(graph.multiply(graph).sum(axis=0)).ravel()
            after = (after / np.maximum(1.0 - leverage, _LEAST_REST)).astype(np.float32)
        # GF-CF weighs its linear part by no degrees.
        bare = options.filter == "linear"
        return _Table(graph, vectors, kept, before, after, bare_line=bare)


class _Table:
    """The rows of Q V f(l) Vᵀ O, a block at a time."""

    def __init__(
        self,
        graph: Any,
        vectors: NDArray[np.float32],
        kept: Filter,
        before: NDArray[np.float32],
        after: NDArray[np.float32],
        *,
        bare_line: bool,
    ) -> None:
        from scipy.sparse import diags

        self._left = vectors * kept.gains * before[:, None]
        self._right = np.ascontiguousarray(vectors.T) * after
        ones = np.ones_like(before)
        outer, inner = (ones, ones) if bare_line else (before, after)
        self._people = (graph @ diags(inner * np.float32(kept.slope))).tocsr() if kept.slope else None
        self._items = (diags(outer) @ graph.T).tocsr() if kept.slope else None

    def read_rows(self, block: slice) -> NDArray[np.float32]:
        """Return the rows (h, I) of the items ``block``."""
        rows = np.asarray(self._left[block] @ self._right, dtype=np.float32)
        if self._items is not None:
            rows += (self._items[block] @ self._people).toarray()
        return rows


def _is_exact(people: int, items: int) -> bool:
    return min(people, items) <= EXACT_SIDE and items <= DENSE_ITEMS
