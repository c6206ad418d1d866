"""A run is measured on held-out interactions, beside the active model's options; nothing is fitted twice in vain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from catalog.models import Catalog
from recommender.learners import Neighbours, learners
from recommender.models import ModelArrays, TrainedModel
from recommender.services import checkpoints, training_progress
from recommender.services.interrupted import find_interrupted_runs
from recommender.services.promotion import promote_model
from recommender.services.training import start_training, train_model
from tests.recommender.chain_world import Follow, make_ring
from tests.recommender.chain_world import follow as follow
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.slow_learner import register_slow

pytestmark = pytest.mark.django_db

Fits = list[tuple[int, int]]
ROWS = 240


def run(catalog: Catalog, **options: Any) -> TrainedModel:
    model = train_model(start_training(catalog.pk, learner="follow", options=options, measure=True).pk)
    assert model.error == ""
    return model


def test_a_first_candidate_has_its_figures_with_intervals(follow: Fits) -> None:
    model = run(make_ring())
    assert {name: value for name, value in model.metrics.items() if name.startswith(("held_out", "champion"))} == {
        "held_out_protocol": "time:0.9",
        "held_out_cases": 24,
        "held_out_ndcg@10": 1.0, "held_out_ndcg@10_interval": [1.0, 1.0],
        "held_out_hr@10": 1.0, "held_out_hr@10_interval": [1.0, 1.0],
        "held_out_recall@10": 1.0, "held_out_recall@10_interval": [1.0, 1.0],
    }  # fmt: skip
    assert model.metrics["measure_seconds"] >= 0
    assert follow == [(1, ROWS * 9 // 10), (1, ROWS)]


def test_the_active_models_options_are_measured_on_the_same_cut(follow: Fits) -> None:
    catalog = make_ring()
    active = train_model(start_training(catalog.pk, learner="follow", options={"step": 7}).pk)
    promote_model(active.pk)
    follow.clear()
    figures = run(catalog).metrics
    assert follow == [(1, 216), (7, 216), (1, 240)]
    assert (figures["champion"], figures["champion_ndcg@10"], figures["champion_difference"]) == (active.pk, 0.0, 1.0)
    assert figures["champion_difference_interval"] == [1.0, 1.0]
    assert figures["champion_p"] < 0.001


def test_what_was_measured_on_the_same_data_is_not_fitted_again(follow: Fits) -> None:
    catalog = make_ring()
    promote_model(run(catalog, step=7).pk)
    follow.clear()
    run(catalog, step=1)
    assert follow == [(1, 216), (1, 240)]


def test_the_same_options_are_fitted_once_and_do_not_differ(follow: Fits) -> None:
    catalog = make_ring()
    promote_model(train_model(start_training(catalog.pk, learner="follow").pk).pk)
    follow.clear()
    figures = run(catalog).metrics
    assert follow == [(1, 216), (1, 240)]
    assert (figures["champion_difference"], figures["champion_p"]) == (0.0, 1.0)


def test_the_same_options_on_the_same_data_are_not_measured_twice(follow: Fits) -> None:
    catalog = make_ring()
    first = run(catalog)
    promote_model(first.pk)
    follow.clear()
    figures = run(catalog).metrics
    assert follow == [(1, 240)]
    assert (figures["held_out_ndcg@10"], figures["champion"], figures["champion_p"]) == (1.0, first.pk, 1.0)


def test_figures_that_cannot_be_read_are_measured_anew(follow: Fits) -> None:
    catalog = make_ring()
    run(catalog)
    ModelArrays.objects.update(data=b"torn")
    follow.clear()
    assert run(catalog).metrics["held_out_ndcg@10"] == 1.0
    assert follow == [(1, 216), (1, 240)]


def test_new_data_is_measured_anew(follow: Fits) -> None:
    catalog = make_ring()
    promote_model(run(catalog, step=7).pk)
    record(catalog.profile_set.get(key="p0"), catalog.item_set.get(key="i6"), at=1000)
    follow.clear()
    run(catalog)
    assert follow == [(1, 216), (7, 216), (1, 241)]


def test_a_run_that_is_not_to_be_measured_is_fitted_once(follow: Fits) -> None:
    model = train_model(start_training(make_ring().pk, learner="follow").pk)
    assert follow == [(1, 240)]
    assert not [name for name in model.metrics if name.startswith("held_out")]
    assert not ModelArrays.objects.exists()


def test_too_little_to_measure_on_is_no_failure(follow: Fits) -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    record(profile, item, at=0)
    model = run(catalog)
    assert (model.state, model.metrics["held_out_cases"]) == ("candidate", 0)
    assert follow == [(1, 1)]


def test_a_failure_of_the_measurement_is_told_and_the_training_goes_on(
    follow: Fits, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Follow.train

    def fail_on_little(self: Follow, dataset: Any, **named: Any) -> Neighbours:
        if len(dataset) < 240:
            raise ArithmeticError("singular")
        return real(self, dataset, **named)

    monkeypatch.setattr(Follow, "train", fail_on_little)
    model = run(make_ring())
    assert (model.state, model.metrics["held_out_error"]) == ("candidate", "ArithmeticError: singular")


def test_a_champion_whose_options_no_longer_fit_is_not_compared_with(follow: Fits) -> None:
    catalog = make_ring()
    TrainedModel.objects.create(
        catalog=catalog, learner="follow", shape="neighbours", state="active", options={"gone": 1}
    )
    figures = run(catalog).metrics
    assert figures["held_out_ndcg@10"] == 1.0
    assert "champion" not in figures


def test_progress_rises_over_measuring_and_training(follow: Fits, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_ring()
    promote_model(train_model(start_training(catalog.pk, learner="follow", options={"step": 7}).pk).pk)
    seen: list[float] = []
    train_model(start_training(catalog.pk, learner="follow", measure=True).pk, progress=seen.append)
    assert seen == [0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.0]


def test_a_run_is_cancelled_while_it_is_measured(follow: Fits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_progress, "PROGRESS_SECONDS", 0.0)
    model = start_training(make_ring().pk, learner="follow", measure=True)

    def cancel(fraction: float) -> None:
        TrainedModel.objects.filter(pk=model.pk).update(cancel_requested=True)

    model = train_model(model.pk, progress=cancel)
    assert (model.state, follow) == ("cancelled", [(1, 216)])


def test_what_was_measured_before_the_worker_died_is_kept(follow: Fits, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    model = start_training(make_ring().pk, learner="follow", measure=True)

    def die(fraction: float) -> None:
        if fraction > 0.5:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("recommender.services.training._fail", lambda model, error: None)
        with pytest.raises(Killed):
            train_model(model.pk, progress=die)
    follow.clear()
    model = train_model(model.pk)
    assert (model.state, model.attempts, follow) == ("candidate", 2, [(1, 240)])
    assert model.metrics["held_out_ndcg@10"] == 1.0
    assert np.isclose(model.progress, 1.0)


def test_a_resumable_learner_goes_on_where_its_measurement_was_broken_off(
    follow: Fits, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    monkeypatch.setattr(checkpoints, "PAUSE_FACTOR", 0.0)
    register_slow()
    try:
        catalog = make_ring()
        undisturbed = train_model(start_training(catalog.pk, learner="slow", measure=True).pk)
        ModelArrays.objects.all().delete()  # or nothing would be measured again
        model = start_training(catalog.pk, learner="slow", measure=True)
        reached: list[float] = []

        def die(fraction: float) -> None:
            reached.append(fraction)
            if len(reached) == 10:
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("recommender.services.training._fail", lambda model, error: None)
            with pytest.raises(Killed):
                train_model(model.pk, progress=die)
        assert find_interrupted_runs() == [model.pk]
        rest: list[float] = []
        model = train_model(model.pk, progress=rest.append)
    finally:
        learners.unregister("slow")
    assert (reached[-1], rest[0], len(rest)) == (10 / 160, 11 / 160, 30 + 40 + 1)
    for name in ("held_out_ndcg@10", "held_out_hr@10"):
        assert model.metrics[name] == undisturbed.metrics[name]


def test_few_people_are_asked_where_the_setting_says_so(follow: Fits, settings: Any) -> None:
    settings.RECSITE_TRAINING = {"held_out_cases": 5}
    assert run(make_ring()).metrics["held_out_cases"] == 5
