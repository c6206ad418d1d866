"""``auto``: picks, tunes and blends by what is held out, keeps to its budget, and never looks at the test."""

import dataclasses

import numpy as np
import pytest

from recommender.evaluation.holdouts import random_split
from recommender.evaluation.splits import next_item
from recommender.fitting import auto
from recommender.fitting.auto import AutoOptions, fit_auto
from recommender.fitting.holdouts import Holdouts
from recommender.fitting.lists import measure_lists, rank_cases
from recommender.fitting.members import measure_member, train_member, vary_member
from recommender.fitting.portfolio import BY_STEPS, WHOLE_HISTORY, list_trials
from recommender.fitting.ranking import gather_table, keep_sources
from recommender.learners import learners
from recommender.testing.datasets import FIRST_ITEM, make_dataset
from tests.recommender.fitting.rings import ITEMS, rings

CHEAP = ("popular", "ease", "transitions", "item_knn")
GIB = 2**30


@pytest.fixture(scope="module")
def dataset():
    return make_dataset(rings(), items=ITEMS)


@pytest.fixture(scope="module")
def recipe(dataset):
    lines = []
    found = fit_auto(
        next_item(dataset, which="validation"),
        AutoOptions(budget_seconds=20, only=CHEAP, threads=1),
        report=lines.append,
    )
    return found, lines


def test_it_finds_what_leads_on(recipe):
    found, _ = recipe
    assert {"transitions", "sequential_ridge"} & set(found.sources)
    assert found.members[0].figures["ndcg"] > max(m.figures["ndcg"] for m in found.tried if m.key == "popular")


def test_the_blend_is_at_least_as_good_as_each_member_on_the_test(recipe, dataset):
    found, _ = recipe
    cases = next_item(dataset, which="test").cases
    together = measure_lists(found.rank(cases, k=10), cases)["ndcg"]
    alone = [measure_member(member, cases).figures["ndcg"] for member in found.members]
    assert together >= max(alone) - 0.02
    assert together > 0.3


def test_what_was_learned_stays_with_the_best_trial_of_each_learner(recipe):
    found, _ = recipe
    for key in {member.key for member in found.tried}:
        trials = [member for member in found.tried if member.key == key]
        best = max(trials, key=lambda member: member.figures["ndcg"])
        assert len(best.publication.item_ids) > 0
        assert all(not len(member.publication.item_ids) for member in trials if member is not best)


def test_every_trial_is_told_with_its_figures(recipe):
    found, lines = recipe
    assert len([line for line in lines if "NDCG" in line]) == len(found.tried)
    assert any("members:" in line for line in lines)


def test_what_lies_in_the_test_changes_nothing(dataset):
    """Another last step for everybody: the recipe is the same, number for number."""
    last = np.zeros(len(dataset), dtype=bool)
    last[dataset.profile_offsets[1:] - 1] = True
    items = dataset.items.copy()
    items[last] = (items[np.flatnonzero(last) - 1] + 7) % ITEMS
    other = dataclasses.replace(dataset, items=items)
    options = AutoOptions(budget_seconds=1000, only=("popular", "ease"), threads=1)
    first, second = (fit_auto(next_item(data, which="validation"), options) for data in (dataset, other))
    assert first.sources == second.sources
    assert [dict(member.options) for member in first.members] == [dict(member.options) for member in second.members]
    for name, array in first.ranking.arrays.items():
        np.testing.assert_array_equal(array, second.ranking.arrays[name])


def test_without_order_histories_are_read_whole_and_what_needs_order_stays_out(dataset):
    trials = {trial.key: trial for trial in list_trials(dataset, ordered=False, memory_bytes=16 * GIB)}
    assert "transitions" not in trials
    assert trials["ease"].options == WHOLE_HISTORY
    assert "half_life" not in trials["ease"].values
    ordered = {trial.key: trial for trial in list_trials(dataset, ordered=True, memory_bytes=16 * GIB)}
    assert ordered["ease"].options == BY_STEPS
    assert ordered["transitions"].options == {}
    assert "content_neighbours" not in ordered


def test_what_does_not_fit_into_memory_stays_out(dataset):
    keys = {trial.key for trial in list_trials(dataset, ordered=True, memory_bytes=GIB // 10)}
    assert "popular" in keys
    assert "ease" not in keys


def test_members_are_trained_on_everything_in_the_end(dataset):
    split = random_split(dataset, share=0.8, seed=0)
    options = AutoOptions(budget_seconds=20, only=("popular", "ease"), ordered=False, threads=1)
    found = fit_auto(split, options, refit=dataset)
    anew = train_member(found.members[0].key, found.members[0].options, dataset)
    np.testing.assert_array_equal(found.members[0].publication.item_ids, anew.publication.item_ids)


def test_no_budget_still_gives_something(dataset):
    found = fit_auto(next_item(dataset, which="validation"), AutoOptions(budget_seconds=0.0, only=CHEAP, threads=1))
    assert len(found.members) == 1
    assert len(found.tried) == 1
    cases = next_item(dataset).cases
    assert (found.rank(cases, k=5)[:, 0] >= 0).all()


def test_some_sources_of_a_table_are_the_table_of_these_sources(dataset):
    holdouts = Holdouts.of([random_split(dataset, share=0.8, seed=seed) for seed in (1, 2)])
    members = [holdouts.try_member(key, {}) for key in ("item_knn", "popular", "ease")]
    for chosen in ([2, 0], [1], [0, 1, 2]):
        limited = [
            gather_table(
                [members[place].make_scorers(holdouts.cases)[part] for place in chosen], holdouts.cases[part], limit=3
            )
            for part in (0, 1)
        ]
        whole = [
            gather_table(
                [member.make_scorers(holdouts.cases)[part] for member in members], holdouts.cases[part], limit=3
            )
            for part in (0, 1)
        ]
        for (alone, marks), (table, wanted) in zip(limited, whole, strict=True):
            narrow, kept = keep_sources(table, wanted, chosen, limit=3)
            np.testing.assert_array_equal(narrow.items, alone.items)
            np.testing.assert_array_equal(narrow.scores, alone.scores)
            np.testing.assert_array_equal(narrow.lengths, alone.lengths)
            np.testing.assert_array_equal(kept, marks)


def test_no_learner_that_fits_is_an_error(dataset):
    with pytest.raises(ValueError, match="no learner fits these data"):
        fit_auto(next_item(dataset, which="validation"), AutoOptions(only=("no_such",)))


def test_a_learner_that_fails_is_left_out_and_told(dataset, monkeypatch, caplog):
    def fail(self, dataset, *, progress):
        raise MemoryError("too wide")

    monkeypatch.setattr(learners.get("ease"), "train", fail)
    options = AutoOptions(budget_seconds=20, only=("popular", "ease"), threads=1)
    found = fit_auto(next_item(dataset, which="validation"), options)
    assert found.sources == ("popular",)
    assert "ease: left out: too wide" in caplog.text


def test_several_holdouts_count_together(dataset):
    splits = [random_split(dataset, share=0.8, seed=seed) for seed in (1, 2)]
    both = Holdouts.of(splits).try_member("ease", dict(WHOLE_HISTORY))
    alone = [Holdouts.of([split]).try_member("ease", dict(WHOLE_HISTORY)) for split in splits]
    assert both.figures["ndcg"] == pytest.approx(np.mean([member.figures["ndcg"] for member in alone]))
    varied = Holdouts.of(splits).try_variant(both, {"window": 2})
    assert [table.readings[0].window for table in (varied.publication, *varied.further)] == [2, 2]
    table, wanted = Holdouts.of(splits).gather([both, varied])
    tables, marks = zip(
        *(Holdouts.of([split]).gather([member]) for split, member in zip(splits, alone, strict=True)), strict=True
    )
    assert len(table) == sum(len(part) for part in tables)
    assert wanted.sum() == sum(part.sum() for part in marks)
    assert table.lengths.tolist() == [length for part in tables for length in part.lengths]


def test_a_recipe_from_several_holdouts_keeps_what_was_learned_from_all(dataset):
    splits = [random_split(dataset, share=0.8, seed=seed) for seed in (1, 2)]
    options = AutoOptions(budget_seconds=20, only=("popular", "ease"), ordered=False, threads=1)
    found = fit_auto(splits[0], options, further=splits[1:], refit=dataset)
    assert not any(member.further for member in found.members)
    anew = train_member(found.members[0].key, found.members[0].options, dataset)
    np.testing.assert_array_equal(found.members[0].publication.item_ids, anew.publication.item_ids)


def test_another_reading_needs_no_other_table(dataset, monkeypatch):
    member = train_member("ease", {"window": 50, "half_life": 2.0}, dataset)
    component = learners.get("ease")
    monkeypatch.setattr(component, "train", lambda self, dataset, *, progress: pytest.fail("trained again"))
    other = vary_member(member, {"half_life": 9.0}, dataset)
    assert other.publication.weights is member.publication.weights
    assert other.publication.readings[0].half_life == 9.0
    assert other.options["half_life"] == 9.0


def test_lists_of_one_source_are_ranked_and_measured():
    dataset = make_dataset([(0, 0, 0.0), (0, 1, 1.0), (0, 2, 2.0), (1, 2, 0.0), (1, 1, 1.0), (1, 0, 2.0)], items=4)
    cases = next_item(dataset).cases

    class Fixed:
        def score(self, profiles):
            return np.tile(np.array([0.1, 0.2, 0.3, np.nan], dtype=np.float32), (len(profiles), 1))

    ranked = rank_cases(Fixed(), cases, k=3)
    assert ranked.tolist() == [[2, -1, -1], [0, -1, -1]]
    assert measure_lists(np.pad(ranked, ((0, 0), (0, 7)), constant_values=-1), cases) == {"hit_rate": 1.0, "ndcg": 1.0}
    assert dataset.item_ids[0] == FIRST_ITEM
    assert auto.TREES_SHARE < 1
