"""The report: means, intervals, paired tests, groups and categories of lists written by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from recommender.evaluation.case_figures import CaseFacts, VariantFigures, join_facts, join_figures
from recommender.evaluation.cases import make_targets
from recommender.evaluation.metrics import measure_hits
from recommender.evaluation.offline_plans import Variant
from recommender.evaluation.placement_report import ItemGroups, make_report
from recommender.evaluation.ranks import find_hits
from recommender.records import Plan

ACCURACY = ("ndcg", "hr", "recall", "precision", "map", "mrr")
CASES = 8
TARGETS = make_targets([[0]] * CASES)
NOTHING = np.full(CASES, np.nan)


def make_figures(*lists: list[int]) -> VariantFigures:
    """Figures of lists of two, one a case."""
    ranked = np.array(lists, dtype=np.int32)
    measured = measure_hits(find_hits(ranked, targets=TARGETS), cutoffs=[2], metrics=ACCURACY)
    figures = {name.partition("@")[0]: values for name, values in measured.items()}
    known = {"novelty": np.arange(CASES, dtype=float), "popularity": NOTHING, "history_popularity": NOTHING}
    return VariantFigures(ranked, {**figures, **known, "filled": np.full(CASES, 0.5)})


def make_facts(lengths: list[int], popularity: list[float]) -> CaseFacts:
    return CaseFacts(np.array(lengths), np.array(popularity), np.ones(len(lengths), dtype=np.int64))


def report(*variants: VariantFigures, **named: Any) -> dict[str, Any]:
    plan = Plan(1, ())
    made = make_report(
        [Variant(f"v{number}", "strategy", plan) for number in range(len(variants))],
        variants,
        make_facts([0, 0, 1, 1, 2, 2, 3, 3], [0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3]),
        **{"items": 4, "k": 2, "seed": 0, **named},
    )
    json.dumps(made, allow_nan=False)
    return made


HITS, MISSES = [[0, 1]] * CASES, [[2, 3]] * CASES


def test_figures_are_means_with_their_intervals() -> None:
    (row,) = report(make_figures(*HITS[:4], *[[1, 0]] * 4))["rows"]
    assert row["metrics"]["hr"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    ndcg = row["metrics"]["ndcg"]
    assert ndcg["mean"] == pytest.approx((1 + 1 / np.log2(3)) / 2, abs=1e-6)
    assert ndcg["low"] < ndcg["mean"] < ndcg["high"]
    assert (row["coverage"], row["novelty"], row["diversity"], row["popularity_lift"]) == (0.5, 3.5, None, None)
    assert (row["filled"], row["listed"]) == (0.5, 1.0)
    assert "difference" not in row


def test_each_is_held_against_the_first_and_p_corrected_for_their_number() -> None:
    same, worse = report(make_figures(*HITS), make_figures(*HITS), make_figures(*MISSES))["rows"][1:]
    assert same["difference"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "p": 1.0, "p_holm": 1.0}
    p = 2 / 2**CASES
    assert worse["difference"]["mean"] == -1.0
    assert (worse["difference"]["p"], worse["difference"]["p_holm"]) == (
        pytest.approx(p, abs=1e-6),
        pytest.approx(2 * p, abs=1e-6),
    )


def test_groups_have_the_figures_of_their_cases() -> None:
    made = report(make_figures(*HITS[:2], *MISSES[:6]))
    assert [(group["low"], group["high"], group["cases"]) for group in made["by_history"]] == [
        (0, 0, 2), (1, 1, 2), (2, 2, 2), (3, 3, 2),
    ]  # fmt: skip
    assert [each["mean"] for each in made["rows"][0]["by_history"]] == [1.0, 0.0, 0.0, 0.0]
    assert [group["cases"] for group in made["by_popularity"]] == [3, 3, 2]
    assert [each["mean"] for each in made["rows"][0]["by_popularity"]] == [pytest.approx(2 / 3, abs=1e-6), 0.0, 0.0]


def test_attention_is_shared_among_categories() -> None:
    groups = ItemGroups(("a", "b"), np.array([0, 1, 1, -1]))
    made = report(make_figures(*HITS), make_figures(*[[3, -1]] * CASES), categories=groups)
    second = 1 / np.log2(3)
    assert made["categories"] == {
        "names": ["a", "b"],
        "due": [pytest.approx(1 / 3, abs=1e-6), pytest.approx(2 / 3, abs=1e-6)],
    }
    first, outside = made["rows"]
    assert first["exposure"] == [
        pytest.approx(1 / (1 + second), abs=1e-6),
        pytest.approx(second / (1 + second), abs=1e-6),
    ]
    assert first["exposure_distance"] == pytest.approx(1 / (1 + second) - 1 / 3, abs=1e-6)
    assert (outside["exposure"], outside["exposure_distance"]) == ([0.0, 0.0], None)


def test_without_categories_there_is_nothing_about_them() -> None:
    assert "categories" not in report(make_figures(*HITS), categories=ItemGroups((), np.full(4, -1)))
    assert "categories" not in report(make_figures(*HITS))


def test_splits_are_joined_case_by_case() -> None:
    one, other = make_figures(*HITS), make_figures(*MISSES)
    joined = join_figures([one, other])
    assert joined.ranked.tolist() == HITS + MISSES
    assert joined.figures["hr"].tolist() == [1.0] * CASES + [0.0] * CASES
    facts = join_facts([make_facts([1], [0.5]), make_facts([2, 3], [0.1, 0.2])])
    assert (facts.lengths.tolist(), facts.popularity.tolist(), facts.targets.tolist()) == (
        [1, 2, 3],
        [0.5, 0.1, 0.2],
        [1, 1, 1],
    )
