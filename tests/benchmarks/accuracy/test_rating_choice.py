"""The automatic choice for ratings, and the baseline of biases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy.biases import Biases, BiasesOptions
from benchmarks.accuracy.fitted import find_learner, list_learners
from benchmarks.accuracy.measuring import measure_split
from benchmarks.accuracy.protocols import RATING, Run
from benchmarks.accuracy.rating_choice import RatingChoice, hide_values
from recommender.evaluation.holdouts import rating_split
from recommender.evaluation.scoring import make_scorer
from recommender.testing.datasets import make_dataset
from recommender.training.dataset import InteractionDataset

DAYS = 30.0


def make_log(seed: int = 0, *, moods: float = 0.0, content: float = 0.0) -> InteractionDataset:
    """Ratings around 3: everybody has five visits of twenty ratings, with a mood for each."""
    dice = np.random.default_rng(seed)
    people, visits, per_visit, items = 20, 5, 20, 120
    says = dice.normal(size=(items, 2))
    rows, values = [], []
    for person in range(people):
        order = dice.permutation(items)
        for visit in range(visits):
            mood = moods * dice.normal()
            for place in range(per_visit):
                item = int(order[visit * per_visit + place])
                rows.append((person, item, visit * DAYS + place / 1440))
                values.append(3.0 + mood + content * says[item, 0] + 0.2 * dice.normal())
    dataset = make_dataset(rows, items=items)
    return replace(
        dataset,
        values=np.array(values, dtype=np.float32),
        kind_names=("rating",),
        half_lives={"rating": 365.0},
        content=says.astype(np.float32) if content else None,
    )


def choose(dataset: InteractionDataset, *, seconds: float = 60.0) -> tuple[float, Sequence[str], list[str], object]:
    """The RMSE on a quarter held out, what the choice goes by, what it told, and its note."""
    split = rating_split(dataset, share=0.75)
    told: list[str] = []
    fractions: list[float] = []
    choice = RatingChoice(hide_values(dataset), seconds, told.append)
    fitted = choice.fit(Run("test", 0, split), keep_seen=False, progress=fractions.append)
    assert fractions == sorted(fractions)
    measures = measure_split(fitted, split, RATING, keep_seen=False, progress=lambda done: None)
    rmse = math.sqrt(measures.figures["RMSE"].mean())
    return rmse, fitted.options["goes_by"], told, fitted.options.get("note")


def test_moods_are_found_where_there_are_any_and_the_row_says_what_it_means() -> None:
    rmse, goes_by, told, note = choose(make_log(moods=1.0))
    assert goes_by == ["moments"]
    assert rmse < 0.45  # the moods themselves are off by 1
    assert [line.partition(":")[0] for line in told] == ["ratings alone", "moments"]
    assert "no forecast of the future" in str(note)


def test_moments_are_left_out_where_they_say_nothing() -> None:
    flat = make_log()
    alone = replace(flat, times=np.arange(len(flat), dtype=np.float64) * 86400 * 40 + 1e9)
    rmse, goes_by, told, note = choose(alone)
    assert (goes_by, told, note) == ([], [], None)
    assert rmse < 0.25


def test_content_is_taken_up_where_it_helps() -> None:
    few = make_log(content=1.0)
    few = few.keep_rows(np.arange(len(few)) % 4 == 0)  # a few ratings an item, so that what it is says more
    _, goes_by, told, _ = choose(few)
    assert "content" in goes_by
    assert len(told) == 3


def test_a_small_budget_is_kept_to_with_fewer_sweeps() -> None:
    rmse, _, _, _ = choose(make_log(moods=1.0), seconds=0.01)
    assert rmse < 0.8


def test_the_values_to_be_predicted_are_not_there_to_look_at() -> None:
    log = make_log()
    hidden = hide_values(log)
    assert np.isnan(hidden.values).all()
    assert not np.isnan(log.values).any()


def test_biases_are_the_shrunken_means() -> None:
    log = replace(make_log().keep_rows(np.arange(4)), values=np.array([1.0, 2.0, 4.0, 5.0], dtype=np.float32))
    log = replace(log, items=np.array([0, 1, 0, 2], dtype=np.int32), profiles=np.array([0, 0, 1, 1], dtype=np.int32))
    learner = Biases(BiasesOptions(person_penalty=1.0, item_penalty=2.0))
    found = learner.train(log, progress=lambda done: None)
    scores = make_scorer(found, learner, log).score(np.array([0, 1]))
    items = np.array([-1.0, -1.0, 2.0]) / np.array([2 + 2, 2 + 1, 2 + 1])
    items[0] = (-2.0 + 1.0) / 4
    people = [(-2.0 - items[0] + -1.0 - items[1]) / 3, (1.0 - items[0] + 2.0 - items[2]) / 3]
    expected = 3.0 + np.array(people)[:, None] + items[None, :]
    np.testing.assert_allclose(scores[:, :3], expected, atol=0.01)


def test_biases_are_a_row_that_only_the_benchmark_knows() -> None:
    assert find_learner("biases") is Biases
    assert {"biases", "rating_factors"} <= set(list_learners(rates=True))
    assert "biases" not in list_learners(rates=False)


def test_a_handful_of_ratings_that_are_all_the_same_is_no_error() -> None:
    few = make_log().keep_rows(np.arange(4))
    rmse, _, _, _ = choose(replace(few, values=np.ones(4, dtype=np.float32)))
    assert rmse == 0.0
