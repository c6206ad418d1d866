"""What people say, one voice each: the strongest positive interaction of a profile with an item."""

import numpy as np
from numpy.typing import NDArray

from recommender.training.dataset import InteractionDataset


def count_voices(
    dataset: InteractionDataset, weights: NDArray[np.float64], *, rows: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return shape (I,): over the profiles, the sum of each one's largest ``weights`` (n,) on an item.

    Weights of 0 and below say nothing; ``rows`` (n,) limits to some rows. However often one profile comes back to
    an item, it adds its largest weight once: one loud fan cannot push it.
    """
    spoken = weights > 0 if rows is None else (weights > 0) & rows
    items = dataset.items[spoken].astype(np.int64)
    pairs = items * len(dataset.profile_ids) + dataset.profiles[spoken]
    voices = weights[spoken]
    order = np.argsort(pairs, kind="stable")
    pairs, voices = pairs[order], voices[order]
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    largest = np.maximum.reduceat(voices, starts) if len(starts) else voices
    return np.bincount(items[order][starts], weights=largest, minlength=len(dataset.item_ids)).astype(np.float64)


def decay(ages: NDArray[np.float64], *, half_life: float) -> NDArray[np.float64]:
    """Return ``0.5 ** (ages / half_life)``, both in seconds; what lies too far back for a float is 0."""
    return np.asarray(np.exp2(-ages / half_life), dtype=np.float64)
