"""Learners of item-to-item tables: their contract, the formulas they name, and worlds with a known answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from catalog.extensions import load_options
from recommender.learners import Neighbours, learners, tables
from recommender.learners.ease import Ease
from recommender.learners.gram import invert_gram
from recommender.learners.item_knn import ItemKnn
from recommender.learners.rp3beta import Rp3beta
from recommender.learners.slim import Slim
from recommender.learners.tables import publish_rows, strongest_of_rows
from recommender.learners.user_knn import UserKnn
from recommender.records import HistoryReading
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset, make_random_rows
from recommender.testing.learners import LearnerContract, list_arrays, read_neighbours

KEYS = ["ease", "item_knn", "rp3beta", "slim", "user_knn"]
ITEMS = 20


class TestEase(LearnerContract):
    component = Ease
    options = {"penalty": 2.0, "popularity_share": 0.5}


class TestEaseBySteps(LearnerContract):
    component = Ease
    options = {"neighbours": 3, "window": 7, "half_life": 2.5}


class TestItemKnn(LearnerContract):
    component = ItemKnn


class TestItemKnnBm25(LearnerContract):
    component = ItemKnn
    options = {"similarity": "bm25", "shrinkage": 0.0}


class TestRp3beta(LearnerContract):
    component = Rp3beta


class TestSlim(LearnerContract):
    component = Slim
    options = {"penalty": 1.0, "sparsity": 0.5, "non_negative": False}


class TestUserKnn(LearnerContract):
    component = UserKnn


def learn(key: str, rows: list[Row], *, items: int = ITEMS, **options: Any) -> Neighbours:
    component = learners.get(key)
    learner = component(load_options(component.Options, options))  # type: ignore[call-arg]
    found = learner.train(make_dataset(rows, items=items), progress=lambda done: None)
    assert isinstance(found, Neighbours)
    return found


def read_table(found: Neighbours, *, items: int = ITEMS) -> np.ndarray[Any, np.dtype[np.float64]]:
    table = np.zeros((items, items))
    for source, row in read_neighbours(found).items():
        for target, weight in row.items():
            table[source - FIRST_ITEM, target - FIRST_ITEM] = weight
    return table


def draw_matrix(rows: list[Row], *, items: int = ITEMS) -> np.ndarray[Any, np.dtype[np.float64]]:
    matrix = np.zeros((1 + max(row[0] for row in rows), items))
    for profile, item, _, strength in rows:  # type: ignore[misc]
        matrix[profile, item] = max(matrix[profile, item], strength)
    return matrix


def two_clusters(seed: int = 0) -> list[Row]:
    """People of two tastes: items 0 to 9, and 10 to 19."""
    dice = np.random.default_rng(seed)
    return [
        (person, int(10 * (person % 2) + item), float(step))
        for person in range(60)
        for step, item in enumerate(dice.permutation(10)[:6])
    ]


@pytest.mark.parametrize("key", KEYS)
def test_two_tastes_stay_apart(key: str) -> None:
    table = read_table(learn(key, two_clusters(), **({"sparsity": 0.01} if key == "slim" else {})))
    inside = np.equal.outer(np.arange(ITEMS) // 10, np.arange(ITEMS) // 10)
    assert table[inside & ~np.eye(ITEMS, dtype=bool)].min() > table[~inside].max()


@pytest.mark.parametrize("key", KEYS)
def test_only_so_many_neighbours_are_kept_and_they_are_the_strongest(key: str) -> None:
    rows = make_random_rows(5)
    full, short = read_table(learn(key, rows)), read_table(learn(key, rows, neighbours=4))
    for whole, kept in zip(full, short, strict=True):
        assert np.count_nonzero(kept) <= 4
        np.testing.assert_array_equal(kept[kept != 0], whole[kept != 0])
        left_out = np.abs(whole[kept == 0])
        if kept.any():
            assert left_out.max() <= np.abs(kept[kept != 0]).min()


@pytest.mark.parametrize("key", KEYS)
def test_a_window_makes_a_reading_by_steps(key: str) -> None:
    assert learn(key, two_clusters(), window=9, half_life=2.0).readings == (HistoryReading(2.0, 9),)
    assert learn(key, two_clusters()).readings == ()


@pytest.mark.parametrize("key", KEYS)
def test_blocks_of_rows_change_nothing(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_random_rows(3)
    whole = list_arrays(learn(key, rows))
    monkeypatch.setattr(tables, "_BLOCK_BYTES", 1500)
    for name, array in list_arrays(learn(key, rows)).items():
        np.testing.assert_allclose(array, whole[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("key", KEYS)
def test_an_item_that_nobody_met_has_no_neighbours_and_is_none(key: str) -> None:
    found = learn(key, two_clusters(), items=ITEMS + 2)
    unmet = [FIRST_ITEM + ITEMS, FIRST_ITEM + ITEMS + 1]
    assert not np.isin(found.item_ids, unmet).any()
    assert not np.isin(found.neighbour_ids, unmet).any()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_ease_solves_its_equations(share: float) -> None:
    rows = make_random_rows(11)
    table = read_table(learn("ease", rows, penalty=4.0, popularity_share=share, neighbours=ITEMS))
    matrix = draw_matrix(rows)
    met = np.flatnonzero(matrix.any(axis=0))
    gram = matrix.T @ matrix
    counts = np.diagonal(gram)[met]
    penalties = 4.0 * (counts / counts.mean()) ** share
    # Off the diagonal the gradient is 0: Xᵀ(X - XB) = Λ B.
    gradient = (gram - gram @ table)[np.ix_(met, met)] - penalties[:, None] * table[np.ix_(met, met)]
    np.testing.assert_allclose(gradient[~np.eye(len(met), dtype=bool)], 0.0, atol=1e-6)


def test_ease_with_a_column_by_itself_is_a_ridge_regression() -> None:
    rows = make_random_rows(2)
    matrix = draw_matrix(rows)
    table = read_table(learn("ease", rows, penalty=3.0, neighbours=ITEMS))
    others = [item for item in range(ITEMS) if item != 4]
    x = matrix[:, others]
    expected = np.linalg.solve(x.T @ x + 3.0 * np.eye(ITEMS - 1), x.T @ matrix[:, 4])
    np.testing.assert_allclose(table[others, 4], expected, atol=1e-6)


def test_slim_without_sparsity_agrees_with_ease() -> None:
    rows = make_random_rows(4)
    ease = read_table(learn("ease", rows, penalty=5.0))
    slim = read_table(learn("slim", rows, penalty=5.0, sparsity=0.0, non_negative=False, rounds=300))
    np.testing.assert_allclose(slim, ease, atol=1e-3)


def test_slim_meets_the_conditions_of_its_optimum() -> None:
    rows = make_random_rows(4)
    matrix = draw_matrix(rows)
    table = read_table(learn("slim", rows, penalty=2.0, sparsity=1.5, rounds=500))
    gram = matrix.T @ matrix
    gradient = gram - gram @ table - 2.0 * table
    off = ~np.eye(ITEMS, dtype=bool)
    assert table.min() >= 0.0
    np.testing.assert_allclose(gradient[off & (table > 0)], 1.5, atol=0.02)
    assert gradient[off & (table == 0)].max() <= 1.52


def test_cosine_and_jaccard_without_shrinkage_are_the_textbook_ones() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 1, 1.0), (1, 0, 0.0), (1, 1, 1.0), (2, 0, 0.0), (3, 1, 0.0), (3, 2, 1.0)]
    cosine = read_table(learn("item_knn", rows, shrinkage=0.0), items=ITEMS)
    jaccard = read_table(learn("item_knn", rows, shrinkage=0.0, similarity="jaccard"), items=ITEMS)
    assert cosine[0, 1] == pytest.approx(2 / 3)
    assert cosine[1, 2] == pytest.approx(1 / np.sqrt(3))
    assert jaccard[0, 1] == pytest.approx(2 / 4)
    assert jaccard[1, 2] == pytest.approx(1 / 3)
    assert cosine[0, 2] == 0.0


@pytest.mark.parametrize("similarity", ["cosine", "jaccard", "tf_idf", "bm25"])
def test_every_similarity_is_that_of_whole_matrices(similarity: str) -> None:
    dice = np.random.default_rng(5)
    met = (dice.random((40, 23)) < 0.3).astype(float)
    rows: list[Row] = [(int(person), int(item), 0.0) for person, item in zip(*np.nonzero(met), strict=True)]
    found = read_table(learn("item_knn", rows, items=23, shrinkage=3.0, similarity=similarity), items=23)
    shared, people = met.T @ met, met.sum(axis=0)
    weighed = met * np.log1p(23 / met.sum(axis=1))[:, None] if similarity in ("tf_idf", "bm25") else met
    if similarity == "bm25":
        weighed = weighed * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * people / people.mean()))
    expected = weighed.T @ weighed / np.sqrt(np.outer((weighed**2).sum(axis=0), (weighed**2).sum(axis=0)))
    if similarity == "jaccard":
        expected = shared / (people[:, None] + people - shared)
    expected *= shared / (shared + 3.0)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_shrinkage_distrusts_what_few_share() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 1, 1.0), (1, 2, 0.0), (1, 3, 1.0), (2, 2, 0.0), (2, 3, 1.0)]
    table = read_table(learn("item_knn", rows, shrinkage=2.0))
    assert table[0, 1] == pytest.approx(1 / 3)
    assert table[2, 3] == pytest.approx(2 / 4)


def test_rp3beta_sums_the_walks() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 1, 1.0), (1, 1, 0.0), (1, 2, 1.0)]
    table = read_table(learn("rp3beta", rows, alpha=1.0, beta=0.0))
    assert table[0, 1] == pytest.approx(1.0 * 0.5)
    assert table[1, 0] == pytest.approx(0.5 * 0.5)
    held_back = read_table(learn("rp3beta", rows, alpha=1.0, beta=1.0))
    assert held_back[0, 1] == pytest.approx(0.25)


def test_user_neighbours_hold_back_people_who_met_everything() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 1, 1.0), *((1, item, float(item)) for item in range(10))]
    table = read_table(learn("user_knn", rows, popularity_exponent=0.0))
    assert table[0, 1] == pytest.approx(1 / 2 + 1 / 10)
    assert table[0, 2] == pytest.approx(1 / 10)


def test_a_strong_interaction_counts_more_than_a_weak_one() -> None:
    rows: list[Row] = [(0, 0, 0.0, 1.0), (0, 1, 1.0, 1.0), (0, 2, 2.0, 0.3), (1, 3, 0.0, 1.0)]
    table = read_table(learn("ease", rows, penalty=1.0))
    assert table[0, 1] > table[0, 2] > 0.0


def test_the_inverse_is_refused_where_there_is_none() -> None:
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite at item 1"):
        invert_gram(np.array([[1.0, 2.0], [2.0, 1.0]]), penalties=np.zeros(2))


@pytest.mark.parametrize("count", [1, 3, 511, 512, 1100])
def test_the_inverse_is_whole_and_right(count: int) -> None:
    dice = np.random.default_rng(count)
    half = dice.normal(size=(count, 40))
    gram = half @ half.T
    expected = np.linalg.inv(gram + np.diag(np.arange(1.0, count + 1)))
    np.testing.assert_allclose(invert_gram(gram.copy(), penalties=np.arange(1.0, count + 1)), expected, atol=1e-10)


def test_the_strongest_of_a_row_leave_out_its_own_and_zeros() -> None:
    table = np.array([[9.0, 2.0, 0.0, 5.0], [5.0, 9.0, -1.0, 5.0]])
    sources, targets, weights = strongest_of_rows(table, first=0, limit=3)
    assert sources.tolist() == [0, 0, 1, 1, 1]
    assert targets.tolist() == [3, 1, 0, 3, 2]
    assert weights.tolist() == [5.0, 2.0, 5.0, 5.0, -1.0]


@pytest.mark.parametrize(
    ("height", "width", "limit"), [(1, 1, 3), (4, 9, 20), (7, 4000, 20), (30, 1203, 40), (3, 900, 1)]
)
@pytest.mark.parametrize("filled", [1.0, 0.3, 0.01])
def test_the_strongest_of_a_row_are_those_of_a_whole_sort(height: int, width: int, limit: int, filled: float) -> None:
    dice = np.random.default_rng(height)
    # Few distinct sizes: many are equal.
    table = np.rint(dice.normal(size=(height, width)) * 20) * (dice.random((height, width)) < filled)
    sources, targets, weights = strongest_of_rows(table.astype(np.float32), first=0, limit=limit)
    for row in range(height):
        sizes = np.abs(table[row])
        sizes[row] = 0
        best = [column for column in np.argsort(-sizes, kind="stable")[:limit] if sizes[column]]
        expected = sorted(best, key=lambda column: (-table[row, column], column))
        assert targets[sources == row].tolist() == expected
        assert weights[sources == row].tolist() == table[row, expected].tolist()


def test_rows_of_several_banks_stay_apart() -> None:
    dataset = make_dataset([(0, 0, 0.0)], items=3)
    first = (np.array([0, 0, 2]), np.array([1, 2, 0]), np.array([3.0, 1.0, 2.0]))
    second = (np.array([0]), np.array([2]), np.array([7.0]))
    readings = (HistoryReading(1.0, 5), HistoryReading(8.0, 50))
    found = publish_rows(dataset, [[first], [second]], readings=readings)
    assert found.banks is not None
    assert found.banks.tolist() == [0, 0, 1]
    assert (found.item_ids - FIRST_ITEM).tolist() == [0, 2, 0]
    assert found.offsets.tolist() == [0, 2, 3, 4]
    assert found.weights.tolist() == [3.0, 1.0, 2.0, 7.0]
