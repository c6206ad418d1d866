"""How the sources of a tuned placement are put together: short histories by weights of their own."""

from __future__ import annotations

import numpy as np

from recommender.evaluation.array_readers import ArraySource
from recommender.evaluation.cases import Cases, make_targets
from recommender.learners import Neighbours, Scores
from recommender.ranking.fitted_scores import score_blend
from recommender.services.tuned_sources import TunedSource, fit_sources, put_before, shorten_histories
from recommender.testing.datasets import make_dataset
from recommender.training.dataset import InteractionDataset

ITEMS = 40


def make_histories(people: int, steps: int) -> InteractionDataset:
    """Each person walks ``steps`` items on from another one."""
    rows = [(person, (person + step) % ITEMS, float(step)) for person in range(people) for step in range(steps)]
    return make_dataset(rows, items=ITEMS)


def make_cases(people: int, steps: int) -> Cases:
    """They are asked what comes next."""
    histories = make_histories(people, steps)
    return Cases(
        profiles=np.arange(people),
        histories=histories,
        targets=make_targets([[(person + steps) % ITEMS] for person in range(people)]),
        times=np.full(people, histories.reference),
    )


def make_sources(dataset: InteractionDataset) -> list[TunedSource]:
    """Where an item leads to, and a number an item that says nothing."""
    ids = dataset.item_ids
    neighbours = Neighbours(ids, np.arange(ITEMS + 1), np.roll(ids, -1), np.ones(ITEMS))
    scores = Scores(ids, np.arange(1.0, ITEMS + 1))
    return [
        TunedSource("neighbours", "next", ArraySource(neighbours)),
        TunedSource("scores", "any", ArraySource(scores)),
    ]


def test_only_the_latest_rows_of_the_chosen_are_left() -> None:
    histories = make_histories(3, 4)
    short = shorten_histories(histories, profiles=np.array([0, 2]), rows=np.array([1, 3]))
    assert short.profiles.tolist() == [0, 2, 2, 2]
    assert short.items.tolist() == [3, 3, 4, 5]
    assert len(shorten_histories(histories, profiles=np.array([1]), rows=np.array([0]))) == 0


def test_a_log_of_long_histories_gets_weights_of_its_own_for_short_ones() -> None:
    cases = make_cases(60, 12)
    fit = fit_sources(make_sources(cases.histories), cases, exclude_seen=True, seed=0, threads=1, with_trees=True)
    assert fit.ranker == "blend"
    assert fit.arrays["bucket_edges"].tolist() == [9.0]
    assert fit.arrays["weights"].shape == (2, len(fit.arrays["mean"]))


def test_a_log_of_short_histories_is_fitted_as_it_is() -> None:
    cases = make_cases(60, 4)
    fit = fit_sources(make_sources(cases.histories), cases, exclude_seen=True, seed=0, threads=1, with_trees=False)
    assert 9.0 not in fit.arrays["bucket_edges"].tolist()
    assert len(fit.arrays["weights"]) == len(fit.arrays["bucket_edges"]) + 1


def test_two_blends_in_one_order_candidates_as_each_does_alone() -> None:
    dice = np.random.default_rng(0)
    short = {
        "mean": dice.normal(size=3),
        "scale": np.array([0.5, np.inf, 2.0]),
        "weights": dice.normal(size=(1, 3)),
        "bucket_edges": np.empty(0),
    }
    whole = {
        "mean": dice.normal(size=3),
        "scale": np.array([1.5, 3.0, 0.7]),
        "weights": dice.normal(size=(3, 3)),
        "bucket_edges": np.array([5.0, 30.0]),
    }
    joined = put_before(short, whole, length=9)
    assert joined["bucket_edges"].tolist() == [9.0, 30.0]
    features = dice.normal(size=(1, 6, 3)).astype(np.float32)
    for length, alone in ((0, short), (8, short), (9, whole), (29, whole), (30, whole), (99, whole)):
        lengths = np.array([length])
        off = score_blend(joined, features, lengths) - score_blend(alone, features, lengths)
        np.testing.assert_allclose(off, off[0, 0], atol=1e-5)


def test_what_does_not_vary_in_long_histories_has_no_weight_in_short_ones() -> None:
    alone = {"mean": np.zeros(1), "scale": np.ones(1), "weights": np.ones((1, 1)), "bucket_edges": np.empty(0)}
    flat = {**alone, "scale": np.array([np.inf])}
    joined = put_before(alone, flat, length=9)
    assert joined["weights"].tolist() == [[0.0], [1.0]]
    assert score_blend(joined, np.ones((1, 2, 1), np.float32), np.array([0])).tolist() == [[0.0, 0.0]]
