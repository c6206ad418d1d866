"""Held-out figures: what is cut off, who is asked, and what a right and a wrong answer are worth."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.cases import Split
from recommender.learners import Neighbours, Publication
from recommender.services.held_out import measure_publication, split_for_measuring
from recommender.testing.datasets import make_dataset
from recommender.training.dataset import InteractionDataset
from tests.recommender.chain_world import Follow, FollowOptions


def make_ring(*, profiles: int = 20, steps: int = 5, items: int = 30) -> InteractionDataset:
    rows = [(p, (p + step) % items, float(step * profiles + p)) for step in range(steps) for p in range(profiles)]
    return make_dataset(rows, items=items)


def cut(dataset: InteractionDataset, *, most_cases: int = 1000) -> Split:
    split = split_for_measuring(dataset, most_cases=most_cases)
    assert split is not None
    return split


def follow(split: Split, *, step: int) -> tuple[Publication, Follow]:
    learner = Follow(FollowOptions(step=step))
    return learner.train(split.train, progress=lambda fraction: None), learner


def test_a_tenth_of_the_rows_lies_after_the_cut_and_nothing_of_it_is_learned() -> None:
    split = cut(make_ring())
    assert (split.name, len(split.train), len(split.cases)) == ("time:0.9", 90, 10)
    assert len(split.cases.histories) == 40
    assert split.train.times.max() < split.cases.times.min()


def test_a_right_answer_is_worth_1_and_a_wrong_one_0() -> None:
    split = cut(make_ring())
    for step, figure in ((1, 1.0), (9, 0.0)):
        measured = measure_publication(*follow(split, step=step), split)
        assert {name: values.tolist() for name, values in measured.figures.items()} == {
            name: [figure] * 10 for name in ("ndcg@10", "hr@10", "recall@10")
        }


def test_people_who_come_after_the_cut_are_not_asked() -> None:
    rows = [(p, step, float(step * 10 + p)) for step in range(9) for p in range(10)]
    rows += [(10 + p, p, 100.0 + p) for p in range(5)] + [(0, 9, 106.0)]
    split = cut(make_dataset(rows, items=10))
    assert split.cases.profiles.tolist() == [0, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "times",
    [pytest.param([5.0] * 12, id="one moment"), pytest.param([1.0] * 4 + [5.0] * 8, id="most of it at one moment")],
)
def test_where_times_carry_nothing_the_next_item_is_asked_for(times: list[float]) -> None:
    rows = [(number % 3, number, times[number]) for number in range(12)]
    split = cut(make_dataset(rows, items=12))
    assert split.name == "next-item"
    assert split.cases.targets.items.tolist() == [9, 10, 11]


def test_where_hardly_anybody_comes_back_the_next_item_is_asked_for() -> None:
    """Each comes once and takes five steps at once; of 20 people one returns after the cut."""
    rows = [(p, (p + step) % 30, p + step / 10) for p in range(20) for step in range(5)] + [(0, 20, 30.0)]
    split = cut(make_dataset(rows, items=30))
    assert (split.name, len(split.cases)) == ("next-item", 20)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="nothing"),
        pytest.param([(0, 1, 0.0)], id="one interaction"),
        pytest.param([(p, 0, 1.0) for p in range(5)], id="one item"),
        pytest.param([(0, i, float(i), -1.0) for i in range(5)], id="dislikes alone"),
        pytest.param([(0, 1, float(i)) for i in range(50)], id="one item again and again"),
    ],
)
def test_too_little_to_measure_on_is_none(rows: list[tuple[int, ...]]) -> None:
    assert split_for_measuring(make_dataset(rows, items=6), most_cases=10) is None


def test_so_many_people_are_drawn_the_same_each_time() -> None:
    dataset = make_ring()
    few = cut(dataset, most_cases=4)
    again = cut(dataset, most_cases=4)
    everybody = cut(dataset)
    assert few.cases.profiles.tolist() == again.cases.profiles.tolist()
    assert len(few.cases) == 4
    for place, profile in enumerate(few.cases.profiles.tolist()):
        (number,) = np.flatnonzero(everybody.cases.profiles == profile)
        assert few.cases.targets.items[place] == everybody.cases.targets.items[number]
        assert few.cases.times[place] == everybody.cases.times[number]
    assert set(few.cases.histories.profiles.tolist()) == set(few.cases.profiles.tolist())
    measured = measure_publication(*follow(few, step=1), few)
    assert measured.figures["hr@10"].tolist() == [1.0] * 4


def test_items_that_were_met_are_not_listed_unless_people_come_back_to_them() -> None:
    """Two items in turn, at one moment: whoever hides what was seen finds nobody's next item."""
    rows = [(p, step % 2, 1.0) for p in range(4) for step in range(6)]
    split = cut(make_dataset(rows, items=4))
    assert split.name == "next-item"
    ids = split.train.item_ids
    there_and_back = Neighbours(ids[:2], np.array([0, 1, 2]), ids[[1, 0]], np.ones(2))
    measured = measure_publication(there_and_back, Follow(FollowOptions()), split)
    assert measured.figures["hr@10"].tolist() == [1.0] * 4


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    split = cut(make_ring())
    whole = measure_publication(*follow(split, step=1), split)
    monkeypatch.setattr("recommender.services.held_out.BATCH_NUMBERS", 90)
    parts = measure_publication(*follow(split, step=1), split)
    for name, values in whole.figures.items():
        np.testing.assert_array_equal(values, parts.figures[name])
