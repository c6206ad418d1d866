"""The report on a placement: how good its lists are, beside its strategies alone and the popular items."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.case_figures import ACCURACY, CaseFacts, VariantFigures
from recommender.evaluation.case_groups import CaseGroup, group_by_length, group_by_popularity
from recommender.evaluation.exposure import measure_group_exposure
from recommender.evaluation.list_metrics import (
    count_exposure,
    measure_coverage,
    measure_gini,
    measure_popularity_lift,
)
from recommender.evaluation.offline_plans import Variant
from recommender.evaluation.statistics import compare_with_baseline, correct_holm, estimate_intervals

LEADING = ACCURACY[0]
"""The metric by which variants are compared and groups are told apart."""

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ItemGroups:
    """Groups of items: ``groups`` (I,) index into ``names``, -1 for none."""

    names: tuple[str, ...]
    groups: NDArray[np.int64]


def make_report(
    variants: Sequence[Variant],
    figures: Sequence[VariantFigures],
    facts: CaseFacts,
    *,
    items: int,
    k: int,
    seed: int,
    categories: ItemGroups | None = None,
) -> dict[str, Any]:
    """Return what was found as plain JSON; ``figures`` of each variant on the same cases, the placement first;
    ``items`` is how many there are.

    Intervals are 95 % bootstrap intervals over the cases, p values of paired tests on NDCG against the placement,
    corrected by Holm for their number.
    """
    by_length, by_popularity = group_by_length(facts.lengths), group_by_popularity(facts.popularity)
    rows = [
        _describe(variant, own, items=items, k=k, seed=seed) for variant, own in zip(variants, figures, strict=True)
    ]
    _compare(rows, figures, seed=seed)
    for name, groups in (("by_history", by_length), ("by_popularity", by_popularity)):
        _measure_groups(rows, figures, groups, name=name, seed=seed)
    report: dict[str, Any] = {
        "k": k,
        "seed": seed,
        "cases": len(facts.lengths),
        "targets": int(facts.targets.sum()),
        "rows": rows,
        "by_history": [_name_group(group) for group in by_length],
        "by_popularity": [_name_group(group) for group in by_popularity],
    }
    if categories is not None and (categories.groups >= 0).any():
        report["categories"] = _measure_categories(rows, figures, categories)
    return report


def _describe(variant: Variant, own: VariantFigures, *, items: int, k: int, seed: int) -> dict[str, Any]:
    intervals = estimate_intervals(np.column_stack([own.figures[name] for name in ACCURACY]), seed=seed)
    lift = measure_popularity_lift(own.figures["popularity"], own.figures["history_popularity"])
    return {
        "name": variant.name,
        "kind": variant.kind,
        "metrics": {
            name: {"mean": _round(each.mean), "low": _round(each.low), "high": _round(each.high)}
            for name, each in zip(ACCURACY, intervals, strict=True)
        },
        "coverage": _round(measure_coverage(own.ranked, items=items)),
        "gini": _round(measure_gini(count_exposure(own.ranked, items=items))),
        "novelty": _average(own, "novelty"),
        "diversity": _average(own, "diversity"),
        "popularity": _average(own, "popularity"),
        "popularity_lift": _round(lift),
        "filled": _average(own, "filled"),
        "listed": _round(float((own.ranked >= 0).sum(axis=1).mean()) / k),
    }


def _compare(rows: list[dict[str, Any]], figures: Sequence[VariantFigures], *, seed: int) -> None:
    """Add to each row but the first how its NDCG differs from that of the first."""
    leading = [own.figures[LEADING] for own in figures]
    found = [compare_with_baseline(own, leading[0], seed=seed) for own in leading[1:]]
    corrected = correct_holm([each.p for each in found]) if found else []
    for row, each, p in zip(rows[1:], found, corrected, strict=True):
        row["difference"] = {
            "mean": _round(each.difference),
            "low": _round(each.low),
            "high": _round(each.high),
            "p": _round(each.p),
            "p_holm": _round(p),
        }


def _measure_groups(
    rows: list[dict[str, Any]],
    figures: Sequence[VariantFigures],
    groups: Sequence[CaseGroup],
    *,
    name: str,
    seed: int,
) -> None:
    """Add to each row its NDCG in every group."""
    leading = np.column_stack([own.figures[LEADING] for own in figures])
    for row in rows:
        row[name] = []
    for group in groups:
        for row, each in zip(rows, estimate_intervals(leading[group.cases], seed=seed), strict=True):
            row[name].append({"mean": _round(each.mean), "low": _round(each.low), "high": _round(each.high)})


def _measure_categories(
    rows: list[dict[str, Any]], figures: Sequence[VariantFigures], categories: ItemGroups
) -> dict[str, Any]:
    """Add to each row the share of attention that every category gets, and return what is their due."""
    grouped = categories.groups[categories.groups >= 0]
    count = len(categories.names)
    for row, own in zip(rows, figures, strict=True):
        exposure = count_exposure(own.ranked, items=len(categories.groups), discounted=True)
        if exposure[categories.groups >= 0].any():
            found = measure_group_exposure(exposure, groups=categories.groups)
            row["exposure"] = [_round(share) for share in found.shares]
            row["exposure_distance"] = _round(found.distance)
        else:
            row["exposure"], row["exposure_distance"] = [0.0] * count, None
    due = np.bincount(grouped, minlength=count) / len(grouped)
    return {"names": list(categories.names), "due": [_round(share) for share in due]}


def _name_group(group: CaseGroup) -> dict[str, Any]:
    return {"low": _round(group.low), "high": _round(group.high), "cases": int(group.cases.sum())}


def _average(own: VariantFigures, name: str) -> float | None:
    """Return the mean over the cases that the figure can be told of."""
    known = own.figures[name][np.isfinite(own.figures[name])] if name in own.figures else np.empty(0)
    return _round(float(known.mean())) if len(known) else None


def _round(number: float) -> float | None:
    """Return what JSON can hold."""
    return round(float(number), _DIGITS) if np.isfinite(number) else None
