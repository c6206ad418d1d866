"""Parity: what is read from arrays is what SQL reads from the same publications, list by list and slate by slate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recommender.evaluation.array_readers import ArrayReaders
from recommender.models import FittedRanking
from recommender.pipeline import recommend
from recommender.readers.candidate_readers import SqlReaders
from recommender.records import CandidateList, Plan, Query
from recommender.training.array_bytes import pack_arrays
from recommender.training.loading import load_dataset
from tests.recommender.parity_world import ParityWorld, make_parity_world
from tests.recommender.worlds import NOW, act, make_profile, make_world

pytestmark = pytest.mark.django_db

BY_VECTORS = ("history_match", "similar_items")
HALF = 1e-3
"""What half precision leaves of a similarity of unit vectors; those of other lengths differ by their share."""


@pytest.fixture
def parity() -> ParityWorld:
    return make_parity_world()


def list_queries(parity: ParityWorld, **fields: Any) -> list[tuple[str, Query]]:
    """Everybody and nobody, off and on the page of an item with a vector, one without, and two at once."""
    somebody = {**{name: profile.pk for name, profile in parity.people.items()}, "stranger": None, "unknown": 10**9}
    pages = {"": (), "i7": ("i7",), "i44": ("i44",), "i7 and i9": ("i7", "i9")}
    return [
        (
            f"{name} on {page or 'home'}",
            Query(parity.world.catalog.pk, NOW, 10, profile_id=pk, item_ids=tuple(parity.world.ids(*keys)), **fields),
        )
        for name, pk in somebody.items()
        for page, keys in pages.items()
    ]


def tell_tolerance(reader: str, scores: np.ndarray[Any, Any]) -> float:
    largest = float(np.abs(scores).max(initial=0.0))
    return HALF * max(1.0, largest) if reader in BY_VECTORS else 1e-5 * largest


def check_list(case: str, reader: str, sql: CandidateList, array: CandidateList) -> None:
    """The same items in the same order with the same scores; scores that the tolerance cannot tell apart may swap."""
    assert (array.name, array.weight) == (sql.name, sql.weight)
    assert len(array.item_ids) == len(sql.item_ids), case
    tolerance = tell_tolerance(reader, sql.scores)
    np.testing.assert_allclose(array.scores, sql.scores, rtol=0, atol=tolerance, err_msg=case)
    assert sorted(array.item_ids.tolist()) == sorted(sql.item_ids.tolist()), case
    by_sql = dict(zip(sql.item_ids.tolist(), sql.scores.tolist(), strict=True))
    for place in np.flatnonzero(array.item_ids != sql.item_ids).tolist():
        assert by_sql[int(array.item_ids[place])] == pytest.approx(float(sql.scores[place]), abs=tolerance), case


@pytest.mark.parametrize("exclude_seen", [True, False])
def test_every_reader_gives_the_lists_that_sql_gives(parity: ParityWorld, exclude_seen: bool) -> None:
    plan = replace(parity.load_plan(), exclude_seen=exclude_seen)
    arrays = parity.make_readers(plan)
    readers = {strategy.name: strategy.reader for strategy in plan.strategies}
    spoken: set[str] = set()
    swapped = compared = 0
    for case, query in list_queries(parity):
        sql, array = (each.read_candidates(plan, query, limit=100) for each in (SqlReaders(), arrays))
        assert array.history_length == sql.history_length, case
        assert [entry.name for entry in array.lists] == [entry.name for entry in sql.lists]
        for by_sql, by_array in zip(sql.lists, array.lists, strict=True):
            check_list(f"{by_sql.name} for {case}", readers.get(by_sql.name, ""), by_sql, by_array)
            spoken |= {by_sql.name} if len(by_sql.item_ids) else set()
            swapped += int((by_sql.item_ids != by_array.item_ids).sum())
            compared += len(by_sql.item_ids)
    assert spoken == {strategy.name for strategy in plan.strategies} - {"unpublished"} | {"fallback_newest"}
    assert swapped <= compared / 1000


def test_every_strategy_says_of_every_item_what_it_says_in_sql(parity: ParityWorld) -> None:
    plan = parity.load_plan()
    arrays = parity.make_readers(plan)
    item_ids = np.random.default_rng(3).permutation(np.append(parity.dataset.item_ids, 10**9))
    for case, query in list_queries(parity):
        sql, array = (each.complete_scores(plan, query, item_ids) for each in (SqlReaders(), arrays))
        assert array.dtype == np.float32
        for column, strategy in enumerate(plan.strategies):
            known = np.isfinite(sql[:, column])
            np.testing.assert_array_equal(np.isfinite(array[:, column]), known, err_msg=f"{strategy.name} for {case}")
            tolerance = tell_tolerance(strategy.reader, sql[known, column])
            np.testing.assert_allclose(
                array[known, column], sql[known, column], rtol=0, atol=tolerance, err_msg=f"{strategy.name} for {case}"
            )


def test_item_vectors_are_those_of_sql(parity: ParityWorld) -> None:
    plan = parity.load_plan()
    space = plan.diversity_space
    assert space is not None
    item_ids = np.append(parity.dataset.item_ids[::-1], 10**9)
    sql, array = (each.read_item_vectors(space, item_ids) for each in (SqlReaders(), parity.make_readers(plan)))
    np.testing.assert_allclose(array, sql, atol=HALF)
    assert (array.any(axis=1) == sql.any(axis=1)).all()


def slates_of(parity: ParityWorld, plan: Plan, **fields: Any) -> None:
    """Compare whole slates; the array readers ask the database for nothing."""
    arrays = parity.make_readers(plan)
    for case, query in list_queries(parity, **fields):
        sql = recommend(plan, query)
        with CaptureQueriesContext(connection) as captured:
            array = recommend(plan, query, readers=arrays)
        assert len(captured) == 0
        assert array.item_ids.tolist() == sql.item_ids.tolist(), case
        np.testing.assert_allclose(array.scores, sql.scores, rtol=0, atol=HALF, err_msg=case)
        assert array.sources == sql.sources, case


@pytest.mark.parametrize("ranker", ["reciprocal_rank", "weighted_score"])
def test_whole_slates_are_the_same(parity: ParityWorld, ranker: str) -> None:
    slates_of(parity, replace(parity.load_plan(), ranker=ranker))


def test_slates_of_a_fitted_ranking_are_the_same(parity: ParityWorld) -> None:
    sources = [strategy.name for strategy in parity.load_plan().strategies if strategy.reader != "friends"][:-1]
    dice = np.random.default_rng(8)
    count = 4 * len(sources) + 4
    arrays = {
        "mean": dice.normal(size=count),
        "scale": dice.random(count) + 0.5,
        "weights": dice.normal(size=(2, count)),
        "bucket_edges": np.array([5]),
    }
    FittedRanking.objects.create(
        placement=parity.placement, ranker="blend", sources=sources, data=pack_arrays(arrays), state="active"
    )
    plan = replace(parity.load_plan(), ranker="blend", diversity=0.0)
    assert plan.fitted is not None
    readers = parity.make_readers(plan, ranking_arrays={plan.fitted.id: arrays})
    apart = 0
    for case, query in list_queries(parity):
        sql, array = recommend(plan, query), recommend(plan, query, readers=readers)
        np.testing.assert_allclose(array.scores, sql.scores, rtol=0, atol=0.05, err_msg=case)
        apart += int(array.item_ids.tolist() != sql.item_ids.tolist())
    assert apart <= 1


def test_slates_of_what_passes_filters_and_exclusions_are_the_same(parity: ParityWorld) -> None:
    plan = replace(parity.load_plan(), filters={"kind": "third"}, exclude_seen=False)
    slates_of(parity, plan, exclude_ids=tuple(parity.world.ids("i6", "i9")), diversity=0.0)


def test_a_list_may_be_shorter_than_what_there_is(parity: ParityWorld) -> None:
    plan = parity.load_plan()
    query = Query(parity.world.catalog.pk, NOW, 10, profile_id=parity.people["p0"].pk)
    longer, shorter = (parity.make_readers(plan).read_candidates(plan, query, limit=limit) for limit in (100, 4))
    for long, short in zip(longer.lists, shorter.lists, strict=True):
        assert short.item_ids.tolist() == long.item_ids[:4].tolist()


def test_people_scored_by_the_block_get_what_they_get_alone(
    parity: ParityWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.evaluation.block_scores.BLOCK_NUMBERS", 5 * len(parity.dataset.item_ids))
    plan = parity.load_plan()
    everybody = np.arange(len(parity.dataset.profile_ids))
    blocks, alone = (parity.make_readers(plan, people=people) for people in (everybody[1:-1], everybody[:0]))
    for case, query in list_queries(parity):
        for one, other in zip(
            blocks.read_candidates(plan, query, limit=20).lists,
            alone.read_candidates(plan, query, limit=20).lists,
            strict=True,
        ):
            assert one.item_ids.tolist() == other.item_ids.tolist(), case
            np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5, atol=1e-6)


def test_an_item_is_there_from_its_publication_on(parity: ParityWorld) -> None:
    plan = parity.load_plan()
    arrays = parity.make_readers(plan)
    later = Query(parity.world.catalog.pk, NOW + timedelta(days=1), 10)
    new = set(parity.world.ids("i0", "i1"))
    lists = {
        now: arrays.read_candidates(plan, replace(later, now=now), limit=100).lists[-1] for now in (NOW, later.now)
    }
    assert new & set(lists[NOW].item_ids.tolist()) == set()
    assert lists[later.now].item_ids[:2].tolist() == sorted(new, reverse=True)


def test_a_query_with_filters_is_refused(parity: ParityWorld) -> None:
    query = Query(parity.world.catalog.pk, NOW, 10, filters={"kind": "third"})
    with pytest.raises(ValueError, match="a query with filters cannot be read from arrays"):
        parity.make_readers(parity.load_plan()).read_candidates(parity.load_plan(), query, limit=5)


def test_a_catalog_without_items_has_nothing_to_say() -> None:
    world = make_world()
    readers = ArrayReaders(load_dataset(world.catalog.pk), models={}, spaces={}, times=np.empty(0))
    found = readers.read_candidates(Plan(world.catalog.pk, ()), Query(world.catalog.pk, NOW, 5), limit=5)
    assert [len(entry.item_ids) for entry in found.lists] == [0]


def test_a_history_of_old_views_and_new_purchases_is_read(parity: ParityWorld) -> None:
    somebody = make_profile(parity.world, "back after years")
    act(parity.world, somebody, "i12", kind="view", days_ago=6 * 365)
    act(parity.world, somebody, "i13", kind="purchase", days_ago=0)
    found = recommend(parity.load_plan(), Query(parity.world.catalog.pk, NOW, 10, profile_id=somebody.pk))
    assert len(found.item_ids) == 10
