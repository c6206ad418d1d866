"""Fitted rankers: they rank as offline fitting does, and stand back where their arrays do not fit."""

import logging
import re
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from numpy.typing import NDArray

from recommender.evaluation.candidates import CandidateTable
from recommender.fitting.blending import make_ranking_cases
from recommender.fitting.ranking import fit_ranking, score_table
from recommender.models import FittedRanking, Placement
from recommender.ranking import FittedArraysError
from recommender.ranking.blend import Blend, BlendOptions, check_blend
from recommender.ranking.boosted_trees import BoostedTrees, BoostedTreesOptions
from recommender.ranking.features import make_features, name_features
from recommender.ranking.fitted_scores import score_blend
from recommender.readers import fitted_rankings
from recommender.records import RankingContext, Slate
from recommender.selectors import load_plan
from recommender.services.recommendations import recommend
from recommender.testing.rankers import FittedRankerContract
from recommender.training.array_bytes import pack_arrays
from tests.recommender.worlds import World, act, make_placement, make_profile, make_world, publish_scores

SOURCES = ("list0", "list1", "list2", "list3")


def make_blend(sources: tuple[str, ...], *weights: dict[str, float], edges: tuple[float, ...] = ()) -> dict[str, Any]:
    """Arrays of a blend that weighs some features, by name, for each range of history lengths."""
    names = name_features(sources)
    return {
        "mean": np.zeros(len(names)),
        "scale": np.ones(len(names)),
        "weights": np.array([[bucket.get(name, 0.0) for name in names] for bucket in weights]),
        "bucket_edges": np.array(edges, dtype=np.float64),
    }


def make_trees(sources: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """A tree that asks whether the blend is above 0, and one that has a leaf alone."""
    last = len(name_features(sources))
    blend = make_blend(sources, {f"{sources[0]}:z_score": 1.0})
    return {
        "feature": np.array([[last, 0, 0], [0, 0, 0]], dtype=np.int32),
        "threshold": np.zeros((2, 3)),
        "left": np.array([[1, -1, -1], [-1, -1, -1]], dtype=np.int32),
        "right": np.array([[2, -1, -1], [-1, -1, -1]], dtype=np.int32),
        "value": np.array([[0.0, -1.0, 1.0], [0.5, 0.0, 0.0]]),
        **{f"blend_{name}": array for name, array in blend.items()},
    }


class TestBlend(FittedRankerContract):
    component = Blend
    arrays = make_blend(SOURCES, {"list0:log_rank": 1.0, "list1:z_score": 0.5})


class TestBoostedTrees(FittedRankerContract):
    component = BoostedTrees
    arrays = make_trees(SOURCES)


def rank(ranker: Any, scores: list[list[float]], arrays: dict[str, Any], *, history_length: int = 0) -> list[int]:
    matrix = np.array(scores, dtype=np.float32)
    names = SOURCES[: matrix.shape[1]]
    context = RankingContext(history_length, np.arange(len(matrix)), matrix, names, arrays)
    ranking = ranker.rank([], context)
    return list(ranking.item_ids.tolist())


def test_a_blend_weighs_sources_by_the_length_of_the_history() -> None:
    arrays = make_blend(SOURCES[:2], {"list0:z_score": 1.0}, {"list1:z_score": 1.0}, edges=(5.0,))
    scores = [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]
    blend = Blend(BlendOptions())

    assert rank(blend, scores, arrays, history_length=4) == [2, 1, 0]
    assert rank(blend, scores, arrays, history_length=5) == [0, 1, 2]


def test_a_feature_with_an_infinite_scale_says_nothing() -> None:
    arrays = make_blend(SOURCES[:1], {"list0:raw": 1.0, "log_history_length": 7.0})
    arrays["scale"][-1] = np.inf
    features = make_features(np.array([[2.0]], dtype=np.float32), 50)

    assert score_blend(arrays, features[None], np.array([50])).tolist() == [[2.0]]


def test_trees_go_by_the_blend_and_ties_by_the_order_given() -> None:
    scores = [[1.0], [9.0], [2.0], [8.0]]
    assert rank(BoostedTrees(BoostedTreesOptions()), scores, make_trees(SOURCES[:1])) == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.zeros((2, 8))}, "weights of shape (2, 8), not (1, 8)"),
        ({"mean": np.zeros(7)}, "mean of shape"),
        ({"weights": np.full((1, 8), np.nan)}, "not finite"),
        ({"scale": np.zeros(8)}, "not above 0"),
        ({"weights": np.zeros((3, 8)), "bucket_edges": np.array([9.0, 5.0])}, "do not ascend"),
    ],
)
def test_a_blend_that_makes_no_sense_is_refused(change: dict[str, Any], message: str) -> None:
    arrays = {**make_blend(SOURCES[:1], {}), **change}
    with pytest.raises(FittedArraysError, match=re.escape(message)):
        check_blend(arrays, features=8)


@pytest.mark.parametrize("with_trees", [False, True])
def test_a_request_is_ranked_as_offline_fitting_ranks_it(with_trees: bool) -> None:
    dice = np.random.default_rng(3)
    cases, width, sources = 800, 12, 2
    items = np.tile(np.arange(width, dtype=np.int32), (cases, 1))
    scores = dice.normal(size=(cases, width, sources)).astype(np.float32)
    scores[dice.random(scores.shape) < 0.2] = np.nan
    # What no weighing of the features finds: the one nearest to 1 by the first source.
    best = np.nan_to_num(np.abs(scores[..., 0] - 1.0), nan=9.0).argmin(axis=1)
    wanted = np.arange(width) == best[:, None]
    lengths = dice.integers(0, 2000, size=cases)
    fit = fit_ranking(make_ranking_cases(scores, items, wanted, lengths), seed=1, threads=1, with_trees=with_trees)
    assert fit.ranker == ("boosted_trees" if with_trees else "blend")
    ranker = BoostedTrees(BoostedTreesOptions()) if with_trees else Blend(BlendOptions())
    expected = score_table(fit, CandidateTable(items=items, scores=scores, lengths=lengths))

    for case in range(20):
        context = RankingContext(min(int(lengths[case]), 1000), np.arange(width), scores[case], ("a", "b"), fit.arrays)
        ranking = ranker.rank([], context)
        given = expected[case][ranking.item_ids]  # but for what is added to a whole batch
        np.testing.assert_allclose(ranking.scores - ranking.scores[-1], given - given[-1], rtol=1e-4, atol=1e-4)


@pytest.fixture
def world(db: None) -> World:
    world = make_world("a", "b", "c")
    publish_scores(world, "popular", {"a": 3.0, "b": 2.0, "c": 1.0})
    publish_scores(world, "quality", {"c": 3.0, "b": 2.0, "a": 1.0})
    make_placement(world, ("scores", "popular", 1.0), ("scores", "quality", 0.1), ranker="blend", size=3)
    fitted_rankings._load_arrays.cache_clear()
    return world


def fit(world: World, arrays: dict[str, Any], *, ranker: str = "blend", state: str = "active", **fields: Any) -> int:
    sources = fields.pop("sources", ["quality", "popular"])
    row = FittedRanking.objects.create(
        placement=Placement.objects.get(key="home"),
        ranker=ranker,
        sources=sources,
        data=pack_arrays(arrays),
        state=state,
    )
    return int(row.pk)


def keys(slate: Slate) -> list[str]:
    return [entry.key for entry in slate.entries]


QUALITY = make_blend(("quality", "popular"), {"quality:log_rank": 1.0})


def test_a_placement_is_ranked_by_what_was_fitted_to_it(world: World) -> None:
    assert keys(recommend(world.catalog.pk, placement="home", log=False)) == ["a", "b", "c"]
    fitted_id = fit(world, QUALITY)

    assert keys(recommend(world.catalog.pk, placement="home", log=False)) == ["c", "b", "a"]
    plan = load_plan(world.catalog.pk, "home")
    assert plan.fitted is not None
    assert (plan.fitted.id, plan.fitted.sources) == (fitted_id, ("quality", "popular"))


@pytest.mark.parametrize("change", [{"state": "candidate"}, {"state": "retired"}, {"ranker": "boosted_trees"}])
def test_what_is_not_live_for_this_ranker_ranks_nothing(world: World, change: dict[str, str]) -> None:
    fit(world, QUALITY, **change)
    assert keys(recommend(world.catalog.pk, placement="home", log=False)) == ["a", "b", "c"]


def test_a_fit_that_does_not_fit_is_logged_and_places_alone_rank(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    fitted_id = fit(world, {"weights": np.zeros((1, 3))})
    with caplog.at_level(logging.ERROR):
        assert keys(recommend(world.catalog.pk, placement="home", log=False)) == ["a", "b", "c"]
    assert f"fitted ranking {fitted_id}" in caplog.text


def test_a_source_that_has_left_the_placement_says_nothing(world: World) -> None:
    sources = ("gone", "quality")
    fit(world, make_blend(sources, {"gone:log_rank": 5.0, "quality:log_rank": 1.0}), sources=list(sources))
    assert keys(recommend(world.catalog.pk, placement="home", log=False)) == ["c", "b", "a"]


def test_arrays_are_read_once_a_process_and_scores_cost_one_statement(world: World) -> None:
    act(world, make_profile(world), "a")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            recommend(world.catalog.pk, placement="home", user_id="ada", log=False)
        return len(captured)

    unfitted = count()
    fit(world, QUALITY)

    assert [count(), count(), count()] == [unfitted + 2, unfitted + 1, unfitted + 1]
