"""The bridge from histories to the factors of people."""

import numpy as np
from scipy.sparse import csr_matrix

from recommender.learners.factor_vectors import cross_bridge, fit_bridge
from recommender.testing.datasets import make_dataset
from recommender.training.dataset import InteractionDataset

ITEMS, RANK = 40, 4


def draw_world(people: int, *, seed: int) -> tuple[InteractionDataset, csr_matrix]:
    dice = np.random.default_rng(seed)
    met = (dice.random((people, ITEMS)) < 0.2).astype(np.float32)
    met[:, 0] = 1.0
    rows = [(int(person), int(item), 0.0) for person, item in zip(*np.nonzero(met), strict=True)]
    return make_dataset(rows, items=ITEMS), csr_matrix(met)


def test_a_bridge_finds_how_people_lie_and_leads_others_there() -> None:
    dice = np.random.default_rng(0)
    items = dice.standard_normal((ITEMS, RANK), dtype=np.float32)
    turn, shift = dice.standard_normal((RANK, RANK)), dice.standard_normal(RANK)
    found = []
    for seed, people in ((1, 400), (2, 50)):
        dataset, met = draw_world(people, seed=seed)
        means = (met @ items) / np.diff(met.indptr)[:, None]
        found.append((dataset, met, (means @ turn + shift).astype(np.float32)))
    _, met, people = found[0]
    arrays = {"item_ids": found[0][0].item_ids, "items": items, "bridge": fit_bridge(met, items, people)}
    others, _, expected = found[1]
    off = cross_bridge(arrays, others) - expected
    assert np.sqrt((off**2).mean()) < 0.05 * expected.std()


def test_a_bridge_over_items_that_are_all_alike_is_finite() -> None:
    items = np.zeros((ITEMS, RANK), dtype=np.float32)
    items[:, 0] = 1.0
    _, met = draw_world(5, seed=3)
    assert np.isfinite(fit_bridge(met, items, np.ones((5, RANK), dtype=np.float32))).all()


def test_who_met_nothing_known_has_zeros() -> None:
    dataset, met = draw_world(6, seed=4)
    items = np.ones((ITEMS, RANK), dtype=np.float32)
    arrays = {"item_ids": dataset.item_ids + 1000, "items": items, "bridge": fit_bridge(met, items, items[:6])}
    assert not cross_bridge(arrays, dataset).any()
