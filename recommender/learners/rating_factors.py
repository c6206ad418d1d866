"""Ratings predicted by a Bayesian factor model and served as one inner product."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from recommender.learners.base import Arrays, Checkpoint, Progress, Shape, Vectors, learners
from recommender.learners.rating_model.layout import lay_out_items, lay_out_people
from recommender.learners.rating_model.merging import merge_draws, serve_people
from recommender.learners.rating_model.posterior import Draws, fold_in
from recommender.learners.rating_model.rated_rows import RatedRows, find_ratings
from recommender.learners.rating_model.sampler import RatingSampler, SamplerOptions
from recommender.learners.verification import MAX_HALF
from recommender.training.dataset import InteractionDataset

_SAVE_EVERY = 5
"""Sweeps between two checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingFactorsOptions:
    """Options of rating factors; the defaults suit a hundred thousand to a few million ratings."""

    rank: int = field(default=16, metadata={"help": "Factors that are drawn.", "minimum": 1, "maximum": 128})
    sweeps: int = field(
        default=300, metadata={"help": "How often everything is drawn anew.", "minimum": 2, "maximum": 10_000}
    )
    burn_in: int = field(
        default=30,
        metadata={
            "help": "Sweeps before the first draw that counts (at most half of all).",
            "minimum": 0,
            "maximum": 10_000,
        },
    )
    draws: int = field(
        default=32, metadata={"help": "Draws that are kept and merged for serving.", "minimum": 1, "maximum": 200}
    )
    implicit_rank: int = field(
        default=256,
        metadata={
            "help": "Directions of who rated what that say beforehand what people and items are like; 0: none.",
            "minimum": 0,
            "maximum": 2000,
        },
    )
    noise_strength: float = field(
        default=20.0,
        metadata={
            "help": "Ratings' worth of evidence against one person or item being more erratic than others; "
            "0: all are alike.",
            "minimum": 0.0,
        },
    )
    seed: int = field(default=0, metadata={"help": "Seed of what is left to chance.", "minimum": 0})


@learners.register("rating_factors")
class RatingFactors:
    """A rating is mean + b_u + b_i + p_u·q_i + noise; all of it is drawn from its posterior (``rating_model``).

    Ratings are the latest values, of each pair, of the kinds whose rule in RECSITE_KINDS has a neutral value. Items are
    published as [q_i, b_i, 1] and people as [p_u, 1, mean + b_u]: the inner product *is* the predicted rating, in the
    scale of the ratings, so the space serves as a strategy (history_match) and ``services.predictions`` reads it.
    An item that nobody rated is predicted from its prior. A dataset without a rating publishes nothing.
    """

    Options: ClassVar[type[RatingFactorsOptions]] = RatingFactorsOptions
    shape: ClassVar[Shape] = "vectors"
    resumable: ClassVar[bool] = True
    predicts_ratings: ClassVar[bool] = True
    label = _("what is likely to be rated high")

    def __init__(self, options: RatingFactorsOptions) -> None:
        self.options = options

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int:
        """Return the peak of memory: features of both sides, the draws that are kept, a row of everything a rating."""
        options = self.options
        width = options.rank + 1
        a_row = 4 * 6 * options.implicit_rank + 8 * 6 * width
        kept = items * options.draws * (4 * width + 4) * 2
        return (items + profiles) * a_row + kept + 120 * interactions + 300_000_000

    def train(
        self, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
    ) -> Vectors:
        """Return the vectors of all items, and of the people who have rated.

        Raises:
            ValueError: a rating is too large to be published.
        """
        progress(0.0)
        ratings = find_ratings(dataset)
        if not len(ratings):
            progress(1.0)
            return self._publish_nothing()
        largest = float(np.abs(ratings.values).max())
        if largest > MAX_HALF:
            raise ValueError(f"a rating of {largest:g}: no more than {MAX_HALF:.0f} can be published")
        profiles, items = len(dataset.profile_ids), len(dataset.item_ids)
        options = self.options
        sampler = RatingSampler(
            ratings,
            profiles=profiles,
            items=items,
            options=SamplerOptions(options.rank, options.implicit_rank, options.noise_strength, options.seed),
        )
        kept = self._sample(sampler, lambda share: progress(0.95 * share), checkpoint).stack()
        scaled = ratings.scale(mean=sampler.mean, spread=sampler.spread)
        merged = merge_draws(kept, scaled, profiles=profiles, rank=2 * options.rank, seed=options.seed)
        arrays = {
            **kept,
            "carry": merged["carry"],
            "centre": merged["centre"],
            "item_ids": dataset.item_ids,
            "scale": np.array([sampler.mean, sampler.spread]),
        }
        raters = np.unique(ratings.profiles)
        matrix = self.encode_profiles(arrays, dataset)[raters]
        progress(1.0)
        return Vectors(
            item_ids=dataset.item_ids,
            matrix=lay_out_items(merged["item_table"], spread=sampler.spread),
            metric="inner_product",
            metrics=_describe(ratings, merged["centre"], sampler),
            arrays=arrays,
            profile_ids=dataset.profile_ids[raters],
            profile_matrix=matrix,
        )

    def encode_profiles(self, arrays: Arrays, dataset: InteractionDataset) -> NDArray[np.float32]:
        """Return (P, 2 rank + 2) in closed form from the ratings in ``dataset``; zeros without one of a known item.

        The mean over the draws of what each person is like given each of them: for people who were there
        this is their mean in the chain, but for chance; new ones need no training.
        """
        profiles = len(dataset.profile_ids)
        ratings = find_ratings(dataset)
        known_ids = arrays["item_ids"]
        places = np.minimum(np.searchsorted(known_ids, dataset.item_ids), len(known_ids) - 1)
        places[known_ids[places] != dataset.item_ids] = -1
        rows = places[ratings.items] >= 0
        mean, spread = arrays["scale"].tolist()
        scaled = RatedRows(
            profiles=ratings.profiles[rows],
            items=places[ratings.items[rows]],
            values=(ratings.values[rows] - mean) / spread,
            times=ratings.times[rows],
        )
        table = np.zeros((profiles, len(arrays["centre"])))
        for block, vectors in fold_in(arrays, scaled, profiles=profiles):
            table[block] = serve_people(arrays, vectors)
        matrix = lay_out_people(table, spread=spread, mean=mean + spread * float(arrays["centre"][0]))
        matrix[np.bincount(scaled.profiles, minlength=profiles) == 0] = 0.0
        return matrix

    def _sample(
        self, sampler: RatingSampler, progress: Callable[[float], None], checkpoint: Checkpoint | None
    ) -> Draws:
        """Run the chain to its end, from the checkpoint if there is one, and return what is kept of it."""
        options = self.options
        first = min(options.burn_in, options.sweeps // 2)
        kept_at = set(np.linspace(first + 1, options.sweeps, min(options.draws, options.sweeps - first)).round())
        draws = Draws()
        saved = None if checkpoint is None else checkpoint.load()
        if saved is not None:
            sampler.restore(_unprefix(saved, "chain."))
            draws.restore(_unprefix(saved, "draws."))
        while sampler.sweeps < options.sweeps:
            sampler.sweep()
            if sampler.sweeps in kept_at:
                draws.add(sampler)
            if checkpoint is not None and sampler.sweeps % _SAVE_EVERY == 0:
                checkpoint.save(_prefix(sampler.pack(), "chain.") | _prefix(draws.pack(), "draws."))
            progress(sampler.sweeps / options.sweeps)
        return draws

    def _publish_nothing(self) -> Vectors:
        width = 2 * self.options.rank + 2
        empty = np.empty(0, dtype=np.int64)
        nothing = np.empty((0, width), dtype=np.float32)
        return Vectors(empty, nothing, "inner_product", profile_ids=empty, profile_matrix=nothing)


def _describe(ratings: RatedRows, centre: NDArray[np.float64], sampler: RatingSampler) -> dict[str, float]:
    """Return what reading predictions takes: the ends of the scale, and what the mean person says of a mean item."""
    return {
        "ratings": float(len(ratings)),
        "lowest_rating": float(ratings.values.min()),
        "highest_rating": float(ratings.values.max()),
        "mean_rating": sampler.mean + sampler.spread * float(centre[0]),
    }


def _prefix(arrays: Mapping[str, NDArray[Any]], start: str) -> dict[str, NDArray[Any]]:
    return {start + name: array for name, array in arrays.items()}


def _unprefix(arrays: Mapping[str, NDArray[Any]], start: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
