"""Features of candidates: what each view says, and that padding and batches change nothing."""

import numpy as np
import pytest

from recommender.ranking.features import VIEWS, make_features, name_features, view_scores

NAN = float("nan")


def look(*scores: float) -> dict[str, list[float]]:
    views = view_scores(np.array(scores, dtype=np.float32)[:, None])
    return {view: views[:, place].tolist() for place, view in enumerate(VIEWS)}


def test_each_view_of_one_source():
    views = look(4.0, 1.0, 1.0)
    assert views["raw"] == [4.0, 1.0, 1.0]
    assert views["z_score"] == pytest.approx([np.sqrt(2), -np.sqrt(0.5), -np.sqrt(0.5)])
    assert views["log_share"] == pytest.approx([0.0, np.log(0.25), np.log(0.25)])
    assert views["log_rank"] == pytest.approx([0.0, -np.log(2.5), -np.log(2.5)])


def test_what_a_source_does_not_know_looks_like_its_lowest_and_comes_last():
    views = look(4.0, NAN, 2.0, NAN)
    assert views["raw"] == [4.0, 2.0, 2.0, 2.0]
    assert views["z_score"] == pytest.approx([1.0, -1.0, -1.0, -1.0])
    assert views["log_rank"] == pytest.approx([0.0, -np.log(3), -np.log(2), -np.log(3)])


@pytest.mark.parametrize("scores", [(NAN, NAN), (0.0, 0.0), (-3.0, -3.0), (5.0,), (1e30, -1e30)])
def test_odd_scores_stay_finite(scores):
    views = view_scores(np.array(scores, dtype=np.float32)[:, None])
    assert np.isfinite(views).all()


def test_a_source_that_knows_nothing_says_nothing():
    assert not view_scores(np.full((3, 1), NAN, dtype=np.float32)).any()


def test_negative_scores_have_the_lowest_share():
    assert look(2.0, -1.0)["log_share"] == pytest.approx([0.0, np.log(1e-4)])


def test_padding_and_batches_change_nothing():
    dice = np.random.default_rng(1)
    cases = [dice.normal(size=(size, 3)).astype(np.float32) for size in (5, 9, 1)]
    for case in cases:
        case[dice.random(case.shape) < 0.3] = NAN
    padded = np.full((3, 9, 3), NAN, dtype=np.float32)
    for place, case in enumerate(cases):
        padded[place, : len(case)] = case
    together = make_features(padded, np.array([0, 7, 40]))
    for place, (case, length) in enumerate(zip(cases, (0, 7, 40), strict=True)):
        np.testing.assert_allclose(together[place, : len(case)], make_features(case, length), rtol=1e-6)


def test_features_have_names():
    features = make_features(np.ones((4, 2), dtype=np.float32), 3)
    names = name_features(("a", "b"))
    assert features.shape == (4, len(names))
    assert names[4] == "b:raw"
    assert features[:, names.index("log_history_length")] == pytest.approx(np.full(4, np.log(4)))


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0)])
def test_without_candidates_or_sources_there_is_nothing_to_see(shape):
    assert view_scores(np.zeros(shape, dtype=np.float32)).shape == (shape[0], 4 * shape[1])
    assert make_features(np.zeros(shape, dtype=np.float32), 1).shape == (shape[0], 4 * shape[1] + 4)
