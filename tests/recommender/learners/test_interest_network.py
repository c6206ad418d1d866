"""The interest network: the contract, texts that tell tastes apart, items that nobody has rated."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.learners import Vectors
from recommender.learners.interest_network import InterestNetwork, InterestNetworkOptions
from recommender.learners.rating_model.rated_rows import find_ratings
from recommender.learners.rating_model.text_profiles import TextProfiles, find_reduction
from recommender.testing.datasets import FIRST_ITEM
from recommender.testing.learners import LearnerContract
from recommender.training.array_bytes import pack_arrays, unpack_arrays
from recommender.training.dataset import InteractionDataset
from tests.recommender.learners.ratings_world import draw_taste_world, make_random_ratings, make_ratings

WIDTH = 6
QUICK = {"width": 4, "factors": 3, "hidden": 16, "epochs": 2, "batch": 64}


def add_content(dataset: InteractionDataset, content: NDArray[np.floating]) -> InteractionDataset:
    lengths = np.maximum(np.linalg.norm(content, axis=1, keepdims=True), 1e-12)
    return replace(dataset, content=(content / lengths).astype(np.float32))


class TestInterestNetwork(LearnerContract):
    component = InterestNetwork
    options = QUICK

    def draw_dataset(self, seed: int) -> InteractionDataset:
        dice = np.random.default_rng(seed)
        content = dice.normal(size=(20, WIDTH))
        content[::7] = 0.0
        return add_content(make_random_ratings(seed), content)


class TestInterestNetworkWithoutTexts(LearnerContract):
    component = InterestNetwork

    def draw_dataset(self, seed: int) -> InteractionDataset:
        return make_random_ratings(seed)


def build(**options: Any) -> InterestNetwork:
    return InterestNetwork(InterestNetworkOptions(**{**QUICK, **options}))


def train(dataset: InteractionDataset, **options: Any) -> Vectors:
    return build(**options).train(dataset, progress=lambda done: None)


def tell_tastes(items: int, *, seed: int = 1) -> NDArray[np.float64]:
    """Texts whose first entry says whether the item's number is odd."""
    content = np.random.default_rng(seed).normal(scale=0.3, size=(items, WIDTH))
    content[:, 0] = np.where(np.arange(items) % 2, 1.0, -1.0)
    return content


@pytest.fixture(scope="module")
def world() -> tuple[InteractionDataset, Vectors]:
    """Half of the people like items of odd numbers; the last six items have been rated by nobody."""
    known, _ = draw_taste_world(items=36, people=80)
    known = add_content(known.keep_rows(known.items < 30), tell_tastes(36))
    return known, train(known, epochs=60, rate=1e-2)


def test_items_that_nobody_has_rated_are_predicted_from_their_texts(
    world: tuple[InteractionDataset, Vectors],
) -> None:
    known, found = world
    assert found.profile_matrix is not None
    assert len(found.item_ids) == 36
    scores = found.profile_matrix @ found.matrix.T
    ratings = find_ratings(known)
    odd = np.array([ratings.values[(ratings.profiles == p) & (ratings.items % 2 == 1)].mean() for p in range(80)])
    likes_odd = odd > 3.0
    right = (scores[:, 31::2].mean(axis=1) > scores[:, 30::2].mean(axis=1)) == likes_odd
    assert right.all()
    assert np.abs(scores[likes_odd, 31::2].mean() - 4.5) < 0.5
    assert np.abs(scores[likes_odd, 30::2].mean() - 1.5) < 0.5


def test_what_is_published_of_people_is_what_encoding_them_gives(world: tuple[InteractionDataset, Vectors]) -> None:
    known, found = world
    arrays = unpack_arrays(pack_arrays(found.arrays))
    np.testing.assert_array_equal(build().encode_profiles(arrays, known), found.profile_matrix)


def test_somebody_new_is_known_from_ratings_of_items_that_came_later(
    world: tuple[InteractionDataset, Vectors],
) -> None:
    _, found = world
    ratings = [(0, item, 4.5 if item % 2 else 1.5) for item in range(6)]
    late = add_content(make_ratings(ratings, items=6), tell_tastes(6, seed=5))
    late = replace(late, item_ids=late.item_ids + 5000)
    scores = (build().encode_profiles(found.arrays, late) @ found.matrix.T)[0]
    assert scores[1::2].min() > scores[0::2].max()


def test_without_a_rating_of_an_item_with_a_text_somebody_is_a_row_of_zeros(
    world: tuple[InteractionDataset, Vectors],
) -> None:
    _, found = world
    silent = make_ratings([(0, 0, 5.0)], items=2)
    assert not build().encode_profiles(found.arrays, silent).any()
    assert not build().encode_profiles(found.arrays, add_content(silent, np.zeros((2, WIDTH)))).any()
    half = add_content(make_ratings([(0, 0, 5.0), (1, 1, 4.0)], items=2), np.eye(2, WIDTH) * [[0.0], [1.0]])
    assert build().encode_profiles(found.arrays, half).any(axis=1).tolist() == [False, True]


def test_items_without_a_text_are_left_out() -> None:
    content = tell_tastes(5)
    content[2] = 0.0
    found = train(add_content(make_ratings([(0, 0, 5.0), (0, 1, 1.0), (1, 2, 3.0)], items=5), content))
    assert (found.item_ids - FIRST_ITEM).tolist() == [0, 1, 3, 4]
    assert found.metrics == {"ratings": 2.0, "items_without_text": 1.0}


def test_without_texts_nothing_is_published_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = train(make_ratings([(0, 0, 5.0)], items=2))
    assert not len(found.item_ids)
    assert "no rating of an item with a text vector" in caplog.text


def test_a_pair_is_learned_from_without_its_own_rating() -> None:
    dataset = make_ratings([(0, 0, 5.0), (0, 1, 1.0), (0, 2, 4.0), (1, 0, 2.0)], items=3)
    ratings = find_ratings(dataset)
    vectors = np.eye(3, dtype=np.float32)
    means = np.zeros(3, dtype=np.float32)
    described = TextProfiles(ratings, vectors, profiles=2, mean=3.0, item_means=means)
    inputs, items = described.describe_without(np.array([0]))
    np.testing.assert_array_equal(items, vectors[[0]])
    rest = find_ratings(dataset.keep_rows(np.array([1, 2, 3])))
    alone = TextProfiles(rest, vectors, profiles=2, mean=3.0, item_means=means).describe_all()[[0]]
    np.testing.assert_allclose(inputs, alone, rtol=1e-6)
    last, _ = described.describe_without(np.array([3]))
    np.testing.assert_array_equal(last, np.zeros((1, 8)))


def test_a_reduction_keeps_what_texts_differ_in() -> None:
    dice = np.random.default_rng(0)
    content = np.column_stack([np.full(50, 5.0), dice.normal(size=50), dice.normal(scale=1e-3, size=50)])
    content = content.astype(np.float32)
    reduction = find_reduction(content, width=1)
    reduced = reduction.reduce(content)
    assert np.abs(np.corrcoef(reduced[:, 0], content[:, 1])[0, 1]) > 0.999
    assert np.square(reduced).mean() == pytest.approx(1.0, rel=1e-3)
    assert not reduction.reduce(np.zeros((2, 3), dtype=np.float32)).any()


def test_training_leaves_the_random_stream_of_the_process_alone() -> None:
    torch = pytest.importorskip("torch")
    dataset = add_content(make_random_ratings(1), np.random.default_rng(0).normal(size=(20, WIDTH)))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(dataset)
    assert torch.equal(torch.rand(3), expected)
