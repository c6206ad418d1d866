"""Spectral filters: their contract, the published methods that they contain, and worlds with a known answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog.extensions import load_options
from recommender.learners import Neighbours, spectral
from recommender.learners.ease import Ease
from recommender.learners.spectral import Spectral, SpectralOptions
from recommender.learners.spectral_filters import FilterName, make_filter, respond
from recommender.learners.spectrum import find_all_directions, find_leading_directions, make_orthonormal
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset, make_random_rows
from recommender.testing.learners import LearnerContract, read_neighbours

ITEMS = 20
PLAIN = {"user_power": 0.0, "item_power": 0.0}


class TestSpectral(LearnerContract):
    component = Spectral


class TestSpectralEase(LearnerContract):
    component = Spectral
    options = {"ease_scale": True, "ridge": 0.05, "output_shift": -0.1, "value_weight": 0.2, "neighbours": 4}


class TestSpectralLowPass(LearnerContract):
    component = Spectral
    options = {"filter": "linear", "low_pass": 0.3, "low_pass_rank": 4}


class TestSpectralLeading(LearnerContract):
    component = Spectral
    options = {"rank": 3, "ease_scale": True}

    @pytest.fixture(autouse=True)
    def _small_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spectral, "EXACT_SIDE", 0)


def learn(rows: list[Row], *, items: int = ITEMS, **options: Any) -> NDArray[np.float64]:
    """Return the published table (I, I)."""
    learner = Spectral(load_options(SpectralOptions, options))
    return read_table(learner.train(make_dataset(rows, items=items), progress=lambda done: None), items=items)


def read_table(found: Neighbours, *, items: int = ITEMS) -> NDArray[np.float64]:
    table = np.zeros((items, items))
    for source, row in read_neighbours(found).items():
        for target, weight in row.items():
            table[source - FIRST_ITEM, target - FIRST_ITEM] = weight
    return table


def draw_matrix(rows: list[Row], *, items: int = ITEMS) -> NDArray[np.float64]:
    matrix = np.zeros((1 + max(row[0] for row in rows), items))
    for profile, item, _, strength in rows:  # type: ignore[misc]
        matrix[profile, item] = max(matrix[profile, item], strength)
    return matrix


def test_ridge_with_its_scale_and_no_powers_is_ease() -> None:
    rows = make_random_rows(3, items=ITEMS)
    strongest = np.linalg.norm(draw_matrix(rows), 2) ** 2
    ease = Ease(load_options(Ease.Options, {"penalty": 5.0}))
    expected = read_table(ease.train(make_dataset(rows, items=ITEMS), progress=lambda done: None))
    np.testing.assert_allclose(
        learn(rows, ridge=5.0 / strongest, ease_scale=True, **PLAIN), expected, rtol=1e-4, atol=1e-6
    )


def test_linear_with_a_low_pass_is_gf_cf() -> None:
    rows = make_random_rows(5, items=ITEMS)
    matrix = draw_matrix(rows)
    people, items = (matrix > 0).sum(axis=1), (matrix > 0).sum(axis=0)
    met = items > 0
    scale = np.where(met, np.maximum(items, 1) ** -0.5, 0.0)
    graph = np.maximum(people, 1)[:, None] ** -0.5 * matrix * scale
    graph /= np.linalg.norm(graph, 2)
    right = np.linalg.svd(graph)[2][:4].T
    expected = graph.T @ graph + 0.3 * np.outer(scale, np.where(met, items**0.5, 0.0)) * (right @ right.T)
    np.fill_diagonal(expected, 0.0)
    table = learn(rows, filter="linear", low_pass=0.3, low_pass_rank=4, user_power=0.5, item_power=0.5)
    np.testing.assert_allclose(table, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"ease_scale": True, "ridge": 0.05}, {"filter": "linear", "low_pass": 0.3}])
def test_all_directions_by_iteration_give_the_exact_table(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_random_rows(7, items=ITEMS)
    exact = learn(rows, **options)
    monkeypatch.setattr(spectral, "EXACT_SIDE", 0)
    np.testing.assert_allclose(learn(rows, tail=False, **options), exact, atol=1e-4)


def test_few_directions_and_the_tail_are_nearer_to_the_exact_table_than_few_directions_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = make_random_rows(9, items=ITEMS)
    exact = learn(rows)
    monkeypatch.setattr(spectral, "EXACT_SIDE", 0)
    with_tail, without = (np.abs(learn(rows, rank=4, tail=tail) - exact).max() for tail in (True, False))
    assert with_tail < without / 2


def test_the_linear_filter_needs_no_direction_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_random_rows(11, items=ITEMS)
    exact = learn(rows, filter="linear")
    monkeypatch.setattr(spectral, "EXACT_SIDE", 0)
    np.testing.assert_allclose(learn(rows, filter="linear", rank=1), exact, rtol=1e-4, atol=1e-6)


def test_two_clusters_recommend_their_own() -> None:
    rows: list[Row] = [(p, (p % 2) * 5 + item, 0.0) for p in range(20) for item in range(5) if item != p // 2 % 5]
    table = learn(rows, items=10, ridge=0.2)
    assert (table[:5, :5] + np.eye(5) > 0).all()
    assert (table[5:, 5:] + np.eye(5) > 0).all()
    np.testing.assert_allclose(table[:5, 5:], 0.0, atol=1e-6)
    np.testing.assert_allclose(table[5:, :5], 0.0, atol=1e-6)


def test_the_largest_weights_are_kept_whatever_their_sign() -> None:
    rows = make_random_rows(3, items=ITEMS)
    whole, cut = (learn(rows, ridge=0.01, neighbours=limit) for limit in (200, 3))
    met = np.abs(whole).sum(axis=1) > 0
    third = np.sort(np.abs(whole[met]), axis=1)[:, -3]
    assert (np.abs(whole[met][cut[met] != 0]) >= np.repeat(third, 3) - 1e-12).all()
    assert (cut < 0).any()


def test_popularity_is_given_back_as_far_as_it_is_said() -> None:
    rows = make_random_rows(3, items=ITEMS)
    counts = (draw_matrix(rows) > 0).sum(axis=0)
    less, more = (learn(rows, output_shift=shift) for shift in (0.0, 0.5))
    np.testing.assert_allclose(more, less * counts**0.5, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", ["ridge", "linear"])
def test_filters_rise_from_nothing_to_the_strongest_direction(name: FilterName) -> None:
    strengths = np.linspace(0.0, 1.0, 101)
    kept = respond(strengths, name=name, ridge=0.5)
    assert kept[0] == 0.0
    assert (np.diff(kept) >= 0).all()
    assert kept[-1] == pytest.approx({"ridge": 1 / 1.5, "linear": 1.0}[name])


def test_a_complete_filter_has_no_line_and_the_low_pass_lifts_the_leading_directions() -> None:
    found = make_filter(
        np.array([1.0, 0.5, 0.25]), complete=True, name="ridge", ridge=0.5, low_pass=0.2, low_pass_rank=1, tail=True
    )
    assert found.slope == 0.0
    np.testing.assert_allclose(found.gains, [1 / 1.5 + 0.2, 0.5, 0.25 / 0.75], rtol=1e-6)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
def test_both_searches_for_directions_rebuild_the_matrix(shape: tuple[int, int]) -> None:
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(np.random.default_rng(1).random(shape) * (np.random.default_rng(2).random(shape) < 0.4))
    gram = (matrix.T @ matrix).toarray()
    for singular, vectors in (
        find_all_directions(matrix),
        find_leading_directions(matrix.astype(np.float32), count=12, seed=0),
    ):
        assert (np.diff(singular) <= 0).all()
        np.testing.assert_allclose((vectors * singular**2) @ vectors.T, gram, atol=1e-4)


@pytest.mark.parametrize("rank", [8, 5])
def test_a_basis_is_orthonormal_whether_its_columns_depend_on_each_other_or_not(rank: int) -> None:
    dice = np.random.default_rng(3)
    columns = (dice.normal(size=(400, rank)) @ dice.normal(size=(rank, 8))).astype(np.float32)
    basis = make_orthonormal(columns)
    np.testing.assert_allclose(basis.T @ basis, np.eye(8), atol=1e-5)
    np.testing.assert_allclose(basis @ (basis.T @ columns), columns, atol=1e-4)


def test_gowalla_fits_16_gib() -> None:
    assert Spectral(SpectralOptions()).estimate_bytes(40_981, 29_858, 810_128) < 16 * 2**30
