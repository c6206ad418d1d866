"""LightGCN: its contract, and the averages that it is made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.learners.graph_embedding import LightGcn, LightGcnOptions, _make_graph
from recommender.learners.spectrum import start_embeddings, weigh_edges
from recommender.networks.graph_embedding import GraphPlan, GraphTrainer, _Smooth
from recommender.testing.datasets import FIRST_ITEM, make_dataset
from tests.recommender.learners.factor_worlds import SIDE, FactorContract, draw_clusters, make_clusters

PLAN = GraphPlan(
    layers=2,
    loss="bpr",
    temperature=0.2,
    negatives=5,
    rate=0.01,
    penalty=0.0,
    epochs=1,
    seconds=1.0,
    seed=0,
)


class TestLightGcn(FactorContract):
    component = LightGcn
    options = {"rank": 4, "epochs": 3, "batch": 64, "negatives": 7}
    world_options = {"rank": 4, "epochs": 20}


class TestLightGcnBpr(FactorContract):
    component = LightGcn
    options = {"rank": 3, "epochs": 3, "loss": "bpr", "layers": 3, "seed": 4}
    world_options = {"rank": 4, "epochs": 20, "loss": "bpr"}


def draw_matrix() -> NDArray[np.float64]:
    return (np.random.default_rng(3).random((7, 5)) < 0.5).astype(np.float64)


def smooth(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normalised graph (P + I, P + I) of the paper, dense."""
    people, items = matrix.shape
    graph = np.zeros((people + items, people + items))
    graph[:people, people:] = matrix
    graph[people:, :people] = matrix.T
    degrees = np.maximum(graph.sum(axis=1), 1.0)
    return np.asarray(graph / np.sqrt(degrees[:, None] * degrees[None, :]))


def make_trainer(matrix: NDArray[np.float64], start: NDArray[np.float32], plan: GraphPlan = PLAN) -> GraphTrainer:
    graph = _make_graph(weigh_edges(csr_matrix(matrix)))
    return GraphTrainer(graph, people=len(matrix), start=start, plan=plan, device=torch.device("cpu"), half=False)


def test_what_is_scored_is_the_mean_of_all_smoothings() -> None:
    matrix = draw_matrix()
    start = np.random.default_rng(1).normal(size=(12, 3)).astype(np.float32)
    final, inner = make_trainer(matrix, start).read()
    once = smooth(matrix) @ start
    np.testing.assert_allclose(final, (start + once + smooth(matrix) @ once) / 3, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(inner, start + once, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_smoothing_is_right() -> None:
    graph = torch.from_numpy(smooth(draw_matrix())).to_sparse()
    values = torch.randn(12, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda table: _Smooth.apply(graph, table), (values,))


def test_new_people_are_the_average_over_what_they_met() -> None:
    options = LightGcnOptions(rank=4, epochs=2, layers=2, loss="bpr")
    learner = LightGcn(options)
    found = learner.train(make_clusters(), progress=lambda done: None)
    rows = [*draw_clusters(), (30, 0, 0.0), (30, 3, 1.0)]
    encoded = learner.encode_profiles(found.arrays, make_dataset(rows, items=2 * SIDE + 1))
    expected = (found.arrays["inner"][0] + found.arrays["inner"][3]) / np.sqrt(2) / 3
    np.testing.assert_allclose(encoded[-1], expected, rtol=1e-5)
    np.testing.assert_array_equal(encoded[:-1], found.profile_matrix)


@pytest.mark.parametrize("shape", [(40, 9), (9, 40)])
def test_training_begins_at_the_graphs_leading_directions(shape: tuple[int, int]) -> None:
    matrix = csr_matrix(np.random.default_rng(5).random(shape) < 0.4).astype(np.float32)
    start = start_embeddings(weigh_edges(matrix), rank=2, seed=0)
    scores = start[: shape[0]] @ start[shape[0] :].T
    left, singular, right = np.linalg.svd(weigh_edges(matrix).toarray())
    nearest = (left[:, :2] * singular[:2]) @ right[:2]
    cosine = (scores * nearest).sum() / (np.linalg.norm(scores) * np.linalg.norm(nearest))
    assert cosine > 0.97


def test_time_ends_a_training_without_a_number_of_epochs() -> None:
    shares: list[float] = []
    found = LightGcn(LightGcnOptions(rank=2, seconds=1.0)).train(make_clusters(), progress=shares.append)
    assert len(found.item_ids) == 2 * SIDE
    assert shares[-1] == 1.0
    assert found.item_ids[0] == FIRST_ITEM
