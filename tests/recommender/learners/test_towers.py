"""Towers without torch give what towers in torch give."""

from __future__ import annotations

import numpy as np
import torch

from recommender.learners.rating_model.towers import apply_tower
from recommender.networks.interest import Tower, TowerFit, fit_towers

FIT = TowerFit(factors=3, hidden=7, dropout=0.5, epochs=2, batch=5, rate=0.01, decay=0.0, seed=3)


def test_both_towers_agree_with_torch() -> None:
    dice = np.random.default_rng(0)
    people, items = (dice.normal(size=(12, width)).astype(np.float32) for width in (4, 6))
    targets = dice.normal(size=12).astype(np.float32)
    weights = fit_towers(lambda rows: (people[rows], items[rows]), targets, fit=FIT, progress=lambda done: None)
    for side, inputs in (("person", people), ("item", items)):
        tower = Tower(inputs.shape[1], FIT).eval()
        start = f"{side}."
        tower.load_state_dict(
            {
                name.removeprefix(start): torch.from_numpy(array)
                for name, array in weights.items()
                if name.startswith(start)
            }
        )
        expected = tower(torch.from_numpy(inputs)).detach().numpy()
        found = apply_tower(weights, inputs, side="person" if side == "person" else "item")
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_squared_error_falls() -> None:
    dice = np.random.default_rng(1)
    people, items = (dice.normal(size=(400, 2)).astype(np.float32) for _ in range(2))
    targets = (people * items).sum(axis=1)
    fit = TowerFit(factors=2, hidden=16, dropout=0.0, epochs=30, batch=50, rate=0.02, decay=0.0, seed=0)
    weights = fit_towers(lambda rows: (people[rows], items[rows]), targets, fit=fit, progress=lambda done: None)
    left, right = apply_tower(weights, people, side="person"), apply_tower(weights, items, side="item")
    predicted = left[:, 0] + right[:, 0] + (left[:, 1:] * right[:, 1:]).sum(axis=1)
    assert np.square(predicted - targets).mean() < 0.05 * targets.var()
