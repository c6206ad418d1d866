"""Plans bound to publications of this process, and the variants of a placement that are measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.evaluation.array_readers import ArraySource
from recommender.evaluation.offline_plans import bind_plan, find_source, make_variants
from recommender.learners import Neighbours, Scores, Vectors
from recommender.records import FittedRef, HistoryReading, Plan, SpaceRef, StrategyPlan

IDS = np.array([1, 2], dtype=np.int64)
READINGS = (HistoryReading(1.0, 5),)
SOURCES = {
    "text": ArraySource(Vectors(IDS, np.ones((2, 3), np.float32))),
    "popular": ArraySource(Scores(IDS, np.ones(2))),
    "ridge": ArraySource(Neighbours(IDS, np.array([0, 1, 2]), IDS[::-1], np.ones(2), readings=READINGS)),
}
PLAN = Plan(
    7,
    (
        StrategyPlan("history_match", "history_match", 1.5, space=SpaceRef(99, 384, "cosine")),
        StrategyPlan("similar_items_tower", "similar_items", 1.0),
        StrategyPlan("ridge", "neighbours", 0.5, model_id=41),
        StrategyPlan("fallback_popular", "scores", 0.0, model_id=42),
    ),
    placement_key="home",
    ranker="blend",
    fitted=FittedRef(3, "blend", ("ridge",)),
    diversity=0.4,
    filters={"kind": "book"},
    exclude_seen=False,
)


@pytest.mark.parametrize(
    ("name", "reader", "source"),
    [
        ("history_match", "history_match", "text"),
        ("similar_items", "similar_items", "text"),
        ("history_match_bpr_mf", "history_match", "bpr_mf"),
        ("popular", "scores", "popular"),
        ("fallback_popular", "scores", "popular"),
        ("history_match", "neighbours", "history_match"),
    ],
)
def test_a_strategy_is_traced_to_what_it_reads(name: str, reader: str, source: str) -> None:
    assert find_source(StrategyPlan(name, reader, 1.0)) == source


def test_every_strategy_reads_what_is_given_and_nothing_that_is_live() -> None:
    offline = bind_plan(PLAN, SOURCES)
    match, tower, ridge, fallback = offline.plan.strategies
    assert match.space is not None
    assert (offline.sources[match.space.id], match.space.dimensions, match.model_id) == (SOURCES["text"], 3, None)
    assert (tower.space, tower.model_id) == (None, None)
    assert ridge.model_id is not None
    assert (offline.sources[ridge.model_id], ridge.readings, ridge.weight) == (SOURCES["ridge"], READINGS, 0.5)
    assert offline.sources[fallback.model_id or 0] is SOURCES["popular"]
    assert offline.plan.diversity_space == match.space
    kept = ("ranker", "fitted", "diversity", "filters", "exclude_seen", "placement_key")
    assert [getattr(offline.plan, name) for name in kept] == [getattr(PLAN, name) for name in kept]


def test_without_texts_there_is_nothing_to_be_unlike_by() -> None:
    plan = bind_plan(replace(PLAN, diversity_space=SpaceRef(5, 4, "cosine")), {}).plan
    assert plan.diversity_space is None
    assert all(strategy.space is None and strategy.model_id is None for strategy in plan.strategies)


def test_variants_are_the_placement_its_strategies_and_the_baseline() -> None:
    variants = make_variants(bind_plan(PLAN, SOURCES))
    assert [(variant.name, variant.kind, variant.own_only) for variant in variants] == [
        ("home", "placement", False),
        ("history_match", "strategy", True),
        ("similar_items_tower", "strategy", True),
        ("ridge", "strategy", True),
        ("popular", "baseline", True),
    ]
    alone = variants[3].plan
    assert [(strategy.name, strategy.weight) for strategy in alone.strategies] == [("ridge", 1.0)]
    assert (alone.ranker, alone.fitted, alone.reranker, alone.diversity) == ("reciprocal_rank", None, "", 0.0)
    assert (alone.filters, alone.exclude_seen) == ({"kind": "book"}, False)


def test_a_placement_that_reads_the_baseline_has_it_once() -> None:
    plan = replace(PLAN, strategies=(StrategyPlan("popular", "scores", 2.0, model_id=1),))
    variants = make_variants(bind_plan(plan, SOURCES))
    assert [(variant.name, variant.kind) for variant in variants] == [("home", "placement"), ("popular", "baseline")]


def test_equal_names_are_told_apart() -> None:
    strategies = (StrategyPlan("ridge", "neighbours", 1.0), StrategyPlan("ridge", "scores", 1.0))
    variants = make_variants(bind_plan(replace(PLAN, placement_key="x", strategies=strategies), {}))
    assert [variant.name for variant in variants] == ["x", "ridge", "ridge (scores)"]
