"""Parts of the rating model against what they must equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.learners.rating_model import directions, posterior
from recommender.learners.rating_model.directions import count_by_root, find_directions
from recommender.learners.rating_model.links import Link
from recommender.learners.rating_model.merging import merge_draws, serve_people
from recommender.learners.rating_model.moments import find_moments, number_pairs
from recommender.learners.rating_model.posterior import fold_in
from recommender.learners.rating_model.rated_rows import RatedRows, find_ratings
from recommender.learners.rating_model.sampler import RatingSampler, SamplerOptions
from recommender.learners.rating_model.sides import draw_wishart_factor
from tests.recommender.learners.ratings_world import make_random_ratings

DAY = 86400.0
EPOCH = 1.6e9


def make_draws(seed: int, *, items: int, draws: int, factors: int) -> dict[str, NDArray[Any]]:
    dice = np.random.default_rng(seed)
    width = factors + 1
    halves = dice.normal(size=(draws, width, width))
    return {
        "vectors": dice.normal(size=(items, draws, width)).astype(np.float16),
        "implicit": dice.normal(scale=0.1, size=(items, draws, width)).astype(np.float16),
        "weights": dice.uniform(0.5, 2.0, size=(items, draws)).astype(np.float32),
        "means": dice.normal(size=(draws, width)),
        "precisions": halves @ halves.transpose(0, 2, 1) + np.eye(width),
    }


def fold_all(draws: dict[str, NDArray[Any]], ratings: RatedRows, people: int) -> NDArray[np.float64]:
    return np.concatenate([vectors for _, vectors in fold_in(draws, ratings, profiles=people)])


@pytest.mark.parametrize(("rows", "columns"), [(30, 12), (12, 30)])
@pytest.mark.parametrize("gram_up_to", [1, 2000])
def test_directions_rebuild_a_matrix_of_low_rank(
    rows: int, columns: int, gram_up_to: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directions, "_GRAM_UP_TO", gram_up_to)
    dice = np.random.default_rng(1)
    matrix = (dice.normal(size=(rows, 3)) @ dice.normal(size=(3, columns))).astype(np.float32)
    scores, loadings = find_directions(csr_matrix(matrix), rank=3, seed=0)
    np.testing.assert_allclose(loadings.T @ loadings, np.eye(3), atol=1e-4)
    np.testing.assert_allclose(scores @ loadings.T, matrix, atol=1e-4)


def test_no_more_directions_are_found_than_there_are() -> None:
    matrix = csr_matrix(np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], dtype=np.float32))
    scores, loadings = find_directions(matrix, rank=256, seed=0)
    assert scores.shape[1] == loadings.shape[1] <= 2
    np.testing.assert_allclose(scores @ loadings.T, matrix.toarray(), atol=1e-6)


def test_who_rated_what_has_unit_rows() -> None:
    matrix = count_by_root(np.array([0, 0, 0, 0, 2]), np.array([0, 1, 2, 3, 1]), shape=(3, 4)).toarray()
    np.testing.assert_allclose(np.square(matrix).sum(axis=1), [1.0, 0.0, 1.0])
    np.testing.assert_allclose(matrix[0], 0.5)


def test_wishart_draws_have_the_mean_and_the_spread_of_their_law() -> None:
    dice = np.random.default_rng(0)
    half = dice.normal(size=(3, 3))
    scatter = half @ half.T + np.eye(3)
    factors = [draw_wishart_factor(scatter, freedom=7, dice=dice) for _ in range(20_000)]
    draws = np.array([factor @ factor.T for factor in factors])
    scale = np.linalg.inv(scatter)
    np.testing.assert_allclose(draws.mean(axis=0), 7 * scale, atol=0.03)
    expected = 7 * (np.square(scale) + np.outer(np.diag(scale), np.diag(scale)))
    np.testing.assert_allclose(draws.var(axis=0), expected, rtol=0.1)


def test_a_link_finds_the_regression_behind_the_rows() -> None:
    dice = np.random.default_rng(0)
    features = dice.normal(size=(5000, 4)).astype(np.float32)
    weights = dice.normal(size=(4, 3))
    link = Link(features, 3)
    target = features @ weights + 0.1 * dice.normal(size=(5000, 3))
    for _ in range(20):
        link.draw(target, 10.0 * np.eye(3), dice)
    np.testing.assert_allclose(link.axes @ link.weights, weights, atol=0.02)
    other = Link(features, 3)
    other.restore(link.pack())
    np.testing.assert_array_equal(other.fitted, link.fitted)


def test_folding_in_is_the_ridge_regression_around_the_prior() -> None:
    draws = make_draws(2, items=5, draws=2, factors=2)
    items, values = np.array([0, 3, 4]), np.array([1.0, -0.5, 2.0])
    ratings = RatedRows(np.array([1, 1, 1]), items, values, np.zeros(3))
    found = fold_all(draws, ratings, 3)
    np.testing.assert_allclose(found[0], draws["means"], atol=1e-6)
    np.testing.assert_allclose(found[2], draws["means"], atol=1e-6)
    for draw in range(2):
        vectors = draws["vectors"][items, draw].astype(np.float64)
        design = np.column_stack([np.ones(3), vectors[:, 1:]])
        prior = draws["means"][draw] + draws["implicit"][items, draw].astype(np.float64).sum(axis=0) / np.sqrt(3)
        weights = np.diag(draws["weights"][items, draw])
        left = draws["precisions"][draw] + design.T @ weights @ design
        right = design.T @ weights @ (values - vectors[:, 0] - design @ prior)
        np.testing.assert_allclose(found[1, draw], prior + np.linalg.solve(left, right), atol=1e-4)


def test_blocks_of_people_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = make_draws(2, items=20, draws=3, factors=2)
    ratings = find_ratings(make_random_ratings(0))
    whole = fold_all(draws, ratings, 30)
    monkeypatch.setattr(posterior, "_BLOCK_CELLS", 1)
    np.testing.assert_allclose(fold_all(draws, ratings, 30), whole, rtol=1e-12)


def test_merging_at_full_rank_loses_nothing_but_the_number_of_draws() -> None:
    draws = make_draws(3, items=20, draws=3, factors=2)
    ratings = find_ratings(make_random_ratings(1))
    vectors = fold_all(draws, ratings, 30)
    merged = merge_draws(draws, ratings, profiles=30, rank=9, seed=0)
    people, centre = serve_people(merged, vectors), merged["centre"]
    items = merged["item_table"]
    assert items.shape[1] == people.shape[1] == 10
    found = centre[0] + people[:, :1] + items[:, 0] + people[:, 1:] @ items[:, 1:].T
    tables = draws["vectors"].astype(np.float64)
    expected = np.mean(
        [vectors[:, draw, :1] + tables[:, draw, 0] + vectors[:, draw, 1:] @ tables[:, draw, 1:].T for draw in range(3)],
        axis=0,
    )
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_moments_are_visits_days_and_months() -> None:
    dice = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 40)
    items = dice.integers(4, size=400)
    # Everybody comes on four days and rates ten items there, five at one instant and five at another, an hour later.
    places = np.tile(np.arange(40), 10)
    times = EPOCH + people * 3 * DAY + (places // 10) * 40 * DAY + (places % 10 >= 5) * 3600.0
    counts = [len(np.unique(groups)) for groups in find_moments(people, items, times)]
    assert counts[:3] == [40, 80, 80]  # by person: days, ten minutes, instants
    assert len(counts) == 5
    for groups in find_moments(people, items, times):
        assert set(groups) == set(range(int(groups.max()) + 1))


def test_where_times_are_but_an_order_runs_stand_for_visits() -> None:
    people = np.repeat(np.arange(3), 100)
    places = np.tile(np.arange(100.0), 3)
    counts = [len(np.unique(groups)) for groups in find_moments(people, people * 0, places)]
    assert counts == [15, 75]


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(np.full(50, EPOCH), id="all at once"),
        pytest.param(EPOCH + np.arange(50.0) * 100 * DAY, id="each by itself"),
        pytest.param(np.empty(0), id="no ratings"),
    ],
)
def test_moments_that_say_nothing_are_left_out(times: NDArray[np.float64]) -> None:
    people = np.zeros(len(times), dtype=np.int64)
    items = np.arange(len(times))
    assert find_moments(people, items, times) == []


def test_pairs_are_numbered_alike_where_they_are_alike() -> None:
    numbers = number_pairs(np.array([5, 5, 7, 5]), np.array([1, 2, 1, 1]))
    assert numbers[0] == numbers[3]
    assert len(set(numbers.tolist())) == 3


def test_a_mood_is_taken_for_a_mood_and_not_for_a_taste() -> None:
    dice = np.random.default_rng(0)
    people, items = (part.ravel() for part in np.meshgrid(np.arange(20), np.arange(40), indexing="ij"))
    visits = items // 10
    moods = dice.normal(size=(20, 4))
    values = 3.0 + moods[people, visits] + 0.1 * dice.normal(size=800)
    codes = number_pairs(people, visits)
    ratings = RatedRows(people, items, values, np.zeros(800))
    options = SamplerOptions(rank=2, implicit_rank=0)
    sampler = RatingSampler(ratings, profiles=20, items=40, options=options, groups=[codes], group_counts=[80])
    total = np.zeros(800)
    for sweep in range(60):
        sampler.sweep()
        total += sampler.predict(people, items, [codes]) if sweep >= 20 else 0.0
    assert np.sqrt(np.square(total / 40 - values).mean()) < 0.15
    assert np.corrcoef(sampler.effects[0][codes], moods[people, visits])[0, 1] > 0.8
