"""Whom a placement is tuned on, and whom not."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.services.tuning_cases import TuningError, check_protocol, split_for_tuning
from recommender.testing.datasets import make_dataset

PEOPLE, ITEMS = 50, 20


@pytest.fixture
def dataset():  # type: ignore[no-untyped-def]
    return make_dataset(
        [(person, (person + step) % ITEMS, float(step)) for person in range(PEOPLE) for step in range(5)], items=ITEMS
    )


def test_people_are_dealt_to_two_halves_with_one_part_to_learn_from(dataset) -> None:  # type: ignore[no-untyped-def]
    split = split_for_tuning(dataset, protocol="next-item", most_cases=1000, seed=0)
    chosen, untouched = split.chosen_by.cases.profiles, split.untouched.cases.profiles
    assert sorted([*chosen, *untouched]) == list(range(PEOPLE))
    assert (len(chosen), len(untouched), split.people) == (25, 25, PEOPLE)
    assert split.chosen_by.train is split.untouched.train
    assert (split.name, split.ordered) == ("next-item", True)
    again = split_for_tuning(dataset, protocol="next-item", most_cases=1000, seed=0)
    other = split_for_tuning(dataset, protocol="next-item", most_cases=1000, seed=1)
    assert np.array_equal(again.untouched.cases.profiles, untouched)
    assert not np.array_equal(other.untouched.cases.profiles, untouched)


def test_a_random_split_has_no_order(dataset) -> None:  # type: ignore[no-untyped-def]
    assert not split_for_tuning(dataset, protocol="random-per-profile:0.6", most_cases=1000, seed=0).ordered


def test_no_more_people_than_wanted_are_asked(dataset) -> None:  # type: ignore[no-untyped-def]
    split = split_for_tuning(dataset, protocol="next-item", most_cases=30, seed=0)
    assert (len(split.chosen_by.cases), len(split.untouched.cases), split.people) == (15, 15, PEOPLE)


def test_whoever_chose_what_may_not_be_recommended_is_not_asked(dataset) -> None:  # type: ignore[no-untyped-def]
    allowed = np.arange(ITEMS) % 2 == 0
    split = split_for_tuning(dataset, protocol="next-item", most_cases=1000, seed=0, candidates=allowed)
    for part in (split.chosen_by.cases, split.untouched.cases):
        assert (part.targets.items % 2 == 0).all()
        assert part.candidates is not None
        assert np.array_equal(part.candidates, allowed)
    nothing = np.zeros(ITEMS, dtype=bool)
    with pytest.raises(TuningError, match="holds out choices of 0 people"):
        split_for_tuning(dataset, protocol="next-item", most_cases=1000, seed=0, candidates=nothing)


def test_too_few_people_are_refused(dataset) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TuningError, match="next-item holds out choices of 19 people; fewer than 20"):
        split_for_tuning(dataset, protocol="next-item", most_cases=19, seed=0)
    with pytest.raises(TuningError, match="nobody has done enough"):
        split_for_tuning(make_dataset([(0, 0, 0.0)], items=2), most_cases=100, seed=0)


def test_protocols_are_checked_before_anything_is_loaded() -> None:
    check_protocol("")
    check_protocol("time:0.9")
    with pytest.raises(TuningError, match="no protocol is called 'nothing'"):
        check_protocol("nothing")
    with pytest.raises(TuningError, match="predicts ratings"):
        check_protocol("rating-k-fold:5")
