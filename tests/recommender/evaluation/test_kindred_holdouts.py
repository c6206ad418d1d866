"""What is held out of a history belongs together, and nothing of it is left to learn from."""

import dataclasses

import numpy as np
import pytest

from recommender.evaluation.cases import SplitError
from recommender.evaluation.kindred_holdouts import kindred_split
from recommender.testing.datasets import make_dataset

CLUSTERS, SIZE = 4, 12
ITEMS = CLUSTERS * SIZE


@pytest.fixture(scope="module")
def dataset():
    """Everybody meets half of two clusters."""
    dice = np.random.default_rng(0)
    rows = []
    for person in range(120):
        for cluster in dice.choice(CLUSTERS, 2, replace=False):
            for place in dice.choice(SIZE, 6, replace=False):
                rows.append((person, int(cluster * SIZE + place), 0.0))
    return make_dataset(rows, items=ITEMS)


def test_a_share_of_each_history_is_held_and_of_one_cluster_mostly(dataset):
    split = kindred_split(dataset, share=0.75, seed=1)
    assert split.cases.targets.counts.tolist() == [3] * 120
    assert len(split.train) == len(dataset) - 360
    clusters = (split.cases.targets.items // SIZE).reshape(120, 3)
    together = (clusters == clusters[:, :1]).all(axis=1).mean()
    # Three of twelve drawn at random would be of one of two clusters in 18 % of the cases.
    assert together > 0.9


def test_what_is_held_is_not_learned_from(dataset):
    split = kindred_split(dataset, seed=2)
    learned = set(zip(split.train.profiles.tolist(), split.train.items.tolist(), strict=True))
    held = zip(
        split.cases.profiles[split.cases.targets.cases].tolist(), split.cases.targets.items.tolist(), strict=True
    )
    assert not learned & set(held)


def test_a_seed_gives_its_split_again_and_another_gives_another(dataset):
    first, again, other = (kindred_split(dataset, seed=seed) for seed in ((3, 1), (3, 1), (3, 2)))
    np.testing.assert_array_equal(first.cases.targets.items, again.cases.targets.items)
    assert not np.array_equal(first.cases.targets.items, other.cases.targets.items)


def test_histories_too_short_to_hold_anything_out_are_an_error():
    with pytest.raises(SplitError):
        kindred_split(make_dataset([(person, person, 0.0) for person in range(5)], items=5))


def test_profiles_without_a_row_ask_for_nothing():
    whole = make_dataset([(person, item, 0.0) for person in range(3) for item in range(8)], items=9)
    kept = whole.profiles != 1
    names = ("profiles", "items", "times", "strengths", "values", "kinds")
    dataset = dataclasses.replace(whole, **{name: getattr(whole, name)[kept] for name in names})
    split = kindred_split(dataset, share=0.75)
    assert split.cases.profiles.tolist() == [0, 2]
