"""Splits along time: who is asked for what, and that nothing later is known before."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from recommender.evaluation.cases import Split, SplitError
from recommender.evaluation.splits import cut_at, next_item, time_split
from recommender.learners.co_visitation import CoVisitation, CoVisitationOptions
from recommender.testing.datasets import DAY, START, Row, make_dataset, make_random_rows
from recommender.training.dataset import InteractionDataset

ROW_FIELDS = ("profiles", "items", "times", "strengths", "values", "kinds")


def walk(profile: int, *items: int, start: float = 0.0) -> list[Row]:
    return [(profile, item, start + step) for step, item in enumerate(items)]


def read_rows(dataset: InteractionDataset) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for profile, item in zip(dataset.profiles.tolist(), dataset.items.tolist(), strict=True):
        found.setdefault(profile, []).append(item)
    return found


def read_targets(split: Split) -> dict[int, list[int]]:
    offsets = split.cases.targets.offsets
    return {
        profile: split.cases.targets.items[offsets[case] : offsets[case + 1]].tolist()
        for case, profile in enumerate(split.cases.profiles.tolist())
    }


def day(number: float) -> float:
    return START.timestamp() + number * DAY


def test_the_last_step_is_asked_and_all_before_it_is_read() -> None:
    split = next_item(make_dataset(walk(0, 0, 1, 2, 3) + walk(1, 3, 2, 1), items=5))
    assert read_rows(split.train) == {0: [0, 1], 1: [3]}
    assert read_rows(split.cases.histories) == {0: [0, 1, 2], 1: [3, 2]}
    assert read_targets(split) == {0: [3], 1: [1]}
    assert split.cases.times.tolist() == [day(3), day(2)]
    assert split.name == "next-item"


def test_validation_asks_for_the_last_but_one_and_learns_from_the_same() -> None:
    dataset = make_dataset(walk(0, 0, 1, 2, 3) + walk(1, 3, 2, 1), items=5)
    split = next_item(dataset, which="validation")
    assert read_rows(split.train) == {0: [0, 1], 1: [3]}
    assert read_rows(split.cases.histories) == {0: [0, 1], 1: [3]}
    assert read_targets(split) == {0: [2], 1: [2]}
    assert split.cases.times.tolist() == [day(2), day(1)]


def test_short_profiles_are_learned_from_whole_and_not_asked() -> None:
    split = next_item(make_dataset(walk(0, 4, 2) + walk(1, 0, 1, 2) + walk(2, 3), items=5))
    assert read_rows(split.train) == {0: [4, 2], 1: [0], 2: [3]}
    assert split.cases.profiles.tolist() == [1]
    assert read_rows(split.cases.histories) == {1: [0, 1]}
    assert len(split.train.profile_ids) == len(split.cases.histories.profile_ids) == 3


def test_a_run_of_the_target_does_not_give_it_away() -> None:
    split = next_item(make_dataset(walk(0, 0, 1, 1, 2, 2, 2), items=3))
    assert read_rows(split.train) == {0: [0]}
    assert read_rows(split.cases.histories) == {0: [0, 1, 1]}
    assert read_targets(split) == {0: [2]}
    assert split.cases.times.tolist() == [day(3)]


def test_dismissals_are_read_and_never_asked_for() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 3, 1.0, -1.0), (0, 1, 2.0), (0, 2, 3.0), (0, 4, 4.0, -1.0)]
    split = next_item(make_dataset(rows, items=5))
    assert read_rows(split.train) == {0: [0, 3]}
    assert read_rows(split.cases.histories) == {0: [0, 3, 1]}
    assert read_targets(split) == {0: [2]}


def test_rows_of_one_moment_keep_the_order_of_the_data() -> None:
    split = next_item(make_dataset([(0, item, 0.0) for item in (3, 1, 2, 0)], items=4))
    assert read_rows(split.cases.histories) == {0: [3, 1, 2]}
    assert read_targets(split) == {0: [0]}


def test_an_item_met_before_stays_a_target() -> None:
    assert read_targets(next_item(make_dataset(walk(0, 0, 1, 0), items=2))) == {0: [0]}


@pytest.mark.parametrize("which", ["test", "validation"])
def test_nobody_with_three_steps_is_said(which: Literal["test", "validation"]) -> None:
    with pytest.raises(SplitError, match="leaves nobody to test: no target among 4 interactions"):
        next_item(make_dataset(walk(0, 0, 1) + walk(1, 1, 0), items=2), which=which)
    with pytest.raises(SplitError, match="leaves no interaction to learn from, of 0"):
        next_item(make_dataset([], items=2), which=which)


def test_a_cut_asks_for_what_is_first_met_after_it() -> None:
    rows = [*walk(0, 0, 1, 2, 1, 3), *walk(1, 4, 4, start=0.0), (2, 0, 9.0), (2, 1, 8.0)]
    split = cut_at(make_dataset(rows, items=5), cut=day(2))
    assert read_rows(split.train) == {0: [0, 1], 1: [4, 4]}
    assert read_rows(split.cases.histories) == {0: [0, 1]}
    assert read_targets(split) == {0: [2, 3], 2: [1, 0]}
    assert split.cases.times.tolist() == [day(2), day(2)]
    assert split.train.until.timestamp() == day(1)


def test_newcomers_may_be_left_out() -> None:
    dataset = make_dataset([*walk(0, 0, 1, 2), (1, 0, 2.0)], items=3)
    assert read_targets(cut_at(dataset, cut=day(2))) == {0: [2], 1: [0]}
    assert read_targets(cut_at(dataset, cut=day(2), newcomers=False)) == {0: [2]}


def test_what_was_dismissed_before_the_cut_is_not_new_and_a_dismissal_after_it_no_target() -> None:
    rows: list[Row] = [(0, 0, 0.0, -1.0), (0, 1, 1.0), (0, 0, 2.0), (0, 2, 2.5, -1.0), (0, 3, 3.0)]
    assert read_targets(cut_at(make_dataset(rows, items=4), cut=day(2))) == {0: [3]}


def test_a_repeated_target_counts_once_at_its_first_time() -> None:
    rows = [*walk(0, 0), *walk(0, 2, 1, 2, 2, start=5.0)]
    assert read_targets(cut_at(make_dataset(rows, items=3), cut=day(5))) == {0: [2, 1]}


def test_a_share_puts_that_many_rows_before_the_cut() -> None:
    dataset = make_dataset([(number % 3, number, float(number)) for number in range(10)], items=10)
    split = time_split(dataset, share=0.7)
    assert len(split.train) == 7
    assert split.cases.times.tolist() == [day(7)] * 3
    assert split.name == "time:0.7"


def test_rows_of_the_moment_of_the_cut_come_after_it() -> None:
    rows: list[Row] = [(0, 0, 0.0), (0, 1, 1.0), (1, 2, 1.0), (1, 3, 1.0)]
    assert len(time_split(make_dataset(rows, items=4), share=0.9).train) == 1


def test_a_log_of_one_moment_cannot_be_cut() -> None:
    with pytest.raises(SplitError, match=r"time:0\.9 leaves no interaction to learn from, of 3"):
        time_split(make_dataset([(0, item, 0.0) for item in range(3)], items=3))
    with pytest.raises(SplitError, match=r"time:0\.9 cannot cut an empty log"):
        time_split(make_dataset([], items=3))


def test_a_log_in_which_nothing_new_follows_is_said() -> None:
    with pytest.raises(SplitError, match="leaves nobody to test"):
        time_split(make_dataset(walk(0, 0, 0, 0), items=1), share=0.5)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_after_a_cut_changes_nothing_before_it(seed: int) -> None:
    dice = np.random.default_rng(seed)
    rows = make_random_rows(seed)
    cut = float(dice.uniform(20, 80))
    early = [row for row in rows if row[2] < cut]
    future = [
        (int(profile), int(item), float(moment), float(strength))
        for profile, item, moment, strength in zip(
            dice.permutation(30)[: dice.integers(1, 30)].repeat(5)[:80],
            dice.integers(20, size=80),
            cut + dice.uniform(0, 500, size=80),
            dice.choice([-1.0, 0.5, 1.0], size=80),
            strict=False,
        )
    ]
    people = [(profile, 0, cut + 1.0) for profile in range(30)]  # the same profiles on both sides
    first = cut_at(make_dataset(rows + people, items=20), cut=day(cut))
    second = cut_at(make_dataset(early + future + people, items=20), cut=day(cut))
    assert_same_rows(first.train, second.train)
    assert first.train.until == second.train.until
    assert first.train.until.timestamp() < day(cut)
    both = np.intersect1d(first.cases.profiles, second.cases.profiles)
    assert len(both)
    assert_same_rows(
        *(split.cases.histories.keep_rows(np.isin(split.cases.histories.profiles, both)) for split in (first, second))
    )
    learned, relearned = (
        CoVisitation(CoVisitationOptions()).train(split.train, progress=lambda done: None) for split in (first, second)
    )
    for name in ("item_ids", "offsets", "neighbour_ids", "weights"):
        np.testing.assert_array_equal(getattr(learned, name), getattr(relearned, name))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("which", ["test", "validation"])
def test_whatever_the_target_was_changes_nothing_that_is_known_of_its_profile(
    seed: int, which: Literal["test", "validation"]
) -> None:
    dataset = make_dataset([row for row in make_random_rows(seed) if len(row) == 3 or row[3] > 0], items=20)
    first = next_item(dataset, which=which)
    held = np.zeros(len(dataset), dtype=bool)
    for profile, moment in zip(first.cases.profiles, first.cases.times, strict=True):
        held |= (dataset.profiles == profile) & (dataset.times >= moment)
    items = np.where(held, dataset.items + 20, dataset.items)
    renamed = replace(dataset, items=items.astype(np.int32), item_ids=np.arange(40), published=np.zeros(40))
    second = next_item(renamed, which=which)
    assert_same_rows(first.cases.histories, second.cases.histories)
    if which == "validation":
        assert_same_rows(first.train, second.train)


def assert_same_rows(first: InteractionDataset, second: InteractionDataset) -> None:
    for name in ROW_FIELDS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
