"""Fitted rankings go live with their strategies and models, and everything comes back with one step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recommender.models import FittedRanking, Placement, TrainedModel
from recommender.services.fitted_rankings import (
    KEPT_RETIRED,
    FittedRankingError,
    promote_fitted_ranking,
    roll_back_fitted_ranking,
)
from recommender.services.promotion import promote_model
from recommender.services.recommendations import recommend
from recommender.services.training import start_training, train_model
from recommender.services.tuning import TuningOptions, TuningOutcome, tune_placement
from tests.recommender.chain_world import follow as follow
from tests.recommender.halves_world import halves as halves
from tests.recommender.halves_world import make_halves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

BOTH = TuningOptions(budget_seconds=5.0, learners=("even", "odd", "popular"), protocol="next-item")
EVEN = replace(BOTH, learners=("even",))


def describe(placement: Placement) -> tuple[str, list[str], dict[int, str]]:
    """The ranker, the strategies' sources, and the states of the rankings."""
    placement.refresh_from_db()
    states = dict(FittedRanking.objects.filter(placement=placement).values_list("pk", "state"))
    return placement.ranker, list(placement.strategies.order_by("position").values_list("source", flat=True)), states


def tune(placement: Placement, options: TuningOptions) -> FittedRanking:
    outcome: TuningOutcome = tune_placement(placement.catalog_id, placement.key, options=options)
    assert outcome.fitted is not None
    return outcome.fitted


def test_two_tunings_are_rolled_back_one_after_the_other() -> None:
    catalog, placement = make_halves()
    before = train_model(start_training(catalog.pk, learner="even", options={"reach": 7}).pk)
    promote_model(before.pk)
    first = tune(placement, EVEN)
    second = tune(placement, BOTH)
    ranker, sources, states = describe(placement)
    assert (ranker, sorted(sources)) == ("blend", ["even", "odd"])
    assert states == {first.pk: "retired", second.pk: "active"}

    assert roll_back_fitted_ranking(second.pk) == first
    assert describe(placement) == ("blend", ["even"], {first.pk: "active", second.pk: "retired"})

    assert roll_back_fitted_ranking(first.pk) is None
    assert describe(placement) == ("reciprocal_rank", ["even"], {first.pk: "retired", second.pk: "retired"})
    assert placement.strategies.get().weight == 2.0
    active = TrainedModel.objects.get(catalog=catalog, learner="even", state="active")
    assert active.options == {"reach": 7}
    with pytest.raises(FittedRankingError, match="is retired; only the active one can be rolled back"):
        roll_back_fitted_ranking(first.pk)


def test_a_retired_ranking_goes_live_again_with_its_strategies_and_models() -> None:
    catalog, placement = make_halves()
    fitted = tune(placement, BOTH)
    roll_back_fitted_ranking(fitted.pk)
    worse = train_model(start_training(catalog.pk, learner="even", options={"reach": 7}).pk)
    promote_model(worse.pk)
    promote_fitted_ranking(fitted.pk)
    assert describe(placement)[2] == {fitted.pk: "active"}
    assert sorted(describe(placement)[1]) == ["even", "odd"]
    assert TrainedModel.objects.get(catalog=catalog, learner="even", state="active").options == {"reach": 1}
    assert recommend(catalog.pk, placement="home", user_id="p0", log=False).entries[0].key == "i6"
    # And what it replaced this time is what comes back.
    roll_back_fitted_ranking(fitted.pk)
    assert describe(placement)[0] == "reciprocal_rank"
    assert TrainedModel.objects.get(catalog=catalog, learner="even", state="active").options == {"reach": 7}


def test_to_promote_the_active_one_changes_nothing() -> None:
    _, placement = make_halves()
    fitted = tune(placement, BOTH)
    fitted.refresh_from_db()
    before = describe(placement)
    assert promote_fitted_ranking(fitted.pk).metrics["before"] == fitted.metrics["before"]
    assert describe(placement) == before


@pytest.mark.usefixtures("follow")
def test_a_candidate_goes_live_by_hand() -> None:
    catalog, placement = make_halves(("neighbours", "follow", 1.0))
    fitted = tune(placement, EVEN)
    assert describe(placement) == ("reciprocal_rank", ["follow"], {fitted.pk: "candidate"})
    promote_fitted_ranking(fitted.pk)
    assert describe(placement) == ("blend", ["even"], {fitted.pk: "active"})
    assert TrainedModel.objects.get(catalog=catalog, learner="even").state == "active"


def test_models_of_then_that_are_gone_leave_the_present_ones(caplog: pytest.LogCaptureFixture) -> None:
    catalog, placement = make_halves()
    old = train_model(start_training(catalog.pk, learner="even", options={"reach": 7}).pk)
    promote_model(old.pk)
    fitted = tune(placement, EVEN)
    TrainedModel.objects.filter(pk=old.pk).delete()
    roll_back_fitted_ranking(fitted.pk)
    assert TrainedModel.objects.get(catalog=catalog, state="active").options == {"reach": 1}
    assert "even: no model with the options of then is kept" in caplog.text


def test_a_ranking_that_says_nothing_of_its_strategies_is_refused() -> None:
    _, placement = make_halves()
    bare = FittedRanking.objects.create(placement=placement, ranker="blend", sources=["even"], data=b"")
    with pytest.raises(FittedRankingError, match="does not say which strategies it was fitted to"):
        promote_fitted_ranking(bare.pk)
    bare.state = "active"
    bare.save()
    with pytest.raises(FittedRankingError, match="does not know what was before it"):
        roll_back_fitted_ranking(bare.pk)


def test_old_rankings_are_deleted() -> None:
    _, placement = make_halves()
    old = [
        FittedRanking.objects.create(placement=placement, ranker="blend", data=b"", state="retired").pk
        for _ in range(KEPT_RETIRED + 1)
    ]
    fitted = tune(placement, BOTH)
    kept = set(FittedRanking.objects.values_list("pk", flat=True))
    assert kept == {fitted.pk, *old[1:]}
