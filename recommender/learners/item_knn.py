"""Item neighbours: items that the same people met, by one of four classic similarities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from django.utils.translation import gettext_lazy as _

from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.table_options import TableOptions
from recommender.learners.tables import item_blocks, people_by_items, publish_rows, strongest_of_rows
from recommender.training.dataset import InteractionDataset

Similarity = Literal["cosine", "jaccard", "tf_idf", "bm25"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKnnOptions(TableOptions):
    """Options of item neighbours."""

    similarity: Similarity = field(
        default="cosine",
        metadata={
            "help": "cosine; jaccard: shared people over all people; tf_idf, bm25: people with long histories say less."
        },
    )
    shrinkage: float = field(
        default=10.0, metadata={"help": "Distrust of items that few people share.", "minimum": 0.0}
    )


@learners.register("item_knn")
class ItemKnn:
    """The ``neighbours`` most similar items of each: shrunk by n / (n + shrinkage) with n people in common.

    Sarwar et al. 2001, "Item-based collaborative filtering recommendation algorithms"; shrinkage as Bell and Koren
    2007. A person's weight with tf_idf is log(I / items met); with bm25 (k1 = 1.2, b = 0.75) the roles of document
    and term are an item and a person, as Robertson and Zaragoza 2009 have it.
    """

    Options: ClassVar[type[ItemKnnOptions]] = ItemKnnOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "similarity": ("cosine", "tf_idf", "bm25"),
        "shrinkage": (0.0, 10.0, 50.0),
    }
    tuning_order: ClassVar[int] = 30
    label = _("what the same people met")

    def __init__(self, options: ItemKnnOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: two blocks of rows and some copies of the log."""
        return 700_000_000 + 100 * interactions + 24 * items * self.options.neighbours

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return up to ``neighbours`` similar items of each, most similar first."""
        options = self.options
        progress(0.0)
        met = people_by_items(dataset, binary=True)
        weighed = people_by_items(dataset) if options.similarity == "cosine" else _weigh(met, options.similarity)
        items, counts = weighed.T.tocsr(), met.T.tocsr()
        lengths = np.sqrt(np.asarray(items.multiply(items).sum(axis=1)).ravel())
        people = np.diff(counts.indptr).astype(np.float64)
        parts = []
        for block in item_blocks(items.shape[0], bytes_a_row=12 * items.shape[0]):
            # Both products have their entries at the same places, in the same order, as their factors have.
            shared, table = counts[block] @ met, items[block] @ weighed
            rows = np.repeat(np.arange(block.start, block.stop), np.diff(table.indptr))
            if options.similarity == "jaccard":
                table.data = shared.data / (people[rows] + people[table.indices] - shared.data)
            else:
                table.data /= np.maximum(lengths[rows] * lengths[table.indices], 1e-12)
            table.data *= shared.data / (shared.data + options.shrinkage)
            parts.append(strongest_of_rows(table.toarray(), first=block.start, limit=options.neighbours))
            progress(block.stop / items.shape[0])
        progress(1.0)
        return publish_rows(dataset, [parts], readings=options.readings)


def _weigh(met: Any, similarity: Similarity) -> Any:
    """Return ``met`` (P, I) with the weights of ``similarity``: other numbers at the same places, in the same order."""
    if similarity == "jaccard":
        return met
    weighed = met.copy()
    lengths = np.diff(met.indptr)
    rarity = np.log1p(max(1, met.shape[1]) / np.maximum(lengths, 1.0))
    weighed.data *= np.repeat(rarity, lengths).astype(np.float32)
    if similarity == "bm25":
        people = np.bincount(met.indices, minlength=met.shape[1])
        saturation = 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * people * len(people) / max(people.sum(), 1.0)))
        weighed.data *= saturation[met.indices].astype(np.float32)
    return weighed
