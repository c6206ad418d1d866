"""Sums up what was measured in the runs of a protocol: the figures of one row."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.accuracy.measuring import LISTED, Figures, Measures
from benchmarks.accuracy.protocols import Protocol, Run
from recommender.evaluation.list_metrics import (
    count_exposure,
    count_people,
    measure_coverage,
    measure_gini,
    measure_novelty,
)
from recommender.evaluation.statistics import estimate_interval
from recommender.training.dataset import InteractionDataset

COVERAGE, GINI, NOVELTY = (f"{name}@{LISTED}" for name in ("coverage", "Gini", "novelty"))


def sum_up_run(run: Run, measures: Measures) -> dict[str, float]:
    """Return the means of one run by heading, and what its lists are like beyond accuracy."""
    figures = {heading: _average(heading, values) for heading, values in measures.figures.items()}
    if measures.lists is not None:
        figures |= _describe_lists(measures, run.split.train)
    return figures


def sum_up_runs(
    protocol: Protocol, runs: Sequence[Mapping[str, float]], measures: Sequence[Measures], *, seed: int
) -> dict[str, Any]:
    """Return ``metrics``, the means of the runs, and the 95 % ``intervals`` of the one that decides.

    The bootstrap draws users, each with the mean of their figures over the runs; for ratings it draws ratings.
    """
    metrics = {heading: float(np.mean([run[heading] for run in runs])) for heading in runs[0]}
    values = np.concatenate([part.figures[protocol.main] for part in measures])
    if not protocol.rates:
        _, users = np.unique(np.concatenate([part.profiles for part in measures]), return_inverse=True)
        values = np.bincount(users, weights=values) / np.bincount(users)
    interval = estimate_interval(values, seed=seed)
    bounds = np.array([interval.low, interval.high])
    return {
        "metrics": metrics,
        "intervals": {protocol.main: (np.sqrt(bounds) if protocol.main == "RMSE" else bounds).tolist()},
    }


def _average(heading: str, values: Figures) -> float:
    mean = float(values.mean())
    return mean**0.5 if heading == "RMSE" else mean


def _describe_lists(measures: Measures, train: InteractionDataset) -> dict[str, float]:
    assert measures.lists is not None
    items = len(train.item_ids)
    people = count_people(train)
    novelty = measure_novelty(measures.lists, people=people, population=len(np.unique(train.profiles)))
    shown = np.isfinite(novelty)
    return {
        COVERAGE: measure_coverage(measures.lists, items=items),
        GINI: measure_gini(count_exposure(measures.lists, items=items)) if shown.any() else 0.0,
        NOVELTY: float(novelty[shown].mean()) if shown.any() else 0.0,
    }
