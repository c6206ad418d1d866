"""Folding in: a ridge regression in which all that was not met has one mass, spread over people and items."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.learners.factor_vectors import fold_in, remember_people, spread_mass
from recommender.testing.datasets import make_dataset


def test_the_mass_is_spread_over_who_and_what_was_met() -> None:
    met = csr_matrix(np.array([[1.0, 0, 1.0, 0], [0, 0, 0, 0], [0, 0, 1.0, 0]]))
    assert spread_mass(6.0, met) == pytest.approx(6.0 / np.sqrt(2 * 2))
    assert spread_mass(6.0, csr_matrix((3, 4))) == 6.0


def test_folding_in_is_the_ridge_regression_with_the_weight_that_was_remembered() -> None:
    dice = np.random.default_rng(1)
    met = (dice.random((30, 50)) < 0.2).astype(np.float32)
    met[0] = 0.0
    rows = [(int(person), int(item), 0.0) for person, item in zip(*np.nonzero(met), strict=True)]
    dataset = make_dataset(rows, items=50)
    items = dice.standard_normal((50, 6), dtype=np.float32)
    people = np.zeros((len(dataset.profile_ids), 6), dtype=np.float32)
    arrays = {"item_ids": dataset.item_ids, "items": items, **remember_people(dataset, csr_matrix(met[1:]), people)}
    weight = float(arrays["unobserved"])
    assert weight == pytest.approx(125.0 / np.sqrt(29 * 50))
    spread = float((items**2).mean())
    for person, found in enumerate(fold_in(arrays, dataset), start=1):
        seen = items[met[person] > 0]
        penalty = 0.1 * spread * (len(seen) + weight * 50)
        system = weight * items.T @ items + seen.T @ seen + penalty * np.eye(6)
        np.testing.assert_allclose(found, np.linalg.solve(system, seen.sum(axis=0)), rtol=1e-4, atol=1e-6)
