"""What ratings add for learners that go by who met what: what was liked more counts more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.training.dataset import InteractionDataset

VALUE_WEIGHT: Mapping[str, Any] = {
    "help": "How much more what was rated a standard deviation above the mean counts than what was at it.",
    "minimum": 0.0,
    "maximum": 1.0,
}
"""What an option of ``weigh_values`` says of itself."""


class ValueScale(NamedTuple):
    """Mean and standard deviation of the values of a log; no spread where there are none, or all are the same."""

    mean: float
    spread: float


def find_scale(dataset: InteractionDataset) -> ValueScale:
    """Return the scale of the values of what was met, not pushed away."""
    values = dataset.values[_find_rated(dataset)].astype(np.float64)
    return ValueScale(float(values.mean()), float(values.std())) if len(values) else ValueScale(0.0, 0.0)


def weigh_values(dataset: InteractionDataset, *, weight: float, scale: ValueScale) -> InteractionDataset:
    """Return the dataset with strengths times 1 + ``weight`` · z (at least 0.1); z is the standard score of a value.

    Rows without a value, and all where values do not differ, keep their strength. ``scale`` is that of what was
    learned from, so that a person read alone weighs the same.
    """
    if not (weight and scale.spread):
        return dataset
    rated = _find_rated(dataset)
    strengths = dataset.strengths.copy()
    scores = (dataset.values[rated].astype(np.float64) - scale.mean) / scale.spread
    strengths[rated] *= np.maximum(1.0 + weight * scores, 0.1)
    return replace(dataset, strengths=strengths)


def _find_rated(dataset: InteractionDataset) -> NDArray[np.bool_]:
    rated: NDArray[np.bool_] = np.isfinite(dataset.values) & (dataset.strengths > 0)
    return rated
