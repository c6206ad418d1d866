"""BPR: its contract, the pairs that it draws, and the gradients of its loss, plain and adversarial."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.learners.bpr import Bpr, BprOptions
from recommender.learners.pairwise import PairwiseFactors, PairwiseOptions, draw_pairs
from recommender.testing.datasets import FIRST_ITEM, make_dataset
from tests.recommender.learners.factor_worlds import PEOPLE, SIDE, FactorContract, draw_clusters, make_clusters


class TestBpr(FactorContract):
    component = Bpr
    options = {"rank": 4, "epochs": 8}
    world_options = {"rank": 8, "epochs": 200, "step": 0.2}


class TestBprAdversarial(FactorContract):
    component = Bpr
    options = {"rank": 3, "epochs": 6, "adversarial": 1.0, "adversarial_from": 0.0, "seed": 3}
    world_options = {"rank": 8, "epochs": 200, "step": 0.2, "adversarial": 1.0}


def measure_loss(people: NDArray[np.float64], items: NDArray[np.float64], pairs: list[tuple[int, int, int]]) -> float:
    return float(sum(np.logaddexp(0.0, -(people[u] @ (items[i] - items[j]))) for u, i, j in pairs))


def find_slopes(
    people: NDArray[np.float64], items: NDArray[np.float64], pairs: list[tuple[int, int, int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gradients of the loss by central differences."""
    found = []
    for table in (people, items):
        slope = np.zeros_like(table)
        for place in np.ndindex(table.shape):
            kept = table[place]
            table[place] = kept + 1e-5
            above = measure_loss(people, items, pairs)
            table[place] = kept - 1e-5
            slope[place] = (above - measure_loss(people, items, pairs)) / 2e-5
            table[place] = kept
        found.append(slope)
    return found[0], found[1]


@pytest.mark.parametrize("adversarial", [0.0, 2.0])
def test_a_step_follows_the_gradient_by_adagrad(adversarial: float) -> None:
    dice = np.random.default_rng(8)
    people, items = dice.normal(size=(3, 4)), dice.normal(size=(5, 4))
    pairs = [(0, 1, 2), (0, 1, 3), (2, 3, 1), (2, 0, 3)]
    slopes = find_slopes(people, items, pairs)
    total = list(slopes)
    if adversarial:
        lengths = [np.linalg.norm(slope, axis=1, keepdims=True) for slope in slopes]
        shifts = [0.5 * slope / np.maximum(length, 1e-12) for slope, length in zip(slopes, lengths, strict=True)]
        moved = find_slopes(people + shifts[0], items + shifts[1], pairs)
        total = [slope + adversarial * other for slope, other in zip(slopes, moved, strict=True)]
    factors = PairwiseFactors(people.astype(np.float32), items.astype(np.float32))
    u, i, j = (np.array(column) for column in zip(*pairs, strict=True))
    factors.take_step(u, i, j, options=PairwiseOptions(0.3, 0.0, adversarial, 0.5))
    for table, before, slope in zip((factors.people, factors.items), (people, items), total, strict=True):
        expected = before - 0.3 * slope / np.sqrt(0.1 + slope**2)
        np.testing.assert_allclose(table, expected, rtol=1e-3, atol=1e-4)


def test_the_penalty_draws_a_row_towards_zero_each_time_it_is_met() -> None:
    people, items = np.zeros((1, 2), np.float32), np.array([[2.0, 0.0], [0.0, 1.0], [5.0, 5.0]], np.float32)
    factors = PairwiseFactors(people, items.copy())
    u, i, j = np.array([0, 0]), np.array([0, 0]), np.array([1, 1])
    factors.take_step(u, i, j, options=PairwiseOptions(0.3, 0.5, 0.0, 0.5))
    pulls = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(factors.items, items - 0.3 * pulls / np.sqrt(0.1 + pulls**2), rtol=1e-5)


def test_pairs_are_each_met_once_beside_what_was_not() -> None:
    dice = np.random.default_rng(2)
    met = csr_matrix(dice.random((6, 40)) < 0.3)
    batches = list(draw_pairs(met, dice, size=7))
    people, items, others = (np.concatenate(column) for column in zip(*batches, strict=True))
    assert sorted(zip(people, items, strict=True)) == sorted(zip(*met.nonzero(), strict=True))
    assert not np.asarray(met[people, others]).any()
    assert {len(batch[0]) for batch in batches[:-1]} == {7}


def test_who_met_everything_has_pairs_all_the_same() -> None:
    assert len(list(draw_pairs(csr_matrix(np.ones((1, 3))), np.random.default_rng(0)))) == 1


def test_people_with_the_same_history_have_the_same_factors_whether_trained_on_or_not() -> None:
    learner = Bpr(BprOptions(rank=8, epochs=5))
    found = learner.train(make_clusters(), progress=lambda done: None)
    # Person 0 comes back to an item, which changes nothing; a new one has met what person 2 has, who meets another.
    rows = [*draw_clusters(), (0, 1, 50.0), (2, 2 * SIDE - 1, 50.0)]
    rows += [(PEOPLE, item, day) for person, item, day, *_ in draw_clusters() if person == 2]
    encoded = learner.encode_profiles(found.arrays, make_dataset(rows, items=2 * SIDE + 1))
    assert found.profile_matrix is not None
    same = np.isclose(encoded[:PEOPLE], found.profile_matrix, atol=1e-6).all(axis=1)
    assert same.tolist() == [person != 2 for person in range(PEOPLE)]
    np.testing.assert_allclose(encoded[PEOPLE], found.profile_matrix[2], atol=1e-6)


def test_items_that_nobody_met_are_not_published() -> None:
    found = Bpr(BprOptions(rank=2, epochs=1)).train(make_clusters(), progress=lambda done: None)
    assert found.item_ids.tolist() == [FIRST_ITEM + item for item in range(2 * SIDE)]
