"""What learners of factors have in common, as tests, and the world that they are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.learners import TrainingCancelled, Vectors
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset
from recommender.testing.learners import LearnerContract
from recommender.training.dataset import InteractionDataset

SIDE = 6
"""Items of each cluster."""
PEOPLE = 24


def draw_clusters() -> list[Row]:
    """Return rows of people who met all items of one of two clusters but one; the last item is met by nobody."""
    return [
        (person, (person % 2) * SIDE + item, float(item))
        for person in range(PEOPLE)
        for item in range(SIDE)
        if item != person // 2 % SIDE
    ]


def make_clusters() -> InteractionDataset:
    return make_dataset(draw_clusters(), items=2 * SIDE + 1)


class Notebook:
    """A checkpoint in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, NDArray[Any]] | None = None
        self.count = 0

    def load(self) -> Mapping[str, NDArray[Any]] | None:
        return self.saved

    def save(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.saved = {name: array.copy() for name, array in arrays.items()}
        self.count += 1


class FactorContract(LearnerContract):
    """What holds of every learner that publishes vectors of items and people and can be taken up again.

    ``world_options`` are those with which it learns the two clusters.
    """

    world_options: ClassVar[dict[str, Any]] = {}

    def learn_clusters(self) -> tuple[Any, Vectors]:
        learner = self.construct(self.world_options)
        found = learner.train(make_clusters(), progress=lambda done: None)
        assert isinstance(found, Vectors)
        return learner, found

    def test_each_person_gets_what_is_missing_of_their_cluster_first(self) -> None:
        _, found = self.learn_clusters()
        assert found.profile_matrix is not None
        scores = np.full((PEOPLE, 2 * SIDE + 1), -np.inf)
        scores[:, found.item_ids - FIRST_ITEM] = found.profile_matrix @ found.matrix.T
        for person, item, *_ in draw_clusters():
            scores[person, item] = -np.inf
        missing = [(person % 2) * SIDE + person // 2 % SIDE for person in range(PEOPLE)]
        assert scores.argmax(axis=1).tolist() == missing

    def test_people_encoded_later_rank_as_those_trained_on(self) -> None:
        learner, found = self.learn_clusters()
        known = found.item_ids
        encoded = learner.encode_profiles(found.arrays, make_clusters())
        assert encoded.dtype == np.float32
        own = (np.arange(PEOPLE)[:, None] % 2) == ((known - FIRST_ITEM)[None, :] >= SIDE)
        scores = encoded @ found.matrix.T
        met = known < FIRST_ITEM + 2 * SIDE
        for row, mine in zip(scores[:, met], own[:, met], strict=True):
            assert row[mine].min() > row[~mine].max()

    def test_ids_of_items_and_not_their_places_count(self) -> None:
        learner, found = self.learn_clusters()
        whole = learner.encode_profiles(found.arrays, make_clusters())
        wider = make_dataset([(person, item + 3, day) for person, item, day, *_ in draw_clusters()], items=2 * SIDE + 4)
        moved = replace(wider, item_ids=wider.item_ids - 3)
        np.testing.assert_allclose(learner.encode_profiles(found.arrays, moved), whole, rtol=1e-4, atol=1e-6)

    def test_people_of_whom_nothing_is_known_get_zeros(self) -> None:
        learner, found = self.learn_clusters()
        strangers = make_dataset([(0, 0, 0.0, -1.0), (1, 1, 0.0), (2, 3, 0.0)], items=5)
        moved = replace(strangers, item_ids=np.array([FIRST_ITEM, 1, 2, FIRST_ITEM + 1, FIRST_ITEM + 2]))
        moved = replace(moved, item_ids=np.array([1, 2, 3, FIRST_ITEM, FIRST_ITEM + 1]))
        encoded = learner.encode_profiles(found.arrays, moved)
        assert encoded.any(axis=1).tolist() == [False, False, True]

    def test_a_run_taken_up_again_ends_as_one_that_went_through(self) -> None:
        dataset = self.draw_dataset(2)
        through = self.build().train(dataset, progress=lambda done: None)
        notes = Notebook()

        def stop(done: float) -> None:
            if notes.count and done > 0.3:
                raise TrainingCancelled

        with pytest.raises(TrainingCancelled):
            self.build().train(dataset, progress=stop, checkpoint=notes)  # type: ignore[call-arg]
        assert notes.saved is not None
        again = self.build().train(dataset, progress=lambda done: None, checkpoint=notes)  # type: ignore[call-arg]
        assert isinstance(through, Vectors)
        assert isinstance(again, Vectors)
        np.testing.assert_array_equal(again.matrix, through.matrix)
        np.testing.assert_array_equal(again.profile_matrix, through.profile_matrix)
