"""Rating factors: the contract, worlds with a known answer, resuming, and ratings that are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.learners import TrainingCancelled, Vectors
from recommender.learners.rating_factors import RatingFactors, RatingFactorsOptions
from recommender.testing.datasets import FIRST_ITEM, FIRST_PROFILE, make_dataset
from recommender.testing.learners import LearnerContract
from recommender.training.array_bytes import pack_arrays, unpack_arrays
from recommender.training.dataset import InteractionDataset
from tests.recommender.learners.ratings_world import (
    Rating,
    draw_taste_world,
    make_random_ratings,
    make_ratings,
)

QUICK = {"rank": 3, "sweeps": 40, "burn_in": 10, "draws": 8}


class TestRatingFactors(LearnerContract):
    component = RatingFactors
    options = {"rank": 3, "sweeps": 6, "draws": 3}

    def draw_dataset(self, seed: int) -> InteractionDataset:
        return make_random_ratings(seed)


class TestRatingFactorsWithoutAnyRating(LearnerContract):
    component = RatingFactors


class TestRatingFactorsWithoutImplicitRatings(LearnerContract):
    component = RatingFactors
    options = {"rank": 2, "sweeps": 5, "burn_in": 300, "draws": 9, "implicit_rank": 0, "noise_strength": 0.0, "seed": 4}

    def draw_dataset(self, seed: int) -> InteractionDataset:
        return make_random_ratings(seed)


class MemoryCheckpoint:
    """Keeps what is saved as bytes, as Postgres does."""

    def __init__(self) -> None:
        self.data: bytes | None = None

    def load(self) -> Mapping[str, NDArray[Any]] | None:
        return None if self.data is None else unpack_arrays(self.data)

    def save(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.data = pack_arrays(arrays)


def build(**options: Any) -> RatingFactors:
    return RatingFactors(RatingFactorsOptions(**{**QUICK, **options}))


def train(dataset: InteractionDataset, **options: Any) -> Vectors:
    return build(**options).train(dataset, progress=lambda done: None)


def predict(found: Vectors, pairs: list[tuple[int, int]]) -> NDArray[np.float32]:
    assert found.profile_ids is not None
    assert found.profile_matrix is not None
    people = {profile: row for row, profile in enumerate(found.profile_ids.tolist())}
    items = {item: row for row, item in enumerate(found.item_ids.tolist())}
    left = found.profile_matrix[[people[FIRST_PROFILE + profile] for profile, _ in pairs]]
    right = found.matrix[[items[FIRST_ITEM + item] for _, item in pairs]]
    return np.asarray((left * right).sum(axis=1))


def measure_error(found: Vectors, held: list[Rating]) -> float:
    predicted = predict(found, [(profile, item) for profile, item, _ in held])
    actual = np.array([value for _, _, value in held])
    return float(np.sqrt(np.square(predicted - actual).mean()))


def test_a_taste_that_half_of_the_people_invert_is_found() -> None:
    known, held = draw_taste_world()
    assert measure_error(train(known, sweeps=80), held) < 0.3  # the noise is 0.1; the mean of all is off by 1.5


def test_items_and_people_have_the_shape_that_makes_the_inner_product_a_rating() -> None:
    known, _ = draw_taste_world()
    found = train(known)
    assert found.metric == "inner_product"
    assert found.profile_matrix is not None
    assert found.matrix.shape[1] == found.profile_matrix.shape[1] == 2 * 3 + 2
    np.testing.assert_array_equal(found.matrix[:, -1], 1.0)
    np.testing.assert_array_equal(found.profile_matrix[:, -2], 1.0)
    stranger = found.matrix[:, -2] + found.metrics["mean_rating"]
    everybody = found.profile_matrix @ found.matrix.T
    np.testing.assert_allclose(stranger, everybody.mean(axis=0), atol=1e-3)


def test_the_metrics_say_the_scale_and_how_many_there_are() -> None:
    found = train(make_ratings([(0, 0, 2.0), (0, 1, 5.0), (1, 0, 3.0)], items=3))
    assert {name: found.metrics[name] for name in ("ratings", "lowest_rating", "highest_rating")} == {
        "ratings": 3.0,
        "lowest_rating": 2.0,
        "highest_rating": 5.0,
    }


def test_what_is_published_of_people_is_what_encoding_them_gives() -> None:
    known, _ = draw_taste_world()
    found = train(known)
    arrays = unpack_arrays(pack_arrays(found.arrays))
    np.testing.assert_array_equal(build().encode_profiles(arrays, known), found.profile_matrix)


def test_somebody_new_is_known_from_a_few_ratings() -> None:
    known, _ = draw_taste_world()
    found = train(known, sweeps=80)
    likes_odd = [(0, item, 4.5 if item % 2 else 1.5) for item in range(8)]
    queries = build().encode_profiles(found.arrays, make_ratings(likes_odd, items=30))
    scores = (queries @ found.matrix.T)[0]
    assert scores[9::2].min() > 3.5 > 2.5 > scores[8::2].max()


def test_items_may_have_come_and_gone_since() -> None:
    known, _ = draw_taste_world()
    found = train(known)
    few = make_ratings([(0, 0, 4.0), (0, 3, 1.0), (1, 2, 3.0)], items=5)
    alone = build().encode_profiles(found.arrays, few)
    # The items are those from the second on, with two that nobody knows; the ratings of the first are gone.
    moved = replace(
        few,
        item_ids=np.array([FIRST_ITEM + 2, FIRST_ITEM + 3, 900, 901], dtype=np.int64),
        items=np.array([3, 1, 0], dtype=np.int32),
        published=few.published[:4],
    )
    queries = build().encode_profiles(found.arrays, moved)
    np.testing.assert_array_equal(queries[1], alone[1])
    one = make_ratings([(0, 3, 1.0)], items=5)
    np.testing.assert_allclose(queries[0], build().encode_profiles(found.arrays, one)[0], rtol=1e-5)


def test_somebody_without_a_rating_of_a_known_item_is_a_row_of_zeros() -> None:
    known, _ = draw_taste_world()
    found = train(known)
    assert found.profile_ids is not None
    views = make_dataset([(0, 1, 0.0), (1, 2, 0.0)], items=30)
    assert not build().encode_profiles(found.arrays, views).any()
    strange = replace(make_ratings([(0, 0, 5.0)], items=1), item_ids=np.array([77], dtype=np.int64))
    assert not build().encode_profiles(found.arrays, strange).any()


def test_values_of_other_kinds_and_what_is_no_number_are_no_ratings() -> None:
    prices = make_ratings([(0, 0, 9.99), (1, 1, 20.0)], items=2, kind="purchase")
    assert not len(train(prices).item_ids)
    broken = make_ratings([(0, 0, float("nan")), (0, 1, float("inf")), (1, 1, float("-inf"))], items=2)
    assert not len(train(broken).item_ids)
    some = make_ratings([(0, 0, float("nan")), (0, 1, 4.0), (1, 1, 2.0)], items=2)
    assert train(some).metrics["ratings"] == 2.0


def test_of_several_ratings_of_one_item_by_one_person_the_latest_counts() -> None:
    changed = train(make_ratings([(0, 0, 1.0), (0, 1, 3.0), (0, 0, 5.0), (1, 0, 4.0)], items=2))
    last = train(make_ratings([(0, 1, 3.0), (0, 0, 5.0), (1, 0, 4.0)], items=2))
    assert changed.metrics["ratings"] == 3.0
    np.testing.assert_allclose(changed.matrix, last.matrix)


def test_ratings_that_are_all_the_same_are_predicted() -> None:
    found = train(make_ratings([(person, item, 4.0) for person in range(5) for item in range(5)], items=6))
    np.testing.assert_allclose(predict(found, [(0, 0), (4, 5)]), 4.0, atol=0.3)


def test_the_scale_may_be_any() -> None:
    known, held = draw_taste_world()
    scaled = replace(known, values=known.values * 1000.0)
    found = train(scaled, sweeps=80)
    assert measure_error(found, [(person, item, 1000.0 * value) for person, item, value in held]) < 300.0


def test_a_rating_too_large_for_half_precision_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a rating of 1e\+06: no more than 65504 can be published"):
        train(make_ratings([(0, 0, 1e6)], items=1))


def test_one_person_with_very_many_ratings_is_no_matter() -> None:
    found = train(make_ratings([(0, item, float(item % 5)) for item in range(5000)], items=5000), sweeps=4)
    assert np.isfinite(found.matrix).all()


@pytest.mark.parametrize("stops_at", [0.1, 0.45, 0.9])
def test_a_run_that_was_interrupted_goes_on_to_the_same_result(stops_at: float) -> None:
    known, _ = draw_taste_world()
    whole = train(known)
    checkpoint = MemoryCheckpoint()

    def stop(done: float) -> None:
        if done >= stops_at:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        build().train(known, progress=stop, checkpoint=checkpoint)
    resumed: list[float] = []
    found = build().train(known, progress=resumed.append, checkpoint=checkpoint)
    assert len(resumed) < 42
    np.testing.assert_array_equal(found.matrix, whole.matrix)
    np.testing.assert_array_equal(found.profile_matrix, whole.profile_matrix)  # type: ignore[arg-type]


def test_the_seed_decides() -> None:
    known, _ = draw_taste_world()
    assert (train(known, seed=1).matrix != train(known, seed=2).matrix).any()


def test_the_estimate_grows_with_everything() -> None:
    estimate = build().estimate_bytes
    assert estimate(10, 10, 10) < estimate(10_000, 10, 10) < estimate(10_000, 100_000, 10)
    assert estimate(10, 10, 10_000_000) > 1_000_000_000
