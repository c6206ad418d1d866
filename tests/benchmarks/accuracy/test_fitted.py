"""What the automatic choice is shown: parts of the training part, drawn as the protocol says that the test was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.accuracy import fitted
from benchmarks.accuracy.fitted import MOST_SPLITS, AutoCandidate
from benchmarks.accuracy.protocols import Run
from recommender.evaluation.cases import Split
from recommender.evaluation.holdouts import random_split
from recommender.evaluation.splits import next_item
from recommender.testing.datasets import make_dataset, make_random_rows


class Seen(Exception):
    """Ends the fit once its splits are known."""


def find_splits(run: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Split], Any]:
    shown: list[Any] = []

    def fit(validation: Split, options: Any, *, further: list[Split], refit: Any, report: Any) -> None:
        shown.extend([[validation, *further], refit])
        raise Seen

    monkeypatch.setattr(fitted, "fit_auto", fit)
    candidate = AutoCandidate(ordered=False, budget_seconds=1.0, memory_bytes=2**30, report=print)
    with pytest.raises(Seen):
        candidate.fit(run, keep_seen=False, progress=lambda done: None)
    return shown[0], shown[1]


DATASET = make_dataset(make_random_rows(2, count=2000, profiles=80, items=30), items=30)


def test_few_people_are_asked_more_than_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run("seed 0", 0, random_split(DATASET, share=0.75, seed=0), at_random=True)
    splits, refit = find_splits(run, monkeypatch)
    assert [split.name for split in splits] == ["random-per-profile:0.9"] * MOST_SPLITS
    assert len({split.cases.targets.items.tobytes() for split in splits}) == MOST_SPLITS
    assert refit is run.split.train
    assert all(len(split.train) < len(refit) for split in splits)


def test_enough_people_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted, "ENOUGH_CASES", 10)
    splits, _ = find_splits(Run("seed 0", 0, random_split(DATASET, seed=0), at_random=True), monkeypatch)
    assert [split.name for split in splits] == ["random-per-profile:0.9"]


def test_where_the_test_is_of_unknown_make_what_belongs_together_is_held_out_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitted, "ENOUGH_CASES", 10)
    splits, _ = find_splits(Run("test", 0, random_split(DATASET, seed=0)), monkeypatch)
    assert [split.name for split in splits] == ["random-per-profile:0.9", "kindred:0.9"]


def test_a_protocol_with_its_own_validation_part_is_taken_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    validation = next_item(DATASET, which="validation")
    splits, refit = find_splits(Run("test", 0, next_item(DATASET), validation), monkeypatch)
    assert splits == [validation]
    assert refit is None
    np.testing.assert_array_equal(splits[0].cases.profiles, validation.cases.profiles)
