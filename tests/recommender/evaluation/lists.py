"""Random lists and targets, and the metrics of one case by slow loops."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Targets, make_targets


def make_lists(seed: int, *, cases: int = 40, items: int = 30, width: int = 12) -> tuple[NDArray[np.int32], Targets]:
    """Return ragged lists, some of them empty, and one to eight targets a case."""
    dice = np.random.default_rng(seed)
    ranked = np.full((cases, width), -1, dtype=np.int32)
    for row in ranked:
        length = int(dice.integers(width + 1))
        row[:length] = dice.permutation(items)[:length]
    return ranked, make_targets([dice.permutation(items)[: dice.integers(1, 9)].tolist() for _ in range(cases)])


def list_targets(targets: Targets) -> list[list[int]]:
    return [part.tolist() for part in np.split(targets.items, targets.offsets[1:-1])]


def measure_slowly(listed: list[int], wanted: list[int], *, k: int) -> dict[str, float]:
    """Measure one list, place by place."""
    found = [rank for rank, item in enumerate(listed[:k], start=1) if item in wanted]
    most = min(k, len(wanted))
    precisions = sum(number / rank for number, rank in enumerate(found, start=1))
    return {
        "hr": float(bool(found)),
        "recall": len(found) / len(wanted),
        "capped_recall": len(found) / most,
        "precision": len(found) / k,
        "map": precisions / most,
        "full_map": precisions / len(wanted),
        "mrr": 1 / found[0] if found else 0.0,
        "ndcg": sum(1 / math.log2(1 + rank) for rank in found)
        / sum(1 / math.log2(1 + rank) for rank in range(1, most + 1)),
    }
