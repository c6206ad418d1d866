"""iALS: its contract, and the least squares that it solves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.learners import als_solves
from recommender.learners.als_solves import solve_rows
from recommender.learners.ials import Ials, IalsOptions
from recommender.testing.datasets import FIRST_ITEM, make_dataset
from tests.recommender.learners.factor_worlds import SIDE, FactorContract, make_clusters


class TestIals(FactorContract):
    component = Ials
    options = {"rank": 4, "rounds": 6}
    world_options = {"rank": 4}


class TestIalsEvenPenalty(FactorContract):
    component = Ials
    options = {"rank": 3, "rounds": 4, "penalty_exponent": 0.0, "seed": 5}
    world_options = {"rank": 2, "penalty_exponent": 0.0, "penalty": 0.1}


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("batch", [1, 60, 16_000_000])
def test_rows_are_solved_as_by_the_formula(even: bool, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(als_solves, "_BATCH_NUMBERS", batch)
    dice = np.random.default_rng(4)
    weights = dice.random((15, 8)) * (dice.random((15, 8)) < 0.4)
    weights[3] = 0.0
    if even:
        weights = (weights > 0).astype(float)
    factors = dice.normal(size=(8, 3)).astype(np.float32)
    gram = 0.2 * factors.T @ factors
    penalties = dice.random(15) + 0.1
    expected = np.zeros((15, 3))
    for row, (weight, penalty) in enumerate(zip(weights, penalties, strict=True)):
        system = factors.T @ (weight[:, None] * factors) + gram + penalty * np.eye(3)
        expected[row] = np.linalg.solve(system, factors.T @ weight)
    solved = solve_rows(csr_matrix(weights), factors, gram=gram, penalties=penalties)
    np.testing.assert_allclose(solved, expected, rtol=1e-4, atol=1e-5)


def test_a_system_without_a_solution_is_told() -> None:
    factors = np.zeros((2, 2), dtype=np.float32)
    with pytest.raises(np.linalg.LinAlgError, match="penalty is too small"):
        solve_rows(
            csr_matrix(np.eye(2)), factors, gram=np.zeros((2, 2), dtype=np.float32), penalties=np.array([0.0, 0.0])
        )


def test_rounds_lead_to_a_minimum() -> None:
    options = IalsOptions(rank=2, rounds=200, penalty=0.1, unobserved_mass=2.0)
    found = Ials(options).train(make_clusters(), progress=lambda done: None)
    assert found.profile_matrix is not None
    people, items = found.profile_matrix.astype(np.float64), found.matrix.astype(np.float64)
    met = np.zeros((len(people), len(items)))
    dataset = make_clusters()
    met[dataset.profiles, dataset.items] = 1.0
    unobserved = 2.0 / np.sqrt(met.size)
    scores = people @ items.T
    slope = met * (scores - 1.0) + unobserved * scores
    item_penalty = 0.1 * (met.sum(axis=0) + unobserved * len(people))
    person_penalty = 0.1 * (met.sum(axis=1) + unobserved * len(items))
    np.testing.assert_allclose(slope.T @ people + item_penalty[:, None] * items, 0.0, atol=1e-4)
    np.testing.assert_allclose(slope @ items + person_penalty[:, None] * people, 0.0, atol=1e-4)


def test_a_person_read_alone_gets_the_vector_of_the_whole_log() -> None:
    dataset = make_clusters()
    rated = replace(dataset, values=np.arange(len(dataset), dtype=np.float32) % 5)
    learner = Ials(IalsOptions(rank=3, value_weight=0.5))
    found = learner.train(rated, progress=lambda done: None)
    assert found.profile_matrix is not None
    assert found.profile_ids is not None
    met = np.unique(rated.items[rated.profiles == 1])
    alone = rated.keep_rows(rated.profiles == 1)
    alone = replace(
        alone,
        item_ids=rated.item_ids[met],
        published=rated.published[met],
        items=np.searchsorted(met, alone.items).astype(np.int32),
    )
    place = int(np.flatnonzero(found.profile_ids == rated.profile_ids[1])[0])
    np.testing.assert_allclose(learner.encode_profiles(found.arrays, alone)[1], found.profile_matrix[place], atol=1e-5)


def test_items_that_nobody_met_are_not_published() -> None:
    found = Ials(IalsOptions(rank=2)).train(make_clusters(), progress=lambda done: None)
    assert found.item_ids.tolist() == [FIRST_ITEM + item for item in range(2 * SIDE)]


def test_one_person_with_very_many_interactions_is_no_error() -> None:
    rows = [(0, item, float(item)) for item in range(3000)] + [(1, 0, 0.0), (1, 1, 1.0)]
    found = Ials(IalsOptions(rank=8, rounds=2)).train(make_dataset(rows, items=3000), progress=lambda done: None)
    assert np.isfinite(found.matrix).all()
