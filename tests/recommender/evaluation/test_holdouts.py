"""Splits at random, in folds and by given files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.evaluation.cases import Split, SplitError
from recommender.evaluation.holdouts import given_split, k_folds, random_split, rating_folds, rating_split
from recommender.testing.datasets import Row, make_dataset, make_random_rows
from recommender.training.dataset import InteractionDataset


def make_grid(profiles: int, items: int) -> InteractionDataset:
    """Everybody meets everything, once."""
    return make_dataset(
        [(profile, item, float(item)) for profile in range(profiles) for item in range(items)], items=items
    )


def rate(dataset: InteractionDataset) -> InteractionDataset:
    return replace(dataset, values=np.arange(len(dataset), dtype=np.float32) % 5 + 1)


def find_pairs(dataset: InteractionDataset) -> set[tuple[int, int]]:
    return set(zip(dataset.profiles.tolist(), dataset.items.tolist(), strict=True))


def find_target_pairs(split: Split) -> set[tuple[int, int]]:
    targets = split.cases.targets
    return set(zip(split.cases.profiles[targets.cases].tolist(), targets.items.tolist(), strict=True))


@pytest.mark.parametrize(("items", "learned"), [(4, 3), (10, 8), (6, 4), (5, 4), (2, 2)])
def test_per_profile_everybody_is_split_and_halves_go_to_even(items: int, learned: int) -> None:
    dataset = make_dataset(
        [*[(0, item, 0.0) for item in range(items)], *[(1, item, 0.0) for item in range(40)]], items=40
    )
    split = random_split(dataset, share=0.75, seed=3)
    assert np.bincount(split.train.profiles).tolist() == [learned, 30]
    assert len(split.cases.targets.items) == len(dataset) - learned - 30


@pytest.mark.parametrize("per_profile", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_row_is_either_learned_from_or_asked_for(seed: int, per_profile: bool) -> None:
    dataset = make_grid(12, 15)
    split = random_split(dataset, share=0.8, seed=seed, per_profile=per_profile)
    assert len(split.train) == 144
    assert find_pairs(split.train) | find_target_pairs(split) == find_pairs(dataset)
    assert find_pairs(split.train) & find_target_pairs(split) == set()
    assert find_pairs(split.cases.histories) <= find_pairs(split.train)
    assert set(split.cases.profiles.tolist()) == {profile for profile, _ in find_target_pairs(split)}


def test_over_all_the_profiles_differ_in_how_much_is_held() -> None:
    split = random_split(make_grid(20, 20), share=0.5, seed=0, per_profile=False)
    assert len(split.train) == 200
    assert len(set(np.bincount(split.train.profiles).tolist())) > 1
    assert split.name == "random:0.5"


def test_the_seed_decides() -> None:
    dataset = make_grid(5, 8)
    first, again, other = (find_pairs(random_split(dataset, seed=seed).train) for seed in (1, 1, 2))
    assert first == again != other


def test_an_item_met_on_both_sides_is_no_target() -> None:
    dataset = make_dataset([(0, 0, float(day)) for day in range(20)] + [(0, 1, 30.0)], items=2)
    for split in (random_split(dataset, share=0.5, seed=seed) for seed in range(8) if holds_last(dataset, seed)):
        assert find_target_pairs(split) == {(0, 1)}


def holds_last(dataset: InteractionDataset, seed: int) -> bool:
    order = np.random.default_rng(seed).permutation(len(dataset))
    return bool(np.flatnonzero(order == 20)[0] >= 10)


def test_a_dislike_is_no_target() -> None:
    rows: list[Row] = [(0, item, 0.0, -1.0 if item % 2 else 1.0) for item in range(20)]
    for seed in range(4):
        targets = find_target_pairs(random_split(make_dataset(rows, items=20), share=0.5, seed=seed))
        assert all(item % 2 == 0 for _, item in targets)


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_folds_ask_for_every_row_once(folds: int) -> None:
    dataset = make_grid(10, 10)
    splits = list(k_folds(dataset, folds=folds, seed=4))
    asked = [pair for split in splits for pair in find_target_pairs(split)]
    assert sorted(asked) == sorted(find_pairs(dataset))
    assert {len(split.train) for split in splits} <= {100 - 100 // folds, 100 - 100 // folds - 1}
    assert splits[1].name == f"k-fold:{folds} (2)"


def test_somebody_held_out_whole_is_asked_with_an_empty_history() -> None:
    dataset = make_dataset([(profile, profile % 3, 0.0) for profile in range(10)], items=3)
    for split in k_folds(dataset, folds=2, seed=0):
        assert len(split.cases) == 5
        assert len(split.cases.histories) == 0


def test_given_logs_are_taken_as_they_are() -> None:
    both = make_dataset(make_random_rows(3), items=20)
    dice = np.random.default_rng(0).random(len(both)) < 0.3
    split = given_split(both.keep_rows(~dice), both.keep_rows(dice))
    assert find_pairs(split.train) == find_pairs(both.keep_rows(~dice))
    for name in ("profiles", "items", "times", "strengths", "kinds"):
        np.testing.assert_array_equal(getattr(split.train, name), getattr(both.keep_rows(~dice), name))
    assert find_target_pairs(split) == find_pairs(both.keep_rows(dice & (both.strengths > 0))) - find_pairs(split.train)


def test_given_logs_over_other_items_are_refused() -> None:
    with pytest.raises(SplitError, match="given: train and test do not have the same item_ids"):
        given_split(make_grid(2, 3), make_grid(2, 4))


def test_an_empty_side_of_given_logs_is_said() -> None:
    dataset = make_grid(2, 3)
    nothing = dataset.keep_rows(np.zeros(6, dtype=bool))
    with pytest.raises(SplitError, match="given leaves nobody to test"):
        given_split(dataset, nothing)
    with pytest.raises(SplitError, match="given leaves no interaction to learn from"):
        given_split(nothing, dataset)


def test_ratings_are_held_with_their_values_liked_or_not() -> None:
    dataset = rate(make_dataset([(p, i, 0.0, -1.0) for p in range(6) for i in range(10)], items=10))
    split = rating_split(dataset, share=0.75, seed=1)
    assert len(split.train) == 45
    values = dict(zip(zip(dataset.profiles.tolist(), dataset.items.tolist(), strict=True), dataset.values, strict=True))
    targets = split.cases.targets
    held = split.cases.profiles[targets.cases]
    assert [values[pair] for pair in zip(held.tolist(), targets.items.tolist(), strict=True)] == targets.values.tolist()
    assert len(targets.items) == 15


def test_rows_without_a_rating_are_learned_from_and_never_held() -> None:
    dataset = rate(make_grid(6, 10))
    blank = np.arange(60) % 3 == 0
    dataset = replace(dataset, values=np.where(blank, np.nan, dataset.values).astype(np.float32))
    splits = list(rating_folds(dataset, folds=4, seed=0))
    assert sum(len(split.cases.targets.items) for split in splits) == 40
    for split in splits:
        assert np.isnan(split.train.values).sum() == 20
        assert np.isfinite(split.cases.targets.values).all()


def test_a_log_without_ratings_is_said() -> None:
    with pytest.raises(SplitError, match="no rating among 6 interactions"):
        rating_split(make_grid(2, 3))
    with pytest.raises(SplitError, match="no rating among 6 interactions"):
        list(rating_folds(make_grid(2, 3)))


def test_fewer_rows_than_folds_are_said() -> None:
    with pytest.raises(SplitError, match="4 interactions cannot be dealt to 5 folds"):
        list(k_folds(make_grid(2, 2), folds=5))


def test_one_interaction_cannot_be_split() -> None:
    with pytest.raises(SplitError, match=r"random-per-profile:0\.75 leaves nobody to test"):
        random_split(make_grid(1, 1))
