"""Draws the factor model of ratings, sweep by sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.rating_model.directions import count_by_root, find_directions
from recommender.learners.rating_model.rated_rows import RatedRows
from recommender.learners.rating_model.sides import Side

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SamplerOptions:
    """``rank`` factors beside the bias; ``implicit_rank`` directions of who rated what, 0 for none.

    ``noise_strength``: how many ratings' worth of evidence pull the noise of a person or an item to the common noise,
    0 for equal noise.
    """

    rank: int = 16
    implicit_rank: int = 256
    noise_strength: float = 20.0
    seed: int = 0


class RatingSampler:
    """A blocked Gibbs sampler of value = mean + spread · (b_u + b_i + p_u·q_i + effects of groups + noise).

    The prior of a person's vector is linear in *which* items the person has rated (the idea of SVD++: Koren 2008,
    section 4, put into the prior as Macau does with side information), that of an item's likewise. The noise differs
    between people and between items. ``groups`` are arrays (n,) of groups that share a scalar effect, ``group_counts``
    how many there are, those without a rating here included. Every sweep has a random stream of its own, so that one
    may go on anywhere.
    """

    def __init__(
        self,
        ratings: RatedRows,
        *,
        profiles: int,
        items: int,
        options: SamplerOptions,
        groups: Sequence[Indices] = (),
        group_counts: Sequence[int] = (),
        item_features: NDArray[np.float32] | None = None,
    ) -> None:
        self.options, self.ratings = options, ratings
        self.mean = float(ratings.values.mean())
        self.spread = float(ratings.values.std()) or 1.0
        self.scaled = (ratings.values - self.mean) / self.spread
        width = options.rank + 1
        person_blocks: list[NDArray[np.float32]] = []
        item_blocks: list[NDArray[np.float32]] = []
        self.loadings: NDArray[np.float32] | None = None
        if options.implicit_rank:
            who = count_by_root(ratings.profiles, ratings.items, shape=(profiles, items))
            scores, self.loadings = find_directions(who, rank=options.implicit_rank, seed=options.seed)
            whom = count_by_root(ratings.items, ratings.profiles, shape=(items, profiles))
            others, _ = find_directions(whom, rank=options.implicit_rank, seed=options.seed)
            # "Rated by nobody" does not say "bad": such rows get the mean row.
            person_blocks.append(_fill_empty_rows(scores, np.bincount(ratings.profiles, minlength=profiles)))
            item_blocks.append(_fill_empty_rows(others, np.bincount(ratings.items, minlength=items)))
        if item_features is not None:
            item_blocks.append(item_features)
        self.people = Side(ratings.profiles, profiles, width, person_blocks)
        self.items = Side(ratings.items, items, width, item_blocks)
        self.groups = list(groups)
        self._present = [np.unique(codes) for codes in groups]
        self.effects: list[Floats] = [np.zeros(count) for count in group_counts]
        self._tightness = np.full(len(self.groups), 20.0)
        self.precision = 1.5
        self.sweeps = 0
        dice = np.random.default_rng([options.seed, 0])
        self.people.scatter_vectors(dice)
        self.items.scatter_vectors(dice)

    def sweep(self) -> None:
        """Draw the items, the people, the groups' effects and the noise, each given the rest."""
        self.sweeps += 1
        dice = np.random.default_rng([self.options.seed, self.sweeps])
        profiles, items = self.ratings.profiles, self.ratings.items
        target = self.scaled - sum(
            (effects[codes] for codes, effects in zip(self.groups, self.effects, strict=True)), np.zeros(1)
        )
        weights = self.precision * self.people.noise[profiles] * self.items.noise[items]
        self.items.draw(profiles, self.people.vectors, target, weights, dice)
        self.people.draw(items, self.items.vectors, target, weights, dice)
        error = self.scaled - self._predict_scaled(profiles, items, self.groups)
        for place, codes in enumerate(self.groups):
            error += self.effects[place][codes]
            self._draw_effects(place, codes, error, weights, dice)
            error -= self.effects[place][codes]
        self._draw_noise(np.square(error), dice)

    def predict(self, profiles: Indices, items: Indices, groups: Sequence[Indices] = ()) -> Floats:
        """Predict values (m,) with the present draw, unclipped; without ``groups`` the groups' effects are left out."""
        return self.mean + self.spread * self._predict_scaled(profiles, items, groups)

    def implicit_vectors(self) -> NDArray[np.float32] | None:
        """Return (items, width): what an item adds to the mean of those who rated it, over √(how many they rated)."""
        if self.loadings is None:
            return None
        link = self.people.links[0]
        return self.loadings @ (link.axes @ link.weights).astype(np.float32)

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the state of the chain."""
        arrays = {
            "sweeps": np.array([self.sweeps]),
            "precision": np.array([self.precision]),
            "tightness": self._tightness.copy(),
        }
        arrays |= {f"effects{place}": effects for place, effects in enumerate(self.effects)}
        for name, side in (("people", self.people), ("items", self.items)):
            arrays |= {f"{name}.{key}": array for key, array in side.pack().items()}
        return arrays

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a state that was packed, of the same ratings and options."""
        self.sweeps, self.precision = int(arrays["sweeps"][0]), float(arrays["precision"][0])
        self._tightness = arrays["tightness"].copy()
        self.effects = [arrays[f"effects{place}"].copy() for place in range(len(self.effects))]
        for name, side in (("people", self.people), ("items", self.items)):
            side.restore({key: arrays[f"{name}.{key}"] for key in side.pack()})

    def _predict_scaled(self, profiles: Indices, items: Indices, groups: Sequence[Indices]) -> Floats:
        left, right = self.people.vectors[profiles], self.items.vectors[items]
        predicted = left[:, 0] + right[:, 0] + np.einsum("nk,nk->n", left[:, 1:], right[:, 1:])
        for codes, effects in zip(groups, self.effects, strict=False):
            predicted += effects[codes]
        return np.asarray(predicted)

    def _draw_effects(
        self, place: int, codes: Indices, error: Floats, weights: Floats, dice: np.random.Generator
    ) -> None:
        count = len(self.effects[place])
        tight = self._tightness[place] + np.bincount(codes, weights, count)
        effects = np.bincount(codes, weights * error, count) / tight
        effects += dice.standard_normal(count) / np.sqrt(tight)
        present = self._present[place]
        energy = float(np.square(effects[present]).sum())
        self._tightness[place] = dice.gamma(1 + len(present) / 2, 1 / (0.05 + energy / 2))
        self.effects[place] = effects

    def _draw_noise(self, squares: Floats, dice: np.random.Generator) -> None:
        strength = self.options.noise_strength
        profiles, items = self.ratings.profiles, self.ratings.items
        if strength:
            for side, index, other, partners in (
                (self.people, profiles, self.items, items),
                (self.items, items, self.people, profiles),
            ):
                total = np.bincount(index, self.precision * other.noise[partners] * squares, len(side.noise))
                shape = (strength + np.bincount(index, minlength=len(side.noise))) / 2
                side.noise = dice.gamma(shape, 2 / (strength + total))
            squares = squares * self.people.noise[profiles] * self.items.noise[items]
        self.precision = float(dice.gamma(1 + len(squares) / 2, 1 / (0.5 + squares.sum() / 2)))


def _fill_empty_rows(scores: NDArray[np.float32], counts: Indices) -> NDArray[np.float32]:
    """Give rows without a rating the mean row, weighted by ratings."""
    if counts.any():
        scores[counts == 0] = counts @ scores / counts.sum()
    return scores
