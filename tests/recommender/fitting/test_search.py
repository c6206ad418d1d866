"""The search of ``auto``: what is tried, tuned and put off, and the time that is kept for the end."""

import dataclasses
import types

import pytest

from recommender.evaluation.splits import next_item
from recommender.fitting import auto, members, search, tuning
from recommender.fitting.auto import AutoOptions, fit_auto
from recommender.fitting.holdouts import Holdouts
from recommender.fitting.members import train_member
from recommender.fitting.portfolio import Trial
from recommender.learners import learners
from recommender.testing.datasets import make_dataset
from tests.recommender.fitting.rings import ITEMS, rings


@pytest.fixture(scope="module")
def dataset():
    return make_dataset(rings(), items=ITEMS)


def test_what_the_last_steps_need_is_not_spent(dataset, monkeypatch):
    monkeypatch.setattr(auto, "_estimate_end", lambda tried, **_: 1000.0)
    found = fit_auto(
        next_item(dataset, which="validation"), AutoOptions(budget_seconds=100, only=("popular", "ease", "transitions"))
    )
    assert len(found.tried) == 1


def test_the_end_is_expected_to_take_as_long_as_the_best_of_each_learner_did(dataset):
    member = train_member("popular", {}, dataset)
    first = dataclasses.replace(member, seconds=4.0, reading_seconds=2.0)
    dropped = dataclasses.replace(first, publication=search.NOTHING)
    assert auto._estimate_end([first, dropped, first], more_cases=3.0, trainings=0.5) == 2 * (6 + 2)
    assert auto._estimate_end([first], more_cases=1.0, trainings=0.0) == 2


@pytest.fixture
def dawdling(monkeypatch):
    """Two learners, of 600 and of 6,000 seconds by the clock that trainings are watched by."""
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(members, "time", types.SimpleNamespace(perf_counter=lambda: clock.now))
    trained = []

    def make(key, seconds):
        class Dawdling(learners.get("popular")):
            tuning, tuning_order = {}, 99

            def train(self, dataset, *, progress):
                trained.append(key)
                for tenth in range(1, 10):
                    clock.now += seconds / 10
                    progress(tenth / 10)
                return super().train(dataset, progress=lambda fraction: None)

        learners.register(key)(Dawdling)

    make("dawdling", 600.0)
    make("idling", 6000.0)
    yield trained
    learners.unregister("dawdling")
    learners.unregister("idling")


@pytest.mark.parametrize(("budget", "in_the_end"), [(1000, ["dawdling"]), (500, []), (100_000, ["dawdling", "idling"])])
def test_what_takes_long_comes_last_and_only_where_there_is_time(dataset, dawdling, budget, in_the_end):
    told = []
    found = fit_auto(
        next_item(dataset, which="validation"),
        AutoOptions(budget_seconds=budget, only=("popular", "dawdling", "idling", "ease"), threads=1),
        report=told.append,
    )
    assert {member.key for member in found.tried} == {"popular", "ease", *in_the_end}
    put_off = [line.split()[2] for line in told if "put off" in line]
    assert put_off == ([] if budget == 100_000 else ["dawdling", "idling"])
    if put_off:
        assert dawdling == [*put_off, *in_the_end]


def test_the_first_learner_is_trained_however_long_it_takes(dataset, dawdling):
    found = fit_auto(next_item(dataset, which="validation"), AutoOptions(budget_seconds=100, only=("idling",)))
    assert [member.key for member in found.members] == ["idling"]


def tune(dataset, values, *, options=None, may_go_on=lambda seconds: True):
    """Return the member tuned from ``options``, the first, and those told of."""
    holdouts = Holdouts.of([next_item(dataset, which="validation")])
    first, told = holdouts.try_member("transitions", options or {"half_life": 30.0}), []
    trial = Trial("transitions", {}, values)
    return tuning.tune_member(first, trial, holdouts, may_go_on=may_go_on, report=told.append), first, told


def test_tuning_keeps_what_is_better_and_nothing_else(dataset):
    best, first, told = tune(dataset, {"half_life": (0.5, 5.0, 30.0)})
    assert best.options["half_life"] == 0.5
    assert best.figures["ndcg"] == max(member.figures["ndcg"] for member in [first, *told])
    still, first, told = tune(dataset, {"half_life": (0.5, 5.0, 30.0)}, may_go_on=lambda seconds: False)
    assert still is first
    assert not told


@pytest.mark.parametrize(
    ("peak", "tried"),
    [(3, [2, 4]), (2, [2, 1]), (0, [2, 1, 0]), (5, [2, 4, 5, 6]), (6, [2, 4, 5, 6])],
)
def test_a_scale_is_followed_as_long_as_it_gets_better(dataset, monkeypatch, peak, tried):
    figures = [{"ndcg": 1.0 - 0.1 * abs(number - peak), "hit_rate": 0.0} for number in range(7)]
    monkeypatch.setattr(
        Holdouts,
        "_measure",
        lambda self, member: dataclasses.replace(member, figures=figures[member.options["window"]]),
    )
    monkeypatch.setattr(
        Holdouts,
        "try_variant",
        lambda self, member, options: self._measure(dataclasses.replace(member, options={**member.options, **options})),
    )
    best, _, told = tune(dataset, {"window": tuple(range(7))}, options={"window": 3})
    assert best.options["window"] == peak
    assert [member.options["window"] for member in told] == tried


def test_what_is_no_scale_is_tried_whole(dataset):
    holdouts = Holdouts.of([next_item(dataset, which="validation")])
    told = []
    trial = Trial("item_knn", {}, {"similarity": ("tf_idf", "cosine", "bm25", "jaccard")})
    tuning.tune_member(
        holdouts.try_member("item_knn", {}), trial, holdouts, may_go_on=lambda seconds: True, report=told.append
    )
    assert [member.options["similarity"] for member in told] == ["tf_idf", "bm25", "jaccard"]
