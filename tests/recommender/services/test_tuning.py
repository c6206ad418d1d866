"""A placement is tuned: what is found beats every strategy alone, and goes live all at once or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.db import connection

from catalog.models import Catalog
from recommender.learners import Progress, TrainingCancelled
from recommender.models import FittedRanking, Placement, PlacementStrategy, TrainedModel
from recommender.selectors import load_plan
from recommender.services.fitted_rankings import FittedRankingError
from recommender.services.recommendations import recommend
from recommender.services.training_locks import TrainingUnderWayError, _make_key
from recommender.services.tuning import TuningOptions, TuningOutcome, name_lock, tune_placement
from recommender.services.tuning_cases import TuningError
from recommender.training.dataset import InteractionDataset
from tests.recommender.chain_world import follow as follow
from tests.recommender.halves_world import ITEMS, PEOPLE, STEPS, Odd, make_halves
from tests.recommender.halves_world import halves as halves
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.worlds import World, place_items

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

NEXT = TuningOptions(budget_seconds=5.0, learners=("even", "odd", "popular"), protocol="next-item")


def read_means(report: Any, metric: str = "ndcg") -> dict[str, float]:
    return {row["name"]: row["metrics"][metric]["mean"] for row in report["rows"]}


def list_strategies(placement: Placement) -> list[tuple[str, str, float]]:
    return list(placement.strategies.order_by("position").values_list("reader", "source", "weight"))


def check_untouched(placement: Placement) -> None:
    """The placement of ``make_halves`` is as it was, nothing is live, and no run goes on."""
    placement.refresh_from_db()
    assert (placement.ranker, list_strategies(placement)) == ("reciprocal_rank", [("neighbours", "even", 2.0)])
    assert not FittedRanking.objects.exists()
    assert not TrainedModel.objects.filter(state__in=["active", "training"]).exists()


def test_the_blend_of_two_that_err_differently_beats_both_and_is_served() -> None:
    catalog, placement = make_halves()
    outcome = tune_placement(catalog.pk, "home", options=NEXT)
    means = read_means(outcome.report)
    assert means["home"] == 1.0
    assert 0.3 < means["even"] < 0.7
    assert 0.3 < means["odd"] < 0.7
    assert means["even"] + means["odd"] == pytest.approx(1.0)
    assert means["home (before)"] < 0.8
    rows = {row["name"]: row for row in outcome.report["rows"]}
    assert all(rows[name]["difference"]["p_holm"] < 0.001 for name in ("even", "odd", "popular"))
    placement.refresh_from_db()
    assert placement.ranker == "blend"
    assert {row[:2] for row in list_strategies(placement)} == {("neighbours", "even"), ("neighbours", "odd")}
    plan = load_plan(catalog.pk, "home")
    assert outcome.fitted is not None
    assert plan.fitted is not None
    assert plan.fitted.id == outcome.fitted.pk
    for number in range(PEOPLE):
        slate = recommend(catalog.pk, placement="home", user_id=f"p{number}", log=False)
        assert slate.entries[0].key == f"i{(number + STEPS) % ITEMS}"


def test_nobody_is_measured_whom_anything_was_chosen_by() -> None:
    catalog, _ = make_halves()
    report = tune_placement(catalog.pk, "home", options=NEXT).report
    assert (report["data"]["people"], report["data"]["chosen_by"], report["cases"]) == (PEOPLE, 120, 120)
    assert report["data"]["learned_from"] == PEOPLE * (STEPS - 2)


def test_options_are_tuned_and_models_learn_from_everything() -> None:
    catalog, _ = make_halves()
    tune_placement(catalog.pk, "home", options=NEXT)
    models = TrainedModel.objects.filter(catalog=catalog, state="active")
    found = {model.learner: (model.options, model.metrics["interactions"]) for model in models}
    everything = PEOPLE * STEPS
    assert found == {"even": ({"reach": 1}, everything), "odd": ({"reach": 1}, everything)}


def test_a_dry_run_changes_nothing() -> None:
    catalog, placement = make_halves()
    outcome = tune_placement(catalog.pk, "home", options=replace(NEXT, dry_run=True))
    assert outcome.fitted is None
    assert read_means(outcome.report)["home"] == 1.0
    check_untouched(placement)
    assert not TrainedModel.objects.exists()


@pytest.mark.parametrize("fault", [RuntimeError("broken"), MemoryError("no room"), ModuleNotFoundError("no torch")])
def test_a_learner_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    catalog, placement = make_halves()
    monkeypatch.setattr(Odd, "fails", fault)
    outcome = tune_placement(catalog.pk, "home", options=NEXT)
    names = {row["name"] for row in outcome.report["rows"]}
    assert "odd" not in names
    assert "even" in names
    assert ("neighbours", "odd", 1.0) not in list_strategies(placement)


def test_where_all_learners_fail_it_says_so_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, placement = make_halves()
    monkeypatch.setattr(Odd, "fails", RuntimeError("broken"))
    with pytest.raises(TuningError, match="no learner fits these data"):
        tune_placement(catalog.pk, "home", options=replace(NEXT, learners=("odd",)))
    check_untouched(placement)


def test_a_training_on_everything_that_fails_leaves_the_placement_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, placement = make_halves()
    train = Odd.train

    def fail_on_all(self: Odd, dataset: InteractionDataset, *, progress: Progress) -> Any:
        if len(dataset) == PEOPLE * STEPS:
            raise RuntimeError("too much")
        return train(self, dataset, progress=progress)

    monkeypatch.setattr(Odd, "train", fail_on_all)
    with pytest.raises(TuningError, match=r"training odd #\d+ on everything: RuntimeError: too much"):
        tune_placement(catalog.pk, "home", options=NEXT)
    check_untouched(placement)


@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 0.76, 0.97])
def test_to_cancel_leaves_the_placement_as_it_was(moment: float) -> None:
    catalog, placement = make_halves()

    def cancel(fraction: float) -> None:
        if fraction >= moment:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        tune_placement(catalog.pk, "home", options=NEXT, progress=cancel)
    check_untouched(placement)


def test_progress_never_goes_back() -> None:
    catalog, _ = make_halves()
    told: list[float] = []
    tune_placement(catalog.pk, "home", options=NEXT, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_an_editor_has_changed_meanwhile_is_left_alone() -> None:
    catalog, placement = make_halves()

    def edit(fraction: float) -> None:
        if fraction >= 0.9:
            placement.strategies.update(weight=3.0)

    with pytest.raises(FittedRankingError, match="home: its strategies or its ranking have been changed meanwhile"):
        tune_placement(catalog.pk, "home", options=NEXT, progress=edit)
    assert list_strategies(placement) == [("neighbours", "even", 3.0)]
    assert not FittedRanking.objects.exists()
    assert not TrainedModel.objects.filter(state="active").exists()


@pytest.mark.usefixtures("follow")
def test_what_is_worse_than_the_placement_stays_a_candidate() -> None:
    catalog, placement = make_halves(("neighbours", "follow", 1.0))
    outcome = tune_placement(catalog.pk, "home", options=replace(NEXT, learners=("even", "popular")))
    means = read_means(outcome.report)
    assert means["home (before)"] == 1.0
    assert means["home"] < 0.8
    assert outcome.fitted is not None
    assert outcome.fitted.state == "candidate"
    assert list_strategies(placement) == [("neighbours", "follow", 1.0)]
    assert not TrainedModel.objects.filter(state="active").exists()


def test_the_likeness_of_content_stays_where_editors_put_it_and_is_weighed() -> None:
    catalog, placement = make_halves(("neighbours", "even", 1.0), ("history_match", "text", 1.0), ("friends", "f", 2.0))
    items = {item.key: item for item in catalog.item_set.all()}
    place_items(World(catalog, items), {key: [1.0, float(number)] for number, key in enumerate(sorted(items))})
    outcome = tune_placement(catalog.pk, "home", options=NEXT)
    assert outcome.fitted is not None
    assert set(outcome.fitted.sources) == {"even", "odd", "history_match"}
    assert ("history_match", "text", 1.0) in list_strategies(placement)
    assert list_strategies(placement)[-1] == ("friends", "f", 2.0)
    assert read_means(outcome.report)["home"] > 0.9


def test_popular_items_keep_the_options_that_somebody_gave_them(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, _ = make_halves(("scores", "popular", 1.0))
    TrainedModel.objects.create(
        catalog=catalog, learner="popular", shape="scores", state="active", options={"half_life_days": 365.0}
    )
    outcome = tune_placement(catalog.pk, "home", options=replace(NEXT, learners=("popular",)))
    assert outcome.report["members"][0]["options"] == {"half_life_days": 365.0}


def test_an_empty_catalog_cannot_be_tuned() -> None:
    catalog = make_catalog("empty")
    Placement.objects.create(catalog=catalog, key="home", name="home")
    with pytest.raises(TuningError, match="there are no interactions to tune by"):
        tune_placement(catalog.pk, "home")


def test_a_handful_of_people_is_too_few() -> None:
    catalog = make_catalog("small")
    Placement.objects.create(catalog=catalog, key="home", name="home")
    items = make_items(catalog, 4)
    for profile in make_profiles(catalog, 5):
        for hour, item in enumerate(items):
            record(profile, item, at=hour)
    with pytest.raises(TuningError, match="next-item holds out choices of 5 people"):
        tune_placement(catalog.pk, "home", options=replace(NEXT, protocol="next-item"))


def refuse(catalog: Catalog, message: str, **changes: Any) -> None:
    placement = changes.pop("placement", "home")
    with pytest.raises(TuningError, match=message):
        tune_placement(catalog.pk, placement, options=replace(NEXT, **changes))


def test_what_cannot_be_tuned_is_refused() -> None:
    catalog, placement = make_halves()
    refuse(catalog, "no placement 'nowhere'", placement="nowhere")
    refuse(catalog, "no placement", placement="ho\0me")
    refuse(catalog, "no protocol is called 'yesterday'", protocol="yesterday")
    refuse(catalog, "predicts ratings", protocol="rating:0.8")
    refuse(catalog, "leaves no interaction to learn from", protocol="time:0.0001")
    PlacementStrategy.objects.create(placement=placement, reader="similar_items", source="text")
    refuse(catalog, "home stands on the page of an item")


@pytest.fixture
def other_session() -> Iterator[psycopg.Connection[Any]]:
    """A session of somebody else."""
    params = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("host", "port", "user", "password", "dbname")
    }
    with psycopg.connect(**params, autocommit=True) as session:
        yield session


def test_a_second_run_while_one_is_under_way_is_refused(other_session: psycopg.Connection[Any]) -> None:
    catalog, placement = make_halves()
    other_session.execute("SELECT pg_advisory_lock(%s)", [_make_key(catalog.pk, name_lock(placement))])
    with pytest.raises(TrainingUnderWayError, match="placement home is being trained in catalog"):
        tune_placement(catalog.pk, "home", options=NEXT)
    check_untouched(placement)


def test_a_learner_that_somebody_else_trains_ends_it_with_nothing_changed(
    other_session: psycopg.Connection[Any],
) -> None:
    catalog, placement = make_halves()
    other_session.execute("SELECT pg_advisory_lock(%s)", [_make_key(catalog.pk, "odd")])
    with pytest.raises(TrainingUnderWayError, match="odd is being trained"):
        tune_placement(catalog.pk, "home", options=NEXT)
    check_untouched(placement)


def test_the_default_protocol_is_that_of_candidates() -> None:
    catalog, _ = make_halves()
    outcome: TuningOutcome = tune_placement(catalog.pk, "home", options=replace(NEXT, protocol="", dry_run=True))
    assert outcome.report["protocol"] == "time:0.9"
