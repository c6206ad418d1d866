"""Who takes the active model's place by itself, who by hand, and who only by force."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommender.models import TrainedModel
from recommender.services.champion_gate import judge_candidate, promote_judged
from recommender.services.promotion import PromotionError, promote_model, roll_back_model
from recommender.services.retraining import put_live
from recommender.services.training import start_training, train_model
from tests.recommender.chain_world import follow as follow
from tests.recommender.chain_world import make_ring
from tests.recommender.logs import make_catalog

pytestmark = pytest.mark.django_db


def run(catalog_id: int, *, step: int, measure: bool = True, promote: bool = True) -> TrainedModel:
    model = start_training(catalog_id, learner="follow", options={"step": step}, measure=measure, promote=promote)
    return train_model(model.pk)


def read(model: TrainedModel) -> tuple[str, str]:
    model.refresh_from_db()
    return model.state, model.metrics["judgement"]


def test_the_first_goes_live_and_a_better_one_takes_its_place(follow: Any) -> None:
    catalog = make_ring()
    first = run(catalog.pk, step=7)
    assert put_live(first.pk)
    assert read(first) == ("active", "no_champion")
    second = run(catalog.pk, step=1)
    assert put_live(second.pk)
    assert read(second) == ("active", "no_worse")


def test_a_worse_one_stays_a_candidate_with_the_reason_until_somebody_insists(follow: Any) -> None:
    catalog = make_ring()
    good = run(catalog.pk, step=1)
    put_live(good.pk)
    bad = run(catalog.pk, step=7)
    assert not put_live(bad.pk)
    assert read(bad) == ("candidate", "worse")
    assert judge_candidate(bad).reason == (
        f"it is worse: ndcg@10 0.0000 against 1.0000 of {good} (difference -1.0000 to -1.0000, p = 0.000)"
    )
    with pytest.raises(PromotionError, match=f"{bad} is not promoted: it is worse: ndcg@10"):
        promote_judged(bad.pk)
    assert promote_judged(bad.pk, force=True).state == "active"
    assert roll_back_model(catalog.pk, learner="follow") == good
    assert promote_judged(bad.pk).state == "active"  # retired: somebody chose it once, knowing


def test_the_same_options_on_new_data_are_no_worse(follow: Any) -> None:
    catalog = make_ring()
    put_live(run(catalog.pk, step=7).pk)
    again = run(catalog.pk, step=7)
    assert put_live(again.pk)
    assert read(again) == ("active", "no_worse")


def test_what_nobody_wished_to_go_live_is_judged_all_the_same(follow: Any) -> None:
    catalog = make_ring()
    put_live(run(catalog.pk, step=1).pk)
    bad = run(catalog.pk, step=7, promote=False)
    assert not put_live(bad.pk)
    assert read(bad) == ("candidate", "worse")


def test_a_run_that_was_not_to_be_measured_goes_live(follow: Any) -> None:
    catalog = make_ring()
    put_live(run(catalog.pk, step=1).pk)
    unmeasured = run(catalog.pk, step=7, measure=False)
    assert put_live(unmeasured.pk)
    assert read(unmeasured) == ("active", "not_measured")


def make_pair(*, shape: str = "neighbours", **metrics: Any) -> TrainedModel:
    """An active model and a measured candidate with these figures beyond those of the comparison."""
    catalog, now = make_catalog(), timezone.now()
    fields = {"catalog": catalog, "learner": "follow", "shape": shape, "measure": True}
    active = TrainedModel.objects.create(**fields, state="active", trained_until=now - timedelta(hours=1))
    figures = {
        "held_out_cases": 100, "held_out_ndcg@10": 0.2, "champion": active.pk, "champion_ndcg@10": 0.3,
        "champion_difference": -0.1, "champion_difference_interval": [-0.2, 0.0], "champion_p": 0.01, **metrics,
    }  # fmt: skip
    return TrainedModel.objects.create(**fields, state="candidate", trained_until=now, metrics=figures)


@pytest.mark.parametrize(
    ("metrics", "code", "promotes"),
    [
        ({}, "worse", False),
        ({"champion_p": 0.06}, "no_worse", True),
        ({"champion_difference": 0.1}, "no_worse", True),
        ({"held_out_cases": 0}, "no_cases", True),
        ({"held_out_error": "MemoryError"}, "unmeasurable", False),
        ({"champion": 0}, "other_champion", False),
    ],
)
def test_figures_decide(metrics: dict[str, Any], code: str, promotes: bool) -> None:
    judgement = judge_candidate(make_pair(**metrics))
    assert (judgement.code, judgement.promotes) == (code, promotes)


def test_how_sure_one_must_be_is_a_setting(settings: Any) -> None:
    settings.RECSITE_TRAINING = {"worse_below": 0.001}
    assert judge_candidate(make_pair()).code == "no_worse"


def test_scores_are_not_held_against_each_other() -> None:
    assert judge_candidate(make_pair(shape="scores")).code == "scores"


def test_a_champion_that_could_not_be_measured_gives_way() -> None:
    model = make_pair()
    del model.metrics["champion"]
    judgement = judge_candidate(model)
    assert (judgement.code, judgement.promotes) == ("no_comparison", True)


def test_a_run_that_comes_late_does_not_replace_what_has_learned_from_more() -> None:
    model = make_pair(champion_difference=0.1)
    TrainedModel.objects.filter(state="active").update(trained_until=timezone.now() + timedelta(hours=1))
    judgement = judge_candidate(model)
    assert (judgement.code, judgement.promotes) == ("outdated", False)
    assert not put_live(model.pk, promote=True)
    assert promote_judged(model.pk).state == "active"


def test_an_active_model_is_left_alone() -> None:
    model = make_pair()
    active = TrainedModel.objects.get(state="active")
    assert not put_live(active.pk, promote=True)
    assert promote_model(active.pk).state == "active"
    assert model.state == "candidate"
