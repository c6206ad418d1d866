"""The automatic choice for ratings: what a model of them goes by, chosen by a part of what may be learned from."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.fitted import Fitted
from benchmarks.accuracy.protocols import Run
from recommender.evaluation.cases import Cases
from recommender.evaluation.rating_metrics import measure_rmse
from recommender.learners import Progress
from recommender.learners.rating_model.moments import find_moments
from recommender.learners.rating_model.rated_rows import RatedRows, find_ratings
from recommender.learners.rating_model.sampler import RatingSampler, SamplerOptions
from recommender.training.dataset import InteractionDataset

Indices = NDArray[np.int64]

MOMENTS = "moments"
CONTENT = "content"
NOTE = (
    "moments: effects of what was rated together (by a person on a day, in ten minutes, at one instant, an item's "
    "month, a day; where times are but an order, runs of 20 and of 4 ratings) go by the other ratings of the same "
    "moment, later ones included: right for folds at random, no forecast of the future"
)

_HELD_SHARE = 0.1
_TRIAL_SWEEPS, _MOST_SWEEPS, _LEAST_SWEEPS = 80, 400, 40
_PACED_SWEEPS = 3
"""The last of these says how long one takes."""
_BURN_IN_SHARE = 0.15
_CONTENT_DIRECTIONS = 64


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Ratings to predict: their profiles and items, and when they were given; what was said is not in it."""

    profiles: Indices
    items: Indices
    times: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RatingChoice:
    """Draws the factor model with moments and content where a held-out tenth says that they help.

    ``times`` is the whole data without its values: when a rating that is to be predicted was given is known, as is who
    gave it to what. The prediction is the mean over the draws, moments included, so it is not what SQL serves.
    ``report`` hears of each trial.
    """

    times: InteractionDataset
    budget_seconds: float
    report: Callable[[str], None]

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int | None:
        """Return the peak: features of both sides and a few dozen numbers a rating."""
        return (items + profiles) * 6_000 + 300 * interactions + 300_000_000

    def fit(self, run: Run, *, keep_seen: bool, progress: Progress) -> Fitted:
        """Choose, fit, and predict the targets of the run."""
        begun = time.monotonic()
        dataset, cases = run.split.train, run.split.cases
        ratings = find_ratings(dataset)
        wanted = self._find_pairs(cases)
        sides = [MOMENTS] if self._has_moments(ratings, wanted) else []
        sides += [CONTENT] if dataset.content is not None else []
        kept, tried = self._choose(dataset, ratings, sides, run.seed, lambda share: progress(0.4 * share))
        left = self.budget_seconds - (time.monotonic() - begun)
        fit = _Fit(dataset, ratings, wanted, kept, run.seed)
        predicted, sweeps = fit.predict(_MOST_SWEEPS, lambda share: progress(0.4 + 0.6 * share), seconds=left)
        options: dict[str, Any] = {"goes_by": list(kept), "tried": tried, "sweeps": sweeps}
        return _Predicted(cases, predicted, options | ({"note": NOTE} if MOMENTS in kept else {}))

    def _find_pairs(self, cases: Cases) -> _Pairs:
        profiles = cases.profiles[cases.targets.cases]
        items = cases.targets.items.astype(np.int64)
        span = len(self.times.item_ids)
        keys = self.times.profiles.astype(np.int64) * span + self.times.items
        order = np.argsort(keys, kind="stable")
        places = order[np.searchsorted(keys[order], profiles * span + items)]
        return _Pairs(profiles, items, self.times.times[places])

    def _has_moments(self, ratings: RatedRows, wanted: _Pairs) -> bool:
        return bool(_group(ratings, wanted))

    def _choose(
        self, dataset: InteractionDataset, ratings: RatedRows, sides: Sequence[str], seed: int, progress: Progress
    ) -> tuple[tuple[str, ...], Mapping[str, float]]:
        """Return the sides that help, taken up one by one, and the RMSE of each trial."""
        kept: tuple[str, ...] = ()
        if not sides:
            return kept, {}
        held = np.random.default_rng(seed).random(len(ratings)) < _HELD_SHARE
        if not held.any() or held.all():
            return kept, {}
        known, asked = _take(ratings, ~held), _take(ratings, held)
        pairs = _Pairs(asked.profiles, asked.items, asked.times)
        tried: dict[str, float] = {}
        best = np.inf
        sweeps, seconds = _TRIAL_SWEEPS, self.budget_seconds / (2 * (len(sides) + 1))
        for number, candidate in enumerate([(), *((side,) for side in sides)]):
            trial = (*kept, *candidate)
            fit = _Fit(dataset, known, pairs, trial, seed)
            predicted, sweeps = fit.predict(sweeps, _scale(progress, number, len(sides) + 1), seconds=seconds)
            seconds = np.inf  # only as many sweeps as the first had are a fair trial of the others
            rmse = measure_rmse(predicted, actual=asked.values)
            name = " and ".join(trial) or "ratings alone"
            tried[name] = round(rmse, 4)
            self.report(f"{name}: RMSE {rmse:.4f} on a tenth of what may be learned from")
            if rmse < best:
                kept, best = trial, rmse
        return kept, tried


@dataclass(frozen=True, slots=True)
class _Fit:
    """One chain: what it learns from, what it predicts, and what it goes by."""

    dataset: InteractionDataset
    ratings: RatedRows
    wanted: _Pairs
    sides: Sequence[str]
    seed: int

    def predict(self, most_sweeps: int, progress: Progress, *, seconds: float) -> tuple[NDArray[np.float64], int]:
        """Return the mean over the draws, clipped to the scale, and how many sweeps there was time for."""
        begun = time.monotonic()
        groups = _group(self.ratings, self.wanted) if MOMENTS in self.sides else []
        count = len(self.ratings)
        sampler = RatingSampler(
            self.ratings,
            profiles=len(self.dataset.profile_ids),
            items=len(self.dataset.item_ids),
            options=SamplerOptions(seed=self.seed),
            groups=[codes[:count] for codes in groups],
            group_counts=[int(codes.max()) + 1 for codes in groups],
            item_features=_reduce_content(self.dataset.content) if CONTENT in self.sides else None,
        )
        for _ in range(_PACED_SWEEPS):
            started = time.monotonic()
            sampler.sweep()
        left = seconds - (time.monotonic() - begun)
        affordable = _PACED_SWEEPS + left / max(time.monotonic() - started, 1e-6)
        sweeps = int(min(max(affordable, _LEAST_SWEEPS), most_sweeps))
        burn_in = round(_BURN_IN_SHARE * sweeps)
        total = np.zeros(len(self.wanted.items))
        while sampler.sweeps < sweeps:
            sampler.sweep()
            if sampler.sweeps > burn_in:
                total += sampler.predict(self.wanted.profiles, self.wanted.items, [codes[count:] for codes in groups])
            progress(sampler.sweeps / sweeps)
        mean = total / (sweeps - burn_in)
        return np.clip(mean, self.ratings.values.min(), self.ratings.values.max()), sweeps


@dataclass(frozen=True, slots=True)
class _Predicted:
    """Predictions (t,) of the targets of cases, as rows of scores with NaN elsewhere."""

    cases: Cases
    predicted: NDArray[np.float64]
    options: Mapping[str, Any]

    def score(self, cases: Cases, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what was predicted for the cases ``batch``."""
        offsets = self.cases.targets.offsets
        scores = np.full((len(batch), len(cases.histories.item_ids)), np.nan, dtype=np.float32)
        for row, case in enumerate(batch.tolist()):
            part = slice(offsets[case], offsets[case + 1])
            scores[row, self.cases.targets.items[part]] = self.predicted[part]
        return scores


def hide_values(dataset: InteractionDataset) -> InteractionDataset:
    """Return ``dataset`` without its values: who met what, and when."""
    return replace(dataset, values=np.full(len(dataset), np.nan, dtype=np.float32))


def _group(ratings: RatedRows, wanted: _Pairs) -> list[Indices]:
    return find_moments(
        np.concatenate([ratings.profiles, wanted.profiles]),
        np.concatenate([ratings.items, wanted.items]),
        np.concatenate([ratings.times, wanted.times]),
    )


def _take(ratings: RatedRows, rows: NDArray[np.bool_]) -> RatedRows:
    return RatedRows(ratings.profiles[rows], ratings.items[rows], ratings.values[rows], ratings.times[rows])


def _reduce_content(content: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the leading directions (I, 64) of the items' text vectors, of unit mean square."""
    assert content is not None
    centred = content - content.mean(axis=0)
    axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred).eigenvectors
    reduced = centred @ axes[:, ::-1][:, :_CONTENT_DIRECTIONS]
    return np.asarray(reduced / max(float(np.sqrt(np.square(reduced).sum(axis=1).mean())), 1e-9), dtype=np.float32)


def _scale(progress: Progress, number: int, count: int) -> Progress:
    return lambda share: progress((number + share) / count)
