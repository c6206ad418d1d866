"""Two towers: the contract, items that are known by their content alone, and how people are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.learners import Vectors
from recommender.learners.two_tower import TwoTower, TwoTowerOptions
from recommender.networks.two_tower import TowerPlan, TowerTrainer, _draw_histories
from recommender.testing.datasets import FIRST_ITEM, make_dataset, make_random_rows
from recommender.training.dataset import InteractionDataset
from tests.recommender.learners.factor_worlds import SIDE, FactorContract, make_clusters

COLD = 2 * SIDE
"""The item of the clusters that nobody has met."""


def say_cluster(items: int) -> NDArray[np.float32]:
    """Return content (items, 3) that tells the clusters apart; what comes behind them belongs to the first."""
    content = np.zeros((items, 3), dtype=np.float32)
    content[:SIDE, 0] = content[SIDE : 2 * SIDE, 1] = 1.0
    content[2 * SIDE :, 0] = 1.0
    return content


def make_told_clusters() -> InteractionDataset:
    return replace(make_clusters(), content=say_cluster(2 * SIDE + 1))


class TestTwoTower(FactorContract):
    component = TwoTower
    options = {"rank": 4, "hidden": 5, "epochs": 3, "batch": 64}
    world_options = {"rank": 8, "hidden": 8, "epochs": 60, "rate": 0.01}


class TestTwoTowerWithContent(FactorContract):
    component = TwoTower
    options = {"rank": 3, "hidden": 4, "epochs": 3, "length": 4, "id_dropout": 0.5, "seed": 6}
    world_options = {"rank": 8, "hidden": 8, "epochs": 60, "rate": 0.01}

    def draw_dataset(self, seed: int) -> InteractionDataset:
        content = np.random.default_rng(seed).normal(size=(20, 5)).astype(np.float32)
        content[:3] = 0.0
        return replace(make_dataset(make_random_rows(seed, items=20), items=20), content=content)


def learn_told_clusters() -> tuple[TwoTower, Vectors]:
    learner = TwoTower(TwoTowerOptions(rank=8, hidden=8, epochs=60, rate=0.01))
    return learner, learner.train(make_told_clusters(), progress=lambda done: None)


def test_an_item_that_nobody_met_is_recommended_by_its_content() -> None:
    _, found = learn_told_clusters()
    assert found.profile_matrix is not None
    assert found.item_ids.tolist() == [FIRST_ITEM + item for item in range(2 * SIDE + 1)]
    scores = found.profile_matrix @ found.matrix.T
    assert (scores[0::2, COLD, None] > scores[0::2, SIDE : 2 * SIDE]).all()
    assert (scores[1::2, COLD, None] < scores[1::2, SIDE : 2 * SIDE]).all()


def test_without_content_an_item_that_nobody_met_is_not_published() -> None:
    found = TwoTower(TwoTowerOptions(rank=4, epochs=1)).train(make_clusters(), progress=lambda done: None)
    assert found.item_ids.tolist() == [FIRST_ITEM + item for item in range(2 * SIDE)]


def test_who_met_only_what_came_after_the_training_is_read_by_its_content() -> None:
    learner, found = learn_told_clusters()
    later = make_dataset([(0, COLD + 1, 0.0), (1, COLD + 2, 0.0)], items=2 * SIDE + 3)
    content = say_cluster(2 * SIDE + 3)
    content[COLD + 2] = 0.0
    encoded = learner.encode_profiles(found.arrays, replace(later, content=content))
    scores = encoded @ found.matrix.T
    assert scores[0, :SIDE].min() > scores[0, SIDE : 2 * SIDE].max()
    assert not encoded[1].any()
    assert not learner.encode_profiles(found.arrays, later).any()


def test_people_are_read_as_the_network_reads_them() -> None:
    met = csr_matrix((np.random.default_rng(0).random((6, 9)) < 0.5).astype(np.float32))
    content = np.random.default_rng(1).normal(size=(9, 2)).astype(np.float32)
    start = np.random.default_rng(2).normal(size=(9, 4)).astype(np.float32)
    plan = TowerPlan(5, 10.0, 0.0, 0.01, 0.0, 50, 1, 1.0, 0)
    trainer = TowerTrainer(met, start=start, content=content, plan=plan, device=torch.device("cpu"), half=False)
    people, items = np.repeat(np.arange(6), np.diff(met.indptr)), met.indices.astype(np.int64)
    trainer.run(lambda epoch: iter([(people, items)]), progress=lambda done: None, save=None)
    arrays = trainer.read()
    with torch.no_grad():
        means = torch.from_numpy(met.toarray() / met.sum(axis=1)).float() @ trainer.network.read_items()[0]
        expected = trainer.network.person_bend(means).numpy()
    rows = [(int(person), int(item), 0.0) for person, item in zip(people, items, strict=True)]
    arrays |= {"item_ids": np.arange(9) + FIRST_ITEM}
    encoded = TwoTower(TwoTowerOptions()).encode_profiles(arrays, make_dataset(rows, items=9))
    np.testing.assert_allclose(encoded, np.column_stack([expected, np.ones(6)]), rtol=1e-4, atol=1e-6)


def test_a_history_is_read_without_what_is_to_be_found_and_no_longer_than_is_said() -> None:
    met = csr_matrix(np.array([[1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 1]], dtype=np.float32))
    people, items = np.array([0, 1, 2]), np.array([2, 4, 5])
    dice = np.random.default_rng(0)
    seen: set[int] = set()
    for _ in range(50):
        history, there = _draw_histories(met, people, items, length=3, dice=dice)
        assert history.shape == (3, 3)
        seen.update(history[0][there[0]].tolist())
        assert len(set(history[0].tolist())) == 3
        assert history[1][there[1]].tolist() == [5]
        assert not there[2].any()
    assert seen == {0, 1, 3, 4}
