"""How sure a figure is, and whether two runs differ by more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]

BLOCK_DRAWS = 4_000_000
"""Draws at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over cases with the bounds between which it lies at the level asked for."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean of ``figures - baseline`` with its bounds, and ``p``: how often chance alone differs as much."""

    difference: float
    low: float
    high: float
    p: float


def estimate_intervals(
    figures: Figures, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[Interval, ...]:
    """Return the percentile bootstrap interval of the mean of each column of ``figures`` (c, m).

    Cases are drawn with replacement, the same for all columns. Efron and Tibshirani 1993, "An introduction to the
    bootstrap", chapter 13. For RMSE take the roots of the bounds of the squared errors.

    Raises:
        ValueError: no case, a figure that is not a number, or a level outside 0 and 1.
    """
    figures = _check(figures)
    low, high = _find_bounds(_resample_means(figures, resamples=resamples, seed=seed), level)
    means = figures.mean(axis=0)
    return tuple(
        Interval(mean=float(mean), low=float(below), high=float(above))
        for mean, below, above in zip(means, low, high, strict=True)
    )


def estimate_interval(figures: Figures, *, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of the mean of ``figures`` (c,); see ``estimate_intervals``."""
    return estimate_intervals(figures[:, None], level=level, resamples=resamples, seed=seed)[0]


def compare_with_baseline(
    figures: Figures,
    baseline: Figures,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    patterns: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Return how the mean of ``figures`` (c,) differs from that of ``baseline`` (c,), the same cases in the same order.

    The bounds are those of the paired percentile bootstrap. ``p`` is two-sided, of Fisher's randomisation test: the
    difference of each case is as likely to have either sign; all patterns of signs where ``patterns`` suffice for
    them, else so many at random (with the observed one, so p is never 0). Smucker, Allan and Carterette 2007, "A
    comparison of statistical significance tests for information retrieval evaluation".

    Raises:
        ValueError: other cases on one side, or as ``estimate_intervals``.
    """
    if figures.shape != baseline.shape:
        raise ValueError(f"{len(figures)} cases cannot be paired with {len(baseline)}")
    differences = _check((figures - baseline)[:, None])
    low, high = _find_bounds(_resample_means(differences, resamples=resamples, seed=seed), level)
    return Comparison(
        difference=float(differences.mean()),
        low=float(low[0]),
        high=float(high[0]),
        p=_randomise_signs(differences[:, 0], patterns=patterns, seed=seed),
    )


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, in their order: below α, all of them hold at α together.

    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    corrected = np.empty(len(values))
    corrected[order] = np.maximum.accumulate(np.minimum(values[order] * np.arange(len(values), 0, -1), 1.0))
    return [float(value) for value in corrected]


def _resample_means(figures: Figures, *, resamples: int, seed: int) -> Figures:
    """Return (resamples, m): means of c cases drawn with replacement."""
    count = len(figures)
    dice = np.random.default_rng(seed)
    means = np.empty((resamples, figures.shape[1]))
    step = max(1, BLOCK_DRAWS // count)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = dice.integers(count, size=(size, count)) + count * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        means[start : start + size] = times @ figures / count
    return means


def _randomise_signs(differences: Figures, *, patterns: int, seed: int) -> float:
    moved = differences[differences != 0.0]
    total = float(moved.sum())
    # Sums of the same numbers in another order differ in their last digits.
    least = abs(total) - 1e-9 * float(np.abs(moved).sum())
    if not len(moved):
        return 1.0
    if len(moved) < 63 and 2 ** len(moved) <= patterns:
        flips = (np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1
        return float((np.abs(total - 2.0 * (flips @ moved)) >= least).mean())
    dice = np.random.default_rng([seed, 1])
    as_far = 1
    step = max(1, BLOCK_DRAWS // len(moved))
    for start in range(0, patterns, step):
        size = min(step, patterns - start)
        bits = np.unpackbits(np.frombuffer(dice.bytes(size * -(-len(moved) // 8)), dtype=np.uint8))
        flipped = bits.reshape(size, -1)[:, : len(moved)].astype(np.float64) @ moved
        as_far += int((np.abs(total - 2.0 * flipped) >= least).sum())
    return as_far / (patterns + 1)


def _find_bounds(means: Figures, level: float) -> tuple[Figures, Figures]:
    if not 0.0 < level < 1.0:
        raise ValueError(f"a level lies between 0 and 1, unlike {level:g}")
    low, high = np.quantile(means, [(1.0 - level) / 2, (1.0 + level) / 2], axis=0)
    return low, high


def _check(figures: Figures) -> Figures:
    if not len(figures):
        raise ValueError("no case, no interval")
    if not np.isfinite(figures).all():
        raise ValueError(
            f"the figure of case {int(np.flatnonzero(~np.isfinite(figures).all(axis=1))[0])} is not a number"
        )
    return figures.astype(np.float64)
