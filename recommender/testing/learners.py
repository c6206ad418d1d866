"""The contract of learners as tests: inherit LearnerContract and say how to build yours."""

import copy
import dataclasses
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog.testing.components import ComponentContract
from recommender.learners import (
    Arrays,
    Checkpoint,
    Learner,
    Neighbours,
    Progress,
    Publication,
    Scores,
    TrainingCancelled,
)
from recommender.learners.verification import verify_publication
from recommender.testing.datasets import make_dataset, make_random_rows
from recommender.training.array_bytes import pack_arrays, unpack_arrays
from recommender.training.dataset import InteractionDataset

ITEMS = 20


class LearnerContract(ComponentContract):
    """The tests that every learner passes; put them to yours so::

        class TestMine(LearnerContract):
            component = MyLearner
            options = {"epochs": 2}

    ``options`` are plain JSON values. Override ``draw_dataset`` if yours needs more than random interactions.
    """

    def build(self) -> Learner:
        """Build the learner from plain option values."""
        built: Learner = self.construct(self.options)
        return built

    def draw_dataset(self, seed: int) -> InteractionDataset:
        """Return a dataset to learn from."""
        return make_dataset(make_random_rows(seed, items=ITEMS), items=ITEMS)

    def train(
        self,
        dataset: InteractionDataset,
        *,
        progress: Progress = lambda fraction: None,
        checkpoint: Checkpoint | None = None,
    ) -> Publication:
        """Train a new learner; one that is resumable gets a checkpoint, an empty one in memory by default."""
        return self._start(self.build(), dataset, progress=progress, checkpoint=checkpoint)

    def _start(
        self,
        learner: Learner,
        dataset: InteractionDataset,
        *,
        progress: Progress = lambda fraction: None,
        checkpoint: Checkpoint | None = None,
    ) -> Publication:
        if not getattr(self.component, "resumable", False):
            return learner.train(dataset, progress=progress)
        named: dict[str, Any] = {"checkpoint": checkpoint or MemoryCheckpoint()}
        return learner.train(dataset, progress=progress, **named)

    @pytest.mark.parametrize("seed", range(5))
    def test_what_it_returns_fits_its_shape(self, seed: int) -> None:
        dataset = self.draw_dataset(seed)
        publication = self.train(dataset)
        verify_publication(publication, shape=self.component.shape)
        assert np.isin(list_items(publication), dataset.item_ids).all()
        assert all(np.isfinite(value) for value in publication.metrics.values())

    def test_the_same_data_and_options_give_the_same_result(self) -> None:
        dataset = self.draw_dataset(7)
        assert_same_publication(self.train(dataset), self.train(dataset))

    @pytest.mark.parametrize("saves", [1, 2])
    def test_broken_off_and_resumed_it_gives_the_same_result(self, saves: int) -> None:
        """Has nothing to say of a learner that is not resumable, or is done before it saves so often."""
        if not getattr(self.component, "resumable", False):
            return
        dataset = self.draw_dataset(5)
        checkpoint = MemoryCheckpoint(breaks_at=saves)
        with suppress(BrokenOff):
            self.train(dataset, checkpoint=checkpoint)
        checkpoint.breaks_at = 0
        assert_same_publication(self.train(dataset, checkpoint=checkpoint), self.train(dataset))

    def test_a_cancelled_training_ends(self) -> None:
        def cancel(fraction: float) -> None:
            raise TrainingCancelled

        with pytest.raises(TrainingCancelled):
            self.train(self.draw_dataset(2), progress=cancel)

    def test_training_changes_neither_the_dataset_nor_the_learner(self) -> None:
        dataset = self.draw_dataset(3)
        before = {name: array.copy() for name, array in list_arrays(dataset).items()}
        learner = self.build()
        state = copy.deepcopy(getattr(learner, "__dict__", {}))
        self._start(learner, dataset)
        for name, array in list_arrays(dataset).items():
            np.testing.assert_array_equal(array, before[name], err_msg=name)
        assert getattr(learner, "__dict__", {}) == state

    def test_progress_rises_from_0_to_1(self) -> None:
        fractions: list[float] = []
        self.train(self.draw_dataset(1), progress=fractions.append)
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0
        assert fractions[0] >= 0.0

    @pytest.mark.parametrize(
        "dataset",
        [
            pytest.param(make_dataset([], items=0), id="no items"),
            pytest.param(make_dataset([], items=3), id="no interactions"),
            pytest.param(make_dataset([(0, 1, 0.0)], items=3), id="one interaction"),
            pytest.param(make_dataset([(p, 0, 0.0, -1.0) for p in range(3)], items=2), id="dislikes alone"),
            pytest.param(make_dataset([(p, p % 2, 1.0) for p in range(4)], items=2), id="all at one moment"),
        ],
    )
    def test_a_small_dataset_is_no_error(self, dataset: InteractionDataset) -> None:
        publication = self.train(dataset)
        verify_publication(publication, shape=self.component.shape)
        assert np.isin(list_items(publication), dataset.item_ids).all()


class BrokenOff(Exception):
    """A worker has died."""


class MemoryCheckpoint:
    """Keeps what is saved, as bytes; the run breaks off at the save ``breaks_at``, at none where that is 0."""

    def __init__(self, *, breaks_at: int = 0) -> None:
        self.breaks_at = breaks_at
        self.saves = 0
        self._data: bytes | None = None

    def load(self) -> Arrays | None:
        """Return what was saved last."""
        return None if self._data is None else unpack_arrays(self._data)

    def save(self, arrays: Arrays) -> None:
        """Keep ``arrays``, and break off where that is due."""
        self._data = pack_arrays(arrays)
        self.saves += 1
        if self.saves == self.breaks_at:
            raise BrokenOff


def assert_same_publication(first: Publication, second: Publication) -> None:
    """Assert that two publications and the arrays kept with them are equal to the last bit."""
    for left, right in ((list_arrays(first), list_arrays(second)), (first.arrays, second.arrays)):
        assert left.keys() == right.keys()
        for name, array in left.items():
            np.testing.assert_array_equal(array, right[name], err_msg=name)


def list_arrays(record: object) -> dict[str, NDArray[Any]]:
    """Return the arrays among a record's fields."""
    fields = dataclasses.fields(record)  # type: ignore[arg-type]
    values = {field.name: getattr(record, field.name) for field in fields}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def list_items(publication: Publication) -> NDArray[np.int64]:
    """Return every item id that a publication mentions."""
    if isinstance(publication, Neighbours):
        return np.concatenate([publication.item_ids, publication.neighbour_ids])
    return publication.item_ids


def read_scores(publication: Publication) -> dict[int, float]:
    """Return a scores publication as a dictionary."""
    assert isinstance(publication, Scores)
    return dict(zip(publication.item_ids.tolist(), publication.scores.tolist(), strict=True))


def read_neighbours(publication: Publication) -> dict[int, dict[int, float]]:
    """Return a neighbours publication as dictionaries, best first."""
    assert isinstance(publication, Neighbours)
    rows = {}
    for place, item in enumerate(publication.item_ids.tolist()):
        part = slice(publication.offsets[place], publication.offsets[place + 1])
        rows[item] = dict(
            zip(publication.neighbour_ids[part].tolist(), publication.weights[part].tolist(), strict=True)
        )
    return rows
