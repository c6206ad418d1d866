"""What lists are like beyond accuracy: how much of the catalogue they show, how new, varied and popular it is.

Lists are ``ranked`` (c, n): item indices, best first, -1 where a list has ended. Figures a case are NaN where a list
has too few items to say; take ``numpy.nanmean``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.metrics import Figures
from recommender.evaluation.ranks import Ranked
from recommender.training.dataset import InteractionDataset

BLOCK_NUMBERS = 20_000_000
"""Numbers of item vectors gathered at once: 80 MB."""


def count_people(dataset: InteractionDataset) -> NDArray[np.int64]:
    """Return (I,): how many profiles have met each item with a positive strength."""
    liked = dataset.strengths > 0
    pairs = np.unique(dataset.items[liked].astype(np.int64) * len(dataset.profile_ids) + dataset.profiles[liked])
    return np.bincount(pairs // max(len(dataset.profile_ids), 1), minlength=len(dataset.item_ids))


def count_exposure(ranked: Ranked, *, items: int, discounted: bool = False) -> Figures:
    """Return (I,): how often each item is listed; ``discounted``, each place r counts 1 / log2(1 + r)."""
    weights = 1.0 / np.log2(np.arange(2, ranked.shape[1] + 2)) if discounted else np.ones(ranked.shape[1])
    shown = ranked >= 0
    spread = np.broadcast_to(weights, ranked.shape)[shown]
    return np.bincount(ranked[shown], weights=spread, minlength=items).astype(np.float64)


def measure_coverage(ranked: Ranked, *, items: int, candidates: NDArray[np.bool_] | None = None) -> float:
    """Return the share of the catalogue that is in at least one list; of ``candidates`` (I,) where given."""
    shown = count_exposure(ranked, items=items) > 0
    within = np.ones(items, dtype=bool) if candidates is None else candidates
    return float(shown[within].mean()) if within.any() else float("nan")


def measure_gini(exposure: Figures) -> float:
    """Return how unequally n items are exposed: 0 all the same, (n - 1) / n all on one.

    With x sorted ascending: Σ (2 i - n - 1) x_i / (n Σ x), i from 1. NaN where nothing is exposed.
    """
    count, total = len(exposure), float(exposure.sum())
    if not total:
        return float("nan")
    places = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(places @ np.sort(exposure)) / (count * total)


def measure_novelty(ranked: Ranked, *, people: NDArray[np.int64], population: int) -> Figures:
    """Return (c,): the mean over a list of -log2(share of the population that has met the item), bits.

    ``people`` (I,), as of ``count_people``; an item that nobody has met counts as met by one, which bounds it by
    log2(population). Mean self-information: Zhou et al. 2010, "Solving the apparent diversity-accuracy dilemma".
    """
    return _average(ranked, -np.log2(np.maximum(people, 1) / max(population, 1)))


def measure_list_popularity(ranked: Ranked, *, popularity: Figures) -> Figures:
    """Return (c,): the mean ``popularity`` (I,) over a list, such as the share of people who have met an item.

    The average over the cases is the average recommendation popularity of Yin et al. 2012, "Challenging the long tail
    recommendation".
    """
    return _average(ranked, popularity)


def measure_history_popularity(
    histories: InteractionDataset, *, profiles: NDArray[np.int64], popularity: Figures
) -> Figures:
    """Return (c,): the mean ``popularity`` (I,) over the distinct items that each of ``profiles`` has liked."""
    liked = histories.strengths > 0
    pairs = np.unique(histories.profiles[liked].astype(np.int64) * len(histories.item_ids) + histories.items[liked])
    owners, items = np.divmod(pairs, max(len(histories.item_ids), 1))
    sums = np.bincount(owners, weights=popularity[items], minlength=len(histories.profile_ids))
    counts = np.bincount(owners, minlength=len(histories.profile_ids))
    figures: Figures = _divide(sums, counts)[profiles]
    return figures


def measure_popularity_lift(of_lists: Figures, of_histories: Figures) -> float:
    """Return by what share lists are more popular than their readers' histories: 0 as popular, 1 twice as popular.

    (mean of lists - mean of histories) / mean of histories, over the cases with both: Abdollahpouri et al. 2020, "The
    connection between popularity bias, calibration, and fairness in recommendation", for all people as one group.
    """
    both = np.isfinite(of_lists) & np.isfinite(of_histories)
    base = float(of_histories[both].mean()) if both.any() else 0.0
    return float(of_lists[both].mean()) / base - 1.0 if base else float("nan")


def measure_diversity(ranked: Ranked, *, vectors: NDArray[np.float32]) -> Figures:
    """Return (c,): 1 - the mean cosine of all pairs of a list, by item ``vectors`` (I, d) of any length.

    Items with a vector of zeros are left out; NaN where fewer than two are left. Smyth and McClave 2001,
    "Similarity vs. diversity".
    """
    norms = np.linalg.norm(vectors, axis=1)
    units = np.divide(vectors, norms[:, None], out=np.zeros_like(vectors, dtype=np.float32), where=norms[:, None] > 0)
    counts = ((ranked >= 0) & (norms > 0)[ranked]).sum(axis=1)
    sums = np.empty(len(ranked))
    step = max(1, BLOCK_NUMBERS // max(1, ranked.shape[1] * vectors.shape[1]))
    for start in range(0, len(ranked), step):
        block = ranked[start : start + step]
        totals = (units[block] * (block >= 0)[:, :, None]).sum(axis=1, dtype=np.float64)
        sums[start : start + step] = np.einsum("cd,cd->c", totals, totals)
    # |Σ v|² is the number of unit vectors and twice the sum over pairs.
    return 1.0 - _divide(sums - counts, counts * (counts - 1))


def _average(ranked: Ranked, figures: Figures) -> Figures:
    """Average ``figures`` (I,) over each list."""
    shown = ranked >= 0
    return _divide(np.where(shown, figures[ranked], 0.0).sum(axis=1), shown.sum(axis=1))


def _divide(sums: NDArray[Any], counts: NDArray[np.int64]) -> Figures:
    figures: Figures = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return figures
