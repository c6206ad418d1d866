"""Cold items and cold profiles: what is hidden stays hidden."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.cases import SplitError
from recommender.evaluation.cold import cold_items, cold_profiles
from recommender.testing.datasets import DAY, START, make_dataset, make_random_rows


@pytest.mark.parametrize("seed", range(4))
def test_cold_items_are_nowhere_but_among_targets_and_candidates(seed: int) -> None:
    dataset = make_dataset(make_random_rows(seed), items=25)
    split = cold_items(dataset, share=0.2, seed=seed)
    assert split.cases.candidates is not None
    cold = np.flatnonzero(split.cases.candidates)
    liked = np.unique(dataset.items[dataset.strengths > 0])
    assert len(cold) == round(0.2 * len(liked))
    assert np.isin(cold, liked).all()
    assert not np.isin(split.train.items, cold).any()
    assert not np.isin(split.cases.histories.items, cold).any()
    assert np.isin(split.cases.targets.items, cold).all()
    met = (dataset.strengths > 0) & np.isin(dataset.items, cold)
    assert split.cases.profiles.tolist() == np.unique(dataset.profiles[met]).tolist()


def test_cold_items_may_be_ranked_among_all() -> None:
    dataset = make_dataset(make_random_rows(0), items=20)
    assert cold_items(dataset, candidates="all").cases.candidates is None
    with pytest.raises(ValueError, match="candidates are 'cold' or 'all', not 'warm'"):
        cold_items(dataset, candidates="warm")


def test_one_item_of_few_is_cold_at_least() -> None:
    split = cold_items(make_dataset([(0, 0, 0.0), (0, 1, 1.0)], items=2), share=0.01)
    assert split.cases.candidates is not None
    assert split.cases.candidates.sum() == 1


def test_a_single_item_cannot_be_cold() -> None:
    with pytest.raises(SplitError, match=r"cold-items:0\.1 leaves no interaction to learn from, of 1"):
        cold_items(make_dataset([(0, 0, 0.0)], items=1))


def test_cold_profiles_show_their_first_steps_and_are_asked_for_the_rest() -> None:
    rows = [(profile, item, float(item)) for profile in range(10) for item in range(6)]
    split = cold_profiles(make_dataset(rows, items=6), share=0.3, seed=2, given=2)
    assert len(split.cases) == 3
    assert not np.isin(split.train.profiles, split.cases.profiles).any()
    assert len(split.train) == 42
    assert len(split.train.profile_ids) == 10
    assert split.cases.histories.items.tolist() == [0, 1] * 3
    assert split.cases.targets.items.tolist() == [2, 3, 4, 5] * 3
    assert split.cases.times.tolist() == [START.timestamp() + 2 * DAY] * 3


def test_runs_are_one_step_and_items_met_before_no_targets() -> None:
    rows = [(profile, item, float(day)) for profile in range(2) for day, item in enumerate((0, 0, 1, 0, 2))]
    split = cold_profiles(make_dataset(rows, items=3), share=0.5, given=2)
    assert split.cases.histories.items.tolist() == [0, 0, 1]
    assert split.cases.targets.items.tolist() == [2]


def test_people_who_meet_nothing_new_are_not_drawn() -> None:
    rows = [(profile, item, float(day)) for profile in range(5) for day, item in enumerate((0, 1, 0, 1, 0))]
    split = cold_profiles(make_dataset([*rows, (3, 2, 9.0)], items=3), share=0.2, given=2)
    assert split.cases.profiles.tolist() == [3]


def test_nothing_given_is_an_empty_history() -> None:
    rows = [(profile, item, float(item)) for profile in range(4) for item in range(2)]
    split = cold_profiles(make_dataset(rows, items=2), share=0.5, given=0)
    assert len(split.cases.histories) == 0
    assert split.cases.targets.items.tolist() == [0, 1, 0, 1]


def test_too_short_profiles_are_said() -> None:
    dataset = make_dataset([(0, 0, 0.0), (0, 1, 1.0)], items=2)
    with pytest.raises(SplitError, match="no profile meets anything new after 5 steps"):
        cold_profiles(dataset)
    with pytest.raises(ValueError, match="a history cannot have -1 steps"):
        cold_profiles(dataset, given=-1)


def test_a_single_profile_leaves_nothing_to_learn_from() -> None:
    with pytest.raises(SplitError, match=r"cold-profiles:0\.1:1 leaves no interaction to learn from, of 2"):
        cold_profiles(make_dataset([(0, 0, 0.0), (0, 1, 1.0)], items=2), given=1)
