"""Figures of replayed cases, one a case, so that splits can be joined and variants paired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import count_steps
from recommender.evaluation.cases import Split
from recommender.evaluation.list_metrics import (
    count_people,
    measure_diversity,
    measure_history_popularity,
    measure_list_popularity,
    measure_novelty,
)
from recommender.evaluation.metrics import Figures, measure_hits
from recommender.evaluation.ranks import find_hits
from recommender.evaluation.replay import Replay

ACCURACY = ("ndcg", "hr", "recall", "precision", "map", "mrr")
"""Metrics of accuracy, the deciding one first."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What c cases are like: steps of their histories (c,), and how popular their targets are (c,).

    Popularity is the share of the people learned from who have met an item, the mean over a case's targets.
    """

    lengths: NDArray[np.int64]
    popularity: Figures
    targets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """One variant's lists (c, k) and its figures (c,) by name."""

    ranked: NDArray[np.int32]
    figures: Mapping[str, Figures]


def describe_cases(split: Split) -> CaseFacts:
    """Return the facts by which the cases of a split are told apart."""
    targets = split.cases.targets
    sums = np.bincount(targets.cases, weights=_share_people(split)[targets.items], minlength=len(targets))
    return CaseFacts(count_steps(split.cases), sums / np.maximum(targets.counts, 1), targets.counts)


def measure_replay(replay: Replay, split: Split, *, k: int, vectors: NDArray[np.float32] | None) -> VariantFigures:
    """Return the figures of a replay of ``split``; what cannot be told of a case is NaN.

    ``vectors`` (I, d) are what intra-list diversity goes by.
    """
    people = count_people(split.train)
    shares = _share_people(split)
    hits = find_hits(replay.ranked, targets=split.cases.targets)
    measured = measure_hits(hits, cutoffs=[k], metrics=ACCURACY)
    population = len(np.unique(split.train.profiles))
    figures = {
        **{name.partition("@")[0]: values for name, values in measured.items()},
        "novelty": measure_novelty(replay.ranked, people=people, population=population),
        "popularity": measure_list_popularity(replay.ranked, popularity=shares),
        "history_popularity": measure_history_popularity(
            split.cases.histories, profiles=split.cases.profiles, popularity=shares
        ),
        "filled": replay.filled,
    }
    if vectors is not None:
        figures["diversity"] = measure_diversity(replay.ranked, vectors=vectors)
    return VariantFigures(replay.ranked, figures)


def join_figures(parts: Sequence[VariantFigures]) -> VariantFigures:
    """Return the figures of several splits as those of all their cases."""
    names = parts[0].figures
    return VariantFigures(
        np.concatenate([part.ranked for part in parts]),
        {name: np.concatenate([part.figures[name] for part in parts]) for name in names},
    )


def join_facts(parts: Sequence[CaseFacts]) -> CaseFacts:
    """Return the facts of several splits as those of all their cases."""
    return CaseFacts(
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.popularity for part in parts]),
        np.concatenate([part.targets for part in parts]),
    )


def _share_people(split: Split) -> Figures:
    shares: Figures = count_people(split.train) / max(1, len(np.unique(split.train.profiles)))
    return shares
