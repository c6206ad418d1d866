"""The blend and the trees: fitted on worlds whose answer is known, and scored the same for a request and in bulk."""

import numpy as np
import pytest

from recommender.evaluation.candidates import CandidateTable
from recommender.fitting.blending import fit_blend, make_ranking_cases
from recommender.fitting.boosting import fit_trees
from recommender.fitting.ranking import RankingFit, fit_ranking, measure_ranking, rank_table, score_table
from recommender.fitting.selection import WORTH, select_members
from recommender.ranking.features import make_features
from recommender.ranking.fitted_scores import BLEND, score_blend, score_boosted
from recommender.ranking.trees import TreesError, check_trees, score_trees


def draw_cases(count=600, candidates=30, *, seed=0, good=(True, False), by_length=False):
    """Candidates scored by sources: a good one ranks the target near the top, another knows nothing of it."""
    dice = np.random.default_rng(seed)
    scores = dice.normal(size=(count, candidates, len(good))).astype(np.float32)
    targets = dice.integers(candidates, size=count)
    lengths = dice.integers(1, 41, size=count)
    for source, is_good in enumerate(good):
        helps = (lengths > 20) == bool(source) if by_length else np.full(count, is_good)
        scores[np.flatnonzero(helps), targets[helps], source] += 3.0
    wanted = np.zeros((count, candidates), dtype=bool)
    wanted[np.arange(count), targets] = True
    items = np.tile(np.arange(candidates, dtype=np.int32), (count, 1))
    return scores, items, wanted, lengths


def measure(arrays, drawn):
    cases = make_ranking_cases(*drawn)
    return measure_ranking(score_blend(arrays, cases.features, cases.lengths), cases)


def test_the_blend_goes_by_the_source_that_knows():
    arrays = fit_blend(make_ranking_cases(*draw_cases()))
    alone = make_ranking_cases(*draw_cases(seed=1))
    best = measure_ranking(alone.features[..., 0].astype(float), alone)
    assert measure(arrays, draw_cases(seed=1)) == pytest.approx(best, abs=0.02)
    worse = measure_ranking(alone.features[..., 4].astype(float), alone)
    assert best > worse + 0.3


def test_two_sources_that_err_differently_are_better_together():
    good = (True, True)
    arrays = fit_blend(make_ranking_cases(*draw_cases(good=good)))
    fresh = make_ranking_cases(*draw_cases(good=good, seed=5))
    together = measure_ranking(score_blend(arrays, fresh.features, fresh.lengths), fresh)
    for source in (0, 1):
        assert together > measure_ranking(fresh.features[..., 4 * source].astype(float), fresh) + 0.05


@pytest.mark.parametrize("with_trees", [False, True])
def test_how_large_scores_are_says_nothing_where_sizes_do_not_hold(with_trees):
    scores, items, wanted, lengths = draw_cases(count=1200, good=(True, True))
    cases = make_ranking_cases(scores, items, wanted, lengths, sizes_hold=False)
    fit = fit_ranking(cases, seed=0, threads=1, with_trees=with_trees)
    table = CandidateTable(items, scores, lengths)
    larger = CandidateTable(items, scores * np.float32([4.0, 0.5]), lengths)
    np.testing.assert_array_equal(rank_table(fit, table, k=10), rank_table(fit, larger, k=10))
    sized = fit_ranking(make_ranking_cases(scores, items, wanted, lengths), seed=0, threads=1, with_trees=with_trees)
    assert (rank_table(sized, table, k=10) != rank_table(sized, larger, k=10)).any()


def test_weights_follow_the_length_of_the_history():
    drawn = draw_cases(2400, by_length=True, seed=2)
    ranged = fit_blend(make_ranking_cases(*drawn), ranges=4)
    level = fit_blend(make_ranking_cases(*drawn), ranges=1)
    fresh = draw_cases(800, by_length=True, seed=3)
    assert len(ranged["weights"]) == 4
    assert (np.diff(ranged["bucket_edges"]) > 0).all()
    assert measure(ranged, fresh) > measure(level, fresh) + 0.03


def test_few_cases_make_one_range_and_none_make_no_weights():
    assert len(fit_blend(make_ranking_cases(*draw_cases(100)))["weights"]) == 1
    empty = make_ranking_cases(*(part[:0] for part in draw_cases(1)))
    assert not fit_blend(empty)["weights"].any()


def test_cases_without_a_target_among_the_candidates_are_left_out():
    scores, items, wanted, lengths = draw_cases(10)
    wanted[3:] = False
    assert len(make_ranking_cases(scores, items, wanted, lengths)) == 3


def interaction_cases(count, seed):
    """The target is where exactly one of two sources is high: no weighing of the two finds it."""
    dice = np.random.default_rng(seed)
    high = dice.random((count, 20, 2)) < 0.5
    targets = dice.integers(20, size=count)
    same = high[..., 0] == high[..., 1]
    high[..., 1] = np.where(same, high[..., 0], high[..., 0])
    high[np.arange(count), targets, 1] = ~high[np.arange(count), targets, 0]
    scores = (high + dice.normal(0, 0.05, high.shape)).astype(np.float32)
    wanted = np.zeros((count, 20), dtype=bool)
    wanted[np.arange(count), targets] = True
    return scores, np.tile(np.arange(20, dtype=np.int32), (count, 1)), wanted, np.full(count, 5)


def test_trees_are_taken_where_no_weighing_finds_the_target():
    fit = fit_ranking(make_ranking_cases(*interaction_cases(900, 0)), seed=0, threads=1)
    assert fit.ranker == "boosted_trees"
    assert fit.figures["boosted_trees"] > fit.figures["blend"] + 0.2
    scores, items, wanted, lengths = interaction_cases(300, 1)
    ranked = rank_table(fit, CandidateTable(items, scores, lengths), k=1)
    assert (ranked[:, 0] == wanted.argmax(axis=1)).mean() > 0.8


def test_the_blend_stays_where_trees_add_nothing():
    fit = fit_ranking(make_ranking_cases(*draw_cases(800, good=(True, True))), seed=0, threads=1)
    assert fit.ranker == "blend"
    assert set(fit.figures) == {"blend", "boosted_trees"}


def test_trees_as_arrays_score_as_the_library_does():
    cases = make_ranking_cases(*interaction_cases(600, 4))
    blended = score_blend(fit_blend(cases), cases.features, cases.lengths)
    trees = fit_trees(cases, blended, rounds=20, seed=1, threads=1)
    features = np.random.default_rng(0).normal(size=(500, cases.features.shape[-1] + 1)).astype(np.float32)
    check_trees(trees.arrays, features=features.shape[1])
    np.testing.assert_allclose(score_trees(trees.arrays, features), trees.score(features), atol=1e-9)


def test_a_request_is_ranked_as_in_bulk():
    fit = fit_ranking(make_ranking_cases(*interaction_cases(900, 0)), seed=0, threads=1)
    scores, items, _, lengths = interaction_cases(5, 2)
    bulk = score_table(fit, CandidateTable(items, scores, lengths))
    for case in range(5):
        features = make_features(scores[case : case + 1], lengths[case : case + 1])
        alone = score_boosted(fit.arrays, features, lengths[case : case + 1], np.ones((1, 20), dtype=bool))
        np.testing.assert_array_equal(np.argsort(-alone[0], kind="stable"), np.argsort(-bulk[case], kind="stable"))
    assert any(name.startswith(BLEND) for name in fit.arrays)


def test_padding_is_never_ranked():
    arrays = fit_blend(make_ranking_cases(*draw_cases(300)))
    scores, items, _, lengths = draw_cases(4)
    items[:, 3:] = -1
    scores[:, 3:] = np.nan
    ranked = rank_table(RankingFit("blend", arrays, {}), CandidateTable(items, scores, lengths), k=5)
    assert (np.sort(ranked[:, :3], axis=1) == [0, 1, 2]).all()
    assert (ranked[:, 3:] == -1).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"value": None}, "value missing"),
        ({"left": np.zeros((1, 3), np.int32)}, "left leads back"),
        ({"right": np.full((1, 3), 7, np.int32)}, "right leads out of the tree"),
        ({"feature": np.full((1, 3), 9, np.int32)}, "feature 9, but there are 2"),
        ({"threshold": np.zeros((2, 3))}, "different shapes"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(change, reason):
    arrays = {
        "feature": np.zeros((1, 3), np.int32),
        "threshold": np.zeros((1, 3)),
        "left": np.array([[1, -1, -1]], np.int32),
        "right": np.array([[2, -1, -1]], np.int32),
        "value": np.array([[0.0, 1.0, 2.0]]),
    }
    check_trees(arrays, features=2)
    arrays = {name: array for name, array in {**arrays, **change}.items() if array is not None}
    with pytest.raises(TreesError, match=reason):
        check_trees(arrays, features=2)


def test_members_that_add_nothing_are_not_chosen():
    scores, items, wanted, lengths = draw_cases(1500, good=(True, False, True))
    chosen, steps = select_members(
        CandidateTable(items, scores, lengths), wanted, names=["a", "noise", "b"], most=3, seed=0
    )
    assert sorted(chosen) == [0, 2]
    assert list(steps)[-1] == "without noise"
    assert steps["without noise"] >= (1 - WORTH) * steps["3. noise"]
    assert steps["without noise"] > next(iter(steps.values())) + 0.02


def test_a_copy_of_a_member_is_not_chosen():
    scores, items, wanted, lengths = draw_cases(1500, good=(True,))
    doubled = np.concatenate([scores, scores], axis=-1)
    chosen, _ = select_members(CandidateTable(items, doubled, lengths), wanted, names=["a", "a"], most=3, seed=0)
    assert len(chosen) == 1


def test_what_finds_nothing_alone_is_chosen_for_what_it_adds_to_others():
    scores, items, wanted, lengths = draw_cases(2000, good=(True, True), by_length=True)
    chosen, steps = select_members(CandidateTable(items, scores, lengths), wanted, names=["a", "b"], most=2, seed=0)
    assert sorted(chosen) == [0, 1]
    assert (
        steps["2. b" if "2. b" in steps else "2. a"] > max(steps[key] for key in steps if key.startswith("1.")) + 0.05
    )
