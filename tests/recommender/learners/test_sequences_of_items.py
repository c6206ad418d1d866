"""Learners of order in closed form: transitions, two leaps, sequential ridge, and content neighbours beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catalog.extensions import load_options
from recommender.learners import Neighbours, learners, ridge_systems, sequential_ridge, successions
from recommender.learners.content_neighbours import ContentNeighbours
from recommender.learners.decayed_transitions import DecayedTransitions, TwoLeaps
from recommender.learners.sequential_ridge import SequentialRidge
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset, make_random_rows
from recommender.testing.learners import LearnerContract, read_neighbours
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps

ITEMS = 12


class TestTransitions(LearnerContract):
    component = DecayedTransitions


class TestTwoLeaps(LearnerContract):
    component = TwoLeaps


class TestSequentialRidge(LearnerContract):
    component = SequentialRidge
    options = {"scales": 2, "half_life": 1.0}


class TestContentNeighbours(LearnerContract):
    component = ContentNeighbours

    def draw_dataset(self, seed: int) -> InteractionDataset:
        return with_content(super().draw_dataset(seed), seed=seed)


def with_content(dataset: InteractionDataset, *, seed: int = 0) -> InteractionDataset:
    vectors = np.random.default_rng(seed).normal(size=(len(dataset.item_ids), 6)).astype(np.float32)
    return replace(dataset, content=vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def train(key: str, dataset: InteractionDataset, **options: Any) -> Neighbours:
    component = learners.get(key)
    learner = component(load_options(component.Options, options))  # type: ignore[call-arg]
    found = learner.train(dataset, progress=lambda done: None)
    assert isinstance(found, Neighbours)
    return found


def chain(people: int = 30, *, seed: int = 0) -> list[Row]:
    """Everybody walks round a ring of items, from somewhere."""
    dice = np.random.default_rng(seed)
    return [
        (person, int((start + step) % ITEMS), float(step))
        for person, start in enumerate(dice.integers(ITEMS, size=people))
        for step in range(6)
    ]


@pytest.mark.parametrize("key", ["transitions", "sequential_ridge"])
def test_a_ring_leads_to_the_next(key: str) -> None:
    found = read_neighbours(train(key, make_dataset(chain(), items=ITEMS)))
    for source in range(ITEMS):
        row = found[FIRST_ITEM + source]
        assert next(iter(row)) - FIRST_ITEM == (source + 1) % ITEMS


def test_two_leaps_lead_to_the_one_after_the_next() -> None:
    dataset = make_dataset(chain(), items=ITEMS)
    found = read_neighbours(train("two_leaps", dataset, lags=1, backward=0.0))
    assert all(next(iter(found[FIRST_ITEM + source])) - FIRST_ITEM == (source + 2) % ITEMS for source in range(ITEMS))


def test_transitions_are_counted_by_lag() -> None:
    rows: list[Row] = [(0, item, float(item)) for item in range(3)] + [(1, 0, 0.0), (1, 2, 1.0)]
    plain = {"lag_decay": 0.5, "backward": 0.0, "source_exponent": 0.0, "target_exponent": 0.0}
    found = read_neighbours(train("transitions", make_dataset(rows, items=3), **plain))
    assert found[FIRST_ITEM] == {FIRST_ITEM + 2: 1.5, FIRST_ITEM + 1: 1.0}
    assert found[FIRST_ITEM + 1] == {FIRST_ITEM + 2: 1.0}
    both = read_neighbours(train("transitions", make_dataset(rows, items=3), **{**plain, "backward": 0.5}))
    assert both[FIRST_ITEM + 2] == {FIRST_ITEM: 0.75, FIRST_ITEM + 1: 0.5}


@pytest.mark.parametrize("scales", [1, 2])
def test_the_ridge_is_that_of_the_rows_which_are_never_made(scales: int) -> None:
    dataset = make_dataset(make_random_rows(8, count=300, items=ITEMS), items=ITEMS)
    steps = make_steps(dataset)
    half_lives = [1.5 * 6.0**scale for scale in range(scales)]
    features, targets = [], []
    for start, stop in zip(steps.offsets[:-1], steps.offsets[1:], strict=True):
        states = np.zeros((scales, ITEMS))
        for place in range(start, stop - 1):
            for scale, half_life in enumerate(half_lives):
                states[scale] *= 2 ** (-1 / half_life)
                states[scale, steps.items[place]] += 1
            features.append(states.ravel().copy())
            targets.append(np.eye(ITEMS)[steps.items[place + 1]])
    x, y = np.array(features), np.array(targets)
    mean_steps = len(steps) / len(np.unique(steps.items))
    penalties = np.repeat([3.0 * 2.0**scale * mean_steps for scale in range(scales)], ITEMS)
    expected = np.linalg.solve(x.T @ x + np.diag(penalties), x.T @ y).reshape(scales, ITEMS, ITEMS)
    found = train("sequential_ridge", dataset, scales=scales, half_life=1.5, penalty=3.0)
    table = np.zeros((scales, ITEMS, ITEMS))
    banks = found.banks if found.banks is not None else np.zeros(len(found.item_ids), dtype=np.int16)
    for row, (item, bank) in enumerate(zip(found.item_ids, banks, strict=True)):
        part = slice(found.offsets[row], found.offsets[row + 1])
        table[bank, item - FIRST_ITEM, found.neighbour_ids[part] - FIRST_ITEM] = found.weights[part]
    for own in range(ITEMS):
        expected[:, own, own] = 0.0
    # Lags that weigh less than 1 % are left out of the counts.
    np.testing.assert_allclose(table, expected, atol=2e-3)
    assert [reading.half_life for reading in found.readings] == half_lives


def test_sums_of_successions_are_the_same_dense_and_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = make_steps(make_dataset(make_random_rows(1, items=ITEMS), items=ITEMS))
    dense = successions.sum_successions(steps, items=ITEMS, decay=0.7, lags=9)
    monkeypatch.setattr(successions, "DENSE_CELLS", 0)
    monkeypatch.setattr(successions, "_PAIRS_AT_ONCE", 50)
    sparse = successions.sum_successions(steps, items=ITEMS, decay=0.7, lags=9)
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-5)


def test_a_wide_catalogue_is_projected_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = make_dataset(chain(), items=ITEMS)
    dense = read_neighbours(train("sequential_ridge", dataset))
    monkeypatch.setattr(sequential_ridge, "DENSE_ITEMS", ITEMS - 1)
    monkeypatch.setattr(successions, "DENSE_CELLS", 0)
    with caplog.at_level("INFO"):
        projected = read_neighbours(train("sequential_ridge", dataset, rank=ITEMS))
    assert f"{ITEMS} items: in {ITEMS} directions" in caplog.text
    for source, row in dense.items():
        assert projected[source] == pytest.approx(row, abs=2e-3)


def test_the_directions_are_orthonormal() -> None:
    steps = make_steps(make_dataset(make_random_rows(6, items=ITEMS), items=ITEMS))
    basis = ridge_systems.project_items(steps, items=ITEMS, rank=5)
    np.testing.assert_allclose(basis.T @ basis, np.eye(5), atol=1e-4)


def test_content_neighbours_are_the_most_alike_and_popular_ones_come_first() -> None:
    dataset = make_dataset([(person, 2, 0.0) for person in range(9)], items=4)
    content = np.array([[1, 0], [0.9, 0.1], [0.9, 0.1], [-1, 0]], dtype=np.float32)
    dataset = replace(dataset, content=content / np.linalg.norm(content, axis=1, keepdims=True))
    found = read_neighbours(train("content_neighbours", dataset, popularity_exponent=0.5))
    assert list(found[FIRST_ITEM]) == [FIRST_ITEM + 2, FIRST_ITEM + 1]
    level = read_neighbours(train("content_neighbours", dataset, popularity_exponent=0.0))
    assert level[FIRST_ITEM][FIRST_ITEM + 1] == pytest.approx(level[FIRST_ITEM][FIRST_ITEM + 2])


def test_items_without_content_are_no_neighbours() -> None:
    dataset = with_content(make_dataset(chain(), items=ITEMS))
    assert dataset.content is not None
    dataset.content[3] = 0.0
    found = train("content_neighbours", dataset)
    assert FIRST_ITEM + 3 not in found.item_ids
    assert FIRST_ITEM + 3 not in found.neighbour_ids
    assert len(train("content_neighbours", replace(dataset, content=None)).item_ids) == 0
