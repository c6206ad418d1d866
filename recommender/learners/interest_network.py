"""Interest as a function of what a person's ratings and an item say in text vectors, learned from ratings."""

import logging
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Progress, Shape, Vectors, learners
from recommender.learners.rating_model.layout import lay_out_items, lay_out_people
from recommender.learners.rating_model.rated_rows import RatedRows, find_ratings
from recommender.learners.rating_model.text_profiles import Reduction, TextProfiles, average_items, find_reduction
from recommender.learners.rating_model.towers import apply_tower
from recommender.training.dataset import InteractionDataset

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestNetworkOptions:
    """Options of the interest network."""

    width: int = field(
        default=64, metadata={"help": "Directions of the text vectors that are read.", "minimum": 1, "maximum": 1024}
    )
    factors: int = field(
        default=8, metadata={"help": "Outputs of each tower, beside a bias.", "minimum": 1, "maximum": 512}
    )
    hidden: int = field(default=128, metadata={"help": "Units of each hidden layer.", "minimum": 1, "maximum": 4096})
    dropout: float = field(
        default=0.2, metadata={"help": "Share of hidden units left out in training.", "minimum": 0.0, "maximum": 0.9}
    )
    epochs: int = field(default=12, metadata={"help": "Passes over the ratings.", "minimum": 1, "maximum": 1000})
    batch: int = field(default=1024, metadata={"help": "Ratings a step.", "minimum": 1, "maximum": 1_000_000})
    rate: float = field(default=2e-3, metadata={"help": "Highest learning rate of AdamW.", "minimum": 1e-8})
    decay: float = field(default=0.1, metadata={"help": "Weight decay of AdamW.", "minimum": 0.0})
    seed: int = field(default=0, metadata={"help": "Seed of what is left to chance.", "minimum": 0})


@learners.register("interest_network")
class InterestNetwork:
    """g(x_u, x_i; θ) with squared error, in the form of two towers: g = mean + b(x_u) + b(x_i) + f(x_u)·f(x_i).

    x_i is the item's text vector, reduced; x_u what the person's ratings say in such vectors: the mean of what is
    liked, the sum weighted by how far each rating lies above that of others, the mean rating and their number. A pair
    is learned from without its own rating in x_u. SQL serves an inner product, not a network over both sides, hence
    the towers, published as [f, b, 1] and [f, 1, mean + b]. Measured beside one network over (x_u, x_i, x_u * x_i),
    they lose nothing (``benchmarks/NOTES.md``). Every item with a text is predicted, rated or not; one without
    is left out. Without texts or ratings nothing is published.
    """

    Options: ClassVar[type[InterestNetworkOptions]] = InterestNetworkOptions
    shape: ClassVar[Shape] = "vectors"
    wants_content: ClassVar[bool] = True
    predicts_ratings: ClassVar[bool] = True
    label = _("what its text says you would like")

    def __init__(self, options: InterestNetworkOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: texts in double precision, sums a person, a batch, and torch itself."""
        widest = 1024  # of text vectors, which are not known yet
        return items * 20 * widest + profiles * 24 * self.options.width + 120 * interactions + 700_000_000

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Vectors:
        """Return the vectors of all items with a text, and of the people who have rated such."""
        progress(0.0)
        content = dataset.content
        told = np.flatnonzero(content.any(axis=1)) if content is not None else np.empty(0, dtype=np.int64)
        ratings = _keep_items(find_ratings(dataset), told, items=len(dataset.item_ids))
        if content is None or not len(ratings):
            _logger.warning("interest network: no rating of an item with a text vector, so nothing is learned")
            progress(1.0)
            return self._publish_nothing()
        options = self.options
        mean = float(ratings.values.mean())
        spread = float(ratings.values.std()) or 1.0
        scaled = ratings.scale(mean=mean, spread=spread)
        reduction = find_reduction(content, width=options.width)
        vectors = reduction.reduce(content)
        item_means = average_items(scaled, items=len(vectors), mean=0.0)
        profiles = TextProfiles(scaled, vectors, profiles=len(dataset.profile_ids), mean=0.0, item_means=item_means)
        weights = self._fit(profiles, scaled, lambda share: progress(0.9 * share))
        arrays = {
            **weights,
            "centre": reduction.centre,
            "axes": reduction.axes,
            "item_ids": dataset.item_ids,
            "item_means": item_means,
            "scale": np.array([mean, spread]),
        }
        raters = np.unique(ratings.profiles)
        matrix = self.encode_profiles(arrays, dataset)[raters]
        table = apply_tower(weights, vectors[told], side="item")
        progress(1.0)
        return Vectors(
            item_ids=dataset.item_ids[told],
            matrix=lay_out_items(table, spread=spread),
            metric="inner_product",
            metrics={"ratings": float(len(ratings)), "items_without_text": float(len(dataset.item_ids) - len(told))},
            arrays=arrays,
            profile_ids=dataset.profile_ids[raters],
            profile_matrix=matrix,
        )

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, factors + 2) from the ratings in ``dataset`` of items with a text; zeros where there is none.

        Items need not be those trained on: a new one is read by its text. No torch is loaded.
        """
        profiles, items = len(dataset.profile_ids), len(dataset.item_ids)
        mean, spread = arrays["scale"].tolist()
        content = dataset.content
        told = np.flatnonzero(content.any(axis=1)) if content is not None else np.empty(0, dtype=np.int64)
        ratings = _keep_items(find_ratings(dataset), told, items=items)
        if content is None or not len(ratings):
            return np.zeros((profiles, self.options.factors + 2), dtype=np.float32)
        scaled = ratings.scale(mean=mean, spread=spread)
        known_ids = arrays["item_ids"]
        places = np.minimum(np.searchsorted(known_ids, dataset.item_ids), len(known_ids) - 1)
        known = known_ids[places] == dataset.item_ids
        item_means = np.where(known, arrays["item_means"][places], np.float32(0.0))
        vectors = Reduction(arrays["centre"], arrays["axes"]).reduce(content)
        described = TextProfiles(scaled, vectors, profiles=profiles, mean=0.0, item_means=item_means)
        table = apply_tower(arrays, described.describe_all(), side="person")
        matrix = lay_out_people(table, spread=spread, mean=mean)
        matrix[described.counts == 0] = 0.0
        return matrix

    def _fit(self, profiles: TextProfiles, ratings: RatedRows, progress: Progress) -> Arrays:
        from recommender.networks.interest import TowerFit, fit_towers

        options = self.options
        fit = TowerFit(
            factors=options.factors,
            hidden=options.hidden,
            dropout=options.dropout,
            epochs=options.epochs,
            batch=options.batch,
            rate=options.rate,
            decay=options.decay,
            seed=options.seed,
        )
        return fit_towers(profiles.describe_without, ratings.values.astype(np.float32), fit=fit, progress=progress)

    def _publish_nothing(self) -> Vectors:
        empty = np.empty(0, dtype=np.int64)
        nothing = np.empty((0, self.options.factors + 2), dtype=np.float32)
        return Vectors(empty, nothing, "inner_product", profile_ids=empty, profile_matrix=nothing)


def _keep_items(ratings: RatedRows, told: NDArray[np.int64], *, items: int) -> RatedRows:
    """Return the ratings of items that have a text."""
    has_text = np.zeros(items, dtype=bool)
    has_text[told] = True
    return ratings.take(has_text[ratings.items])
