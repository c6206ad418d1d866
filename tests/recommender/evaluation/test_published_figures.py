"""Split and metrics together give a figure that others have published."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recommender.evaluation.holdouts import k_folds
from recommender.evaluation.metrics import measure_hits
from recommender.evaluation.ranks import find_hits, take_best
from recommender.training.dataset import InteractionDataset

GORSE_ITEM_POP = {
    "precision@10": 0.19081,
    "recall@10": 0.11584,
    "full_map@10": 0.05364,
    "ndcg@10": 0.21785,
    "mrr@10": 0.40991,
}
"""Gorse v0.1, ML-100k, 5 folds, every rating a positive: the table of its README."""


@pytest.mark.shared_data
def test_popularity_on_ml_100k_is_what_gorse_published(shared_data: Path) -> None:
    dataset = read_ratings(shared_data / "ml-100k" / "u.data.gz")
    runs = []
    for split in k_folds(dataset, folds=5, seed=0):
        seen = np.zeros((len(dataset.profile_ids), len(dataset.item_ids)), dtype=bool)
        seen[split.train.profiles, split.train.items] = True
        scores = np.where(seen, np.nan, seen.sum(axis=0))[split.cases.profiles]
        hits = find_hits(take_best(scores, k=10), targets=split.cases.targets)
        figures = measure_hits(hits, cutoffs=[10], metrics=["precision", "recall", "full_map", "ndcg", "mrr"])
        runs.append({name: float(figure.mean()) for name, figure in figures.items()})
    found = {name: np.mean([run[name] for run in runs]) for name in GORSE_ITEM_POP}
    assert found == {name: pytest.approx(figure, rel=0.015) for name, figure in GORSE_ITEM_POP.items()}


def read_ratings(path: Path) -> InteractionDataset:
    with gzip.open(path, "rt") as file:
        users, items, values, times = np.loadtxt(file, dtype=np.int64).T
    order = np.lexsort((times, users))
    profile_ids, profiles = np.unique(users[order], return_inverse=True)
    item_ids, indices = np.unique(items[order], return_inverse=True)
    return InteractionDataset(
        catalog_id=1,
        until=datetime.fromtimestamp(int(times.max()), UTC),
        profile_ids=profile_ids,
        item_ids=item_ids,
        published=np.zeros(len(item_ids)),
        profiles=profiles.astype(np.int32),
        items=indices.astype(np.int32),
        times=times[order].astype(np.float64),
        strengths=np.ones(len(order), dtype=np.float32),
        values=values[order].astype(np.float32),
        kinds=np.zeros(len(order), dtype=np.int16),
        kind_names=("rating",),
        half_lives={"rating": 180.0},
    )
