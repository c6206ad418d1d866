from __future__ import annotations

import numpy as np
import pytest

from profiles.interests import decay_weights, find_clusters, sum_by_item


def unit(*rows: list[float]) -> np.ndarray:
    matrix = np.array(rows, dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def make_groups(counts: list[int], *, dimensions: int = 32, noise: float = 0.3, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = np.repeat(np.eye(len(counts), dimensions), counts, axis=0)
    return unit(*(centres + noise * random.standard_normal(centres.shape) / np.sqrt(dimensions)))


def list_rows(clusters) -> list[list[int]]:
    return [cluster.rows.tolist() for cluster in clusters]


def test_two_tastes_are_two_interests_the_heavier_first():
    vectors = make_groups([3, 5])
    clusters = find_clusters(vectors, np.ones(8))
    assert list_rows(clusters) == [[3, 4, 5, 6, 7], [0, 1, 2]]
    assert [cluster.weight for cluster in clusters] == pytest.approx([5 / 8, 3 / 8])
    for cluster in clusters:
        assert np.linalg.norm(cluster.vector) == pytest.approx(1.0)
        assert cluster.vector @ vectors[cluster.rows].mean(axis=0) > 0.9
        assert cluster.vector.dtype == np.float32


def test_weights_decide_the_order_and_the_direction():
    vectors = unit([1, 0], [0.8, 0.6], [0, 1])
    (first, second) = find_clusters(vectors, np.array([1.0, 3.0, 0.5]), similarity=0.7)
    assert list_rows([first, second]) == [[0, 1], [2]]
    assert first.vector == pytest.approx(unit([1 + 3 * 0.8, 3 * 0.6])[0])
    assert first.weight == pytest.approx(4 / 4.5)


def test_there_are_five_interests_at_most_the_heaviest_ones():
    clusters = find_clusters(np.eye(8, dtype=np.float32), np.arange(1.0, 9.0))
    assert list_rows(clusters) == [[7], [6], [5], [4], [3]]
    assert sum(cluster.weight for cluster in clusters) == pytest.approx(1.0)


def test_one_item_is_one_interest():
    (only,) = find_clusters(unit([3, 4]), np.array([0.2]))
    assert (only.weight, only.rows.tolist()) == (1.0, [0])
    assert only.vector == pytest.approx([0.6, 0.8])


def test_the_same_twice_gives_the_same_to_the_last_bit():
    vectors, weights = make_groups([4, 4, 4], noise=1.5, seed=3), np.linspace(0.1, 1.0, 12)
    first, second = find_clusters(vectors, weights), find_clusters(vectors, weights)
    assert list_rows(first) == list_rows(second)
    assert [c.vector.tobytes() for c in first] == [c.vector.tobytes() for c in second]


def test_a_dislike_pushes_the_interest_away_from_itself():
    vectors = unit([1, 0.2, 0], [1, -0.2, 0], [0.8, 0, 0.6])
    (without,) = find_clusters(vectors[:2], np.array([1.0, 1.0]))
    (pushed,) = find_clusters(vectors, np.array([1.0, 1.0, -0.5]))
    assert pushed.vector @ vectors[2] < without.vector @ vectors[2]
    assert pushed.vector @ vectors[0] > 0.9
    assert pushed.rows.tolist() == [0, 1]


def test_a_strong_dislike_ends_an_interest_and_leaves_the_other_alone():
    vectors = unit([1, 0, 0], [0, 1, 0], [1, 0.05, 0])
    (left,) = find_clusters(vectors, np.array([0.4, 0.4, -1.0]))
    assert (left.rows.tolist(), left.weight) == ([1], 1.0)
    assert left.vector == pytest.approx([0, 1, 0])


def test_a_dislike_of_something_else_changes_nothing():
    (only,) = find_clusters(unit([1, 0], [0, 1]), np.array([1.0, -1.0]))
    assert only.vector == pytest.approx([1, 0])


@pytest.mark.parametrize(
    ("vectors", "weights"),
    [
        (np.zeros((0, 4), dtype=np.float32), []),
        (np.zeros((2, 4), dtype=np.float32), [1.0, 1.0]),
        (np.eye(2, 4, dtype=np.float32), [0.0, 0.0]),
        (np.eye(2, 4, dtype=np.float32), [-1.0, -0.5]),
    ],
    ids=["no rows", "no vectors", "nothing said", "dislikes alone"],
)
def test_nothing_liked_is_no_interest(vectors, weights):
    assert find_clusters(vectors, np.array(weights)) == ()


def test_what_faded_long_ago_leaves_no_numbers_behind():
    vectors = unit([1, 0], [1, 0.1], [0, 1])
    tiny = find_clusters(vectors, np.array([1e-220, 1e-220, 1e-220]))
    assert list_rows(tiny) == [[0, 1], [2]]
    assert [cluster.weight for cluster in tiny] == pytest.approx([2 / 3, 1 / 3])
    assert list_rows(find_clusters(vectors, np.array([1.0, 1e-220, 1e-9]))) == [[0]]


def test_weights_halve_once_every_half_life_and_clocks_that_run_ahead_add_nothing():
    weights = decay_weights(
        np.array([1.0, 1.0, -1.0, 1.0]), ages=np.array([0.0, 10.0, 20.0, -5.0]), half_lives=np.full(4, 10.0)
    )
    assert weights.tolist() == [1.0, 0.5, -0.25, 1.0]


def test_rows_of_one_item_add_up_in_the_order_of_their_first():
    first, sums = sum_by_item([7, 3, 7, 9, 3], np.array([1.0, 0.5, 0.25, -1.0, 0.5]))
    assert first.tolist() == [0, 1, 3]
    assert sums.tolist() == [1.25, 1.0, -1.0]
