"""Content neighbours: items that say alike, as a table that a history is read against by steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.people import count_voices
from recommender.learners.table_options import TableOptions
from recommender.learners.tables import item_blocks, publish_rows, strongest_of_rows
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentNeighboursOptions(TableOptions):
    """Options of content neighbours."""

    neighbours: int = field(
        default=50, metadata={"help": "Neighbours kept of each item.", "minimum": 1, "maximum": 1000}
    )
    popularity_exponent: float = field(
        default=0.15,
        metadata={"help": "How far popular targets are preferred among like ones.", "minimum": 0.0, "maximum": 1.0},
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
        default=2.0,
        metadata={"help": "Steps back after which a step counts half; 0: all in the window alike.", "minimum": 0.0},
    )


@learners.register("content_neighbours")
class ContentNeighbours:
    """The items nearest by the cosine of their content vectors, centred, times (1 + n) ** popularity_exponent.

    Where the nearest to a mean of a history's vectors lie between its interests, sums of neighbours lie near each. An
    item without content has no neighbours and is none.
    """

    Options: ClassVar[type[ContentNeighboursOptions]] = ContentNeighboursOptions
    shape: ClassVar[Shape] = "neighbours"
    label = _("what is said alike")
    wants_content: ClassVar[bool] = True
    needs_content: ClassVar[bool] = True
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "half_life": (1.0, 2.0, 5.0),
        "popularity_exponent": (0.0, 0.15, 0.3),
    }
    tuning_order: ClassVar[int] = 8

    def __init__(self, options: ContentNeighboursOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: a block of rows, the lists kept, and copies of the content."""
        return 600_000_000 + 24 * items * self.options.neighbours + 12 * 1024 * items

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return the nearest ``neighbours`` of each item with content; none where the dataset has no content."""
        options = self.options
        progress(0.0)
        if dataset.content is None or not len(dataset.content):
            progress(1.0)
            return publish_rows(dataset, [[]], readings=options.readings)
        there = np.flatnonzero((dataset.content != 0).any(axis=1))
        vectors = dataset.content[there]
        vectors = vectors - vectors.mean(axis=0) if len(there) > 2 else vectors
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
        people = count_voices(dataset, (dataset.strengths > 0).astype(np.float64))
        lift = (1.0 + people[there]) ** options.popularity_exponent
        parts = []
        for block in item_blocks(len(there), bytes_a_row=16 * len(there)):
            likeness = np.maximum(vectors[block] @ vectors.T, 0.0) * lift.astype(np.float32)
            sources, targets, weights = strongest_of_rows(likeness, first=block.start, limit=options.neighbours)
            parts.append((there[sources], there[targets], weights))
            progress(block.stop / len(there))
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)
