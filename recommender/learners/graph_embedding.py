"""LightGCN: embeddings of people and items, smoothed over who met what."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Checkpoint, Progress, Shape, Vectors, learners
from recommender.learners.factor_vectors import (
    match_items,
    publish_factors,
    publish_no_factors,
    recall_people,
    remember_people,
)
from recommender.learners.pairwise import draw_pairs
from recommender.learners.spectrum import start_embeddings, weigh_edges
from recommender.learners.tables import people_by_items
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class LightGcnOptions:
    """Options of LightGCN."""

    rank: int = field(default=64, metadata={"help": "Numbers of an embedding.", "minimum": 1, "maximum": 1024})
    layers: int = field(default=2, metadata={"help": "Times that neighbours are averaged.", "minimum": 1, "maximum": 6})
    loss: Literal["softmax", "bpr"] = field(
        default="softmax", metadata={"help": "Compare with many items by cosine, or with one by inner product."}
    )
    temperature: float = field(
        default=0.2, metadata={"help": "Softmax: the lower, the more the hard ones count.", "minimum": 0.01}
    )
    negatives: int = field(
        default=1024, metadata={"help": "Softmax: items compared with.", "minimum": 1, "maximum": 100_000}
    )
    batch: int = field(default=4096, metadata={"help": "Pairs a step.", "minimum": 16, "maximum": 1_000_000})
    rate: float = field(default=0.005, metadata={"help": "Length of the steps (Adam).", "minimum": 1e-6})
    penalty: float = field(default=1e-4, metadata={"help": "Penalty on large embeddings.", "minimum": 0.0})
    seconds: float = field(
        default=300.0, metadata={"help": "Time to train, in seconds, unless epochs are set.", "minimum": 1.0}
    )
    epochs: int = field(
        default=0,
        metadata={
            "help": "Passes over the data, whatever time they take, so that a result can be had again; "
            "0: as many as the time allows.",
            "minimum": 0,
            "maximum": 2000,
        },
    )
    seed: int = field(default=0, metadata={"help": "Seed of what is left to chance.", "minimum": 0})


@learners.register("light_gcn")
class LightGcn:
    """Embeddings averaged over neighbours in the graph of who met what, each edge 1 / √(n_u n_i).

    He et al. 2020, "LightGCN: simplifying and powering graph convolution network for recommendation", begun at the
    graph's leading directions, where spectral filters end. A new person's is the same average over the items met,
    with no embedding of their own to begin with. Published are smoothed embeddings; inner products rank.
    """

    Options: ClassVar[type[LightGcnOptions]] = LightGcnOptions
    shape: ClassVar[Shape] = "vectors"
    resumable: ClassVar[bool] = True
    seconds_option: ClassVar[str] = "seconds"
    label = _("what suits your taste and that of people near you")

    def __init__(self, options: LightGcnOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: embeddings, moments, gradients and smoothings, the graph, and torch itself."""
        options = self.options
        rows = 4 * (items + profiles) * options.rank
        comparisons = 16 * options.batch * (options.negatives + options.rank)
        return rows * (8 + 3 * options.layers) + comparisons + 120 * interactions + 1_000_000_000

    def train(
        self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
    ) -> Vectors:
        """Return the embeddings of the items that were met, and of the people who met any.

        Raises:
            ModuleNotFoundError: torch is not installed.
        """
        options = self.options
        progress(0.0)
        met = people_by_items(dataset, binary=True)
        if not met.nnz:
            progress(1.0)
            return publish_no_factors(options.rank)
        from recommender.networks.devices import choose_device
        from recommender.networks.graph_embedding import GraphPlan, GraphTrainer

        edges = weigh_edges(met)
        saved = None if checkpoint is None else checkpoint.load()
        device = choose_device()
        trainer = GraphTrainer(
            _make_graph(edges),
            people=met.shape[0],
            start=start_embeddings(edges, rank=options.rank, seed=options.seed),
            plan=GraphPlan(
                layers=options.layers,
                loss=options.loss,
                temperature=options.temperature,
                negatives=options.negatives,
                rate=options.rate,
                penalty=options.penalty,
                epochs=options.epochs,
                seconds=options.seconds,
                seed=options.seed,
            ),
            device=device,
            half=device.type == "cuda",
        )
        if saved is not None:
            trainer.restore(saved)
        trainer.run(
            lambda epoch: draw_pairs(met, np.random.default_rng((options.seed, epoch)), size=options.batch),
            pairs=met.nnz,
            progress=lambda share: progress(0.95 * share),
            save=None if checkpoint is None else checkpoint.save,
        )
        final, inner = trainer.read()
        counts = np.bincount(met.indices, minlength=met.shape[1])
        known = np.flatnonzero(counts)
        arrays: dict[str, NDArray[Any]] = {
            "item_ids": dataset.item_ids[known],
            "items": final[len(met.indptr) - 1 :][known],
            "inner": (inner[len(met.indptr) - 1 :][known] / np.sqrt(counts[known])[:, None]).astype(np.float32),
            **remember_people(dataset, met, final[: len(met.indptr) - 1]),
        }
        encoded = self.encode_profiles(arrays, dataset)
        progress(1.0)
        return publish_factors(dataset, arrays, encoded)

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, rank): the embeddings learned where the history is still the same, else averages; or zeros."""
        met, inner = match_items(people_by_items(dataset, binary=True), {**arrays, "items": arrays["inner"]}, dataset)
        counts = np.maximum(np.diff(met.indptr), 1)
        averages = np.asarray(met @ inner / np.sqrt(counts)[:, None] / (self.options.layers + 1), dtype=np.float32)
        if self.options.loss == "softmax":
            averages /= np.maximum(np.linalg.norm(averages, axis=1, keepdims=True), np.float32(1e-12))
        return recall_people(arrays, dataset, averages)


def _make_graph(edges: Any) -> Any:
    """Return the symmetric CSR (P + I, P + I) of people first, then items."""
    from scipy.sparse import bmat

    graph = bmat([[None, edges], [edges.T, None]], format="csr")
    graph.sort_indices()
    return graph
