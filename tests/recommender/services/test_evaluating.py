"""Evaluations of a placement: known answers in a known world."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Item
from profiles.models import Friendship, Interaction, Profile
from recommender.evaluation.protocols import parse_protocol
from recommender.models import Evaluation, Placement, TrainedModel
from recommender.selectors import load_plan
from recommender.services import evaluation_runs
from recommender.services.evaluating import run_evaluation, start_evaluation
from recommender.services.offline_sources import choose_learners
from recommender.services.placement_replay import MeasuredSplit, measure_split
from recommender.training.loading import load_dataset
from tests.recommender.chain_world import follow as follow
from tests.recommender.logs import START
from tests.recommender.walks import CROWD, LAST_STEP, STEPS, WALKERS, make_walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("follow")]

ALWAYS, NEVER = {"mean": 1.0, "low": 1.0, "high": 1.0}, {"mean": 0.0, "low": 0.0, "high": 0.0}


def evaluate(catalog_id: int, protocol: str = LAST_STEP, **options: Any) -> dict[str, Any]:
    row = start_evaluation(catalog_id, placement="home", protocol=protocol, options=options)
    done = run_evaluation(row.pk)
    assert done is not None
    assert (done.state, done.error, done.progress) == ("done", "", 1.0)
    report: dict[str, Any] = done.report
    return report


def pick(report: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = [row for row in report["rows"] if row["name"] == name]
    found: dict[str, Any] = row
    return found


def test_who_knows_the_way_always_hits_and_the_popular_item_never() -> None:
    catalog, _ = make_walks()
    report = evaluate(catalog.pk, k=1)

    assert [(row["name"], row["kind"]) for row in report["rows"]] == [
        ("home", "placement"),
        ("follow", "strategy"),
        ("popular", "baseline"),
    ]
    names = ("ndcg", "hr", "recall", "precision", "map", "mrr")
    assert pick(report, "home")["metrics"] == dict.fromkeys(names, ALWAYS)
    assert pick(report, "follow")["metrics"] == dict.fromkeys(names, ALWAYS)
    assert pick(report, "popular")["metrics"] == dict.fromkeys(names, NEVER)
    assert "difference" not in pick(report, "home")
    assert pick(report, "follow")["difference"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "p": 1.0, "p_holm": 1.0}
    worse = pick(report, "popular")["difference"]
    assert (worse["mean"], worse["low"], worse["high"], worse["p"]) == (-1.0, -1.0, -1.0, pytest.approx(1e-4))
    assert worse["p_holm"] == pytest.approx(2e-4)


def test_lists_are_described_beyond_accuracy() -> None:
    catalog, _ = make_walks()
    report = evaluate(catalog.pk, k=1)

    popular, home = pick(report, "popular"), pick(report, "home")
    assert popular["coverage"] == pytest.approx(1 / 13, abs=1e-6)
    assert popular["gini"] == pytest.approx(12 / 13, abs=1e-6)
    assert home["coverage"] == pytest.approx(6 / 13, abs=1e-6)  # i5 to i10 are somebody's last
    assert popular["popularity"] == pytest.approx(CROWD / (CROWD + WALKERS))
    assert popular["popularity_lift"] > 0 > home["popularity_lift"]
    assert (home["filled"], home["listed"], home["diversity"]) == (0.0, 1.0, None)
    assert report["categories"] == {
        "names": ["line", "stars"],
        "due": [pytest.approx(12 / 13, abs=1e-6), pytest.approx(1 / 13, abs=1e-6)],
    }
    assert (home["exposure"], popular["exposure"]) == ([1.0, 0.0], [0.0, 1.0])
    assert popular["exposure_distance"] == pytest.approx(12 / 13, abs=1e-6)


def test_the_report_says_what_the_figures_stand_on() -> None:
    catalog, _ = make_walks()
    report = evaluate(catalog.pk, seed=3)

    assert (report["placement"], report["protocol"], report["k"], report["seed"]) == ("home", LAST_STEP, 10, 3)
    assert (report["cases"], report["targets"], report["notes"]) == (WALKERS, WALKERS, ["visibility"])
    assert report["data"] == {
        "interactions": CROWD + WALKERS * STEPS,
        "profiles": CROWD + WALKERS,
        "items": 13,
        "learned_from": CROWD + WALKERS * (STEPS - 1),
        "people": WALKERS,
        "splits": 1,
    }
    assert report["strategies"] == [
        {
            "name": "follow",
            "reader": "neighbours",
            "source": "follow",
            "weight": 1.0,
            "state": "trained",
            "model": None,
            "options": {},
        }
    ]
    assert report["seconds"]["training"].keys() == {"follow", "popular"}
    assert report["by_history"] == [{"low": STEPS - 1, "high": STEPS - 1, "cases": WALKERS}]
    assert sum(group["cases"] for group in report["by_popularity"]) == WALKERS
    json.dumps(report, allow_nan=False)


def test_learners_see_nothing_of_what_is_held_out(follow: list[tuple[int, int]]) -> None:
    catalog, _ = make_walks()
    evaluate(catalog.pk)
    assert follow == [(1, CROWD + WALKERS * (STEPS - 1))]


def test_learners_have_the_options_of_their_active_model(follow: list[tuple[int, int]]) -> None:
    catalog, _ = make_walks()
    model = TrainedModel.objects.create(
        catalog=catalog, learner="follow", shape="neighbours", state="active", options={"step": 5}
    )
    report = evaluate(catalog.pk, k=1)
    assert [step for step, _ in follow] == [5]
    assert pick(report, "home")["metrics"]["hr"] == NEVER
    assert (report["strategies"][0]["model"], report["strategies"][0]["options"]) == (model.pk, {"step": 5})


def test_nothing_is_published_and_nothing_changes() -> None:
    catalog, _ = make_walks()
    evaluate(catalog.pk)
    assert TrainedModel.objects.count() == 0


def test_what_a_placement_draws_on_is_measured_strategy_by_strategy() -> None:
    catalog, _ = make_walks(("neighbours", "follow", 0.1), ("scores", "popular", 5.0), ("history_match", "text", 1.0))
    report = evaluate(catalog.pk, k=1)
    assert [(row["name"], row["kind"]) for row in report["rows"]] == [
        ("home", "placement"),
        ("follow", "strategy"),
        ("popular", "baseline"),
        ("history_match", "strategy"),
    ]
    assert pick(report, "follow")["metrics"]["hr"] == ALWAYS
    assert pick(report, "popular")["metrics"]["hr"] == NEVER
    assert pick(report, "history_match")["listed"] == 0.0  # no item has a vector
    assert [entry["state"] for entry in report["strategies"]] == ["trained", "trained", "content"]


def test_a_placement_with_nothing_to_say_is_filled_up_and_a_strategy_alone_is_not() -> None:
    catalog, _ = make_walks(("neighbours", "no_such_learner", 1.0))
    report = evaluate(catalog.pk, k=4)
    assert (pick(report, "home")["filled"], pick(report, "home")["listed"]) == (1.0, 1.0)
    alone = pick(report, "no_such_learner")
    assert (alone["filled"], alone["listed"], alone["coverage"], alone["exposure_distance"]) == (0.0, 0.0, 0.0, None)
    assert report["strategies"][0]["state"] == "missing"


def test_a_placements_filters_hold() -> None:
    catalog, _ = make_walks(filters={"key": "star"})
    report = evaluate(catalog.pk, k=2)
    assert pick(report, "home")["metrics"]["hr"] == NEVER
    assert pick(report, "home")["coverage"] == pytest.approx(1 / 13, abs=1e-6)


def test_an_item_published_after_the_moment_is_not_shown() -> None:
    catalog, _ = make_walks()
    Item.objects.filter(catalog=catalog, key="i10").update(published_at=START + timedelta(days=365))
    Item.objects.filter(catalog=catalog, key="i9").update(hidden=True)
    last = pick(evaluate(catalog.pk, k=1), "home")["metrics"]["hr"]["mean"]
    assert last == pytest.approx(1 - 6 / WALKERS)  # every sixth walker ends there


def test_a_product_page_stands_on_the_item_met_last() -> None:
    catalog, _ = make_walks(("neighbours", "follow", 1.0), ("similar_items", "text", 1.0))
    report = evaluate(catalog.pk, k=1)
    assert report["notes"] == ["visibility", "on_page"]
    assert pick(report, "follow")["metrics"]["hr"] == ALWAYS


def test_few_cases_are_drawn_the_same_each_time() -> None:
    catalog, placement = make_walks()
    first, again, other = (evaluate(catalog.pk, cases=10, seed=seed)["by_popularity"] for seed in (1, 1, 2))
    assert sum(group["cases"] for group in first) == 10
    assert first == again != other
    assert placement.pk


def test_folds_are_measured_together(follow: list[tuple[int, int]]) -> None:
    catalog, _ = make_walks()
    report = evaluate(catalog.pk, "k-fold:3", cases=20)
    assert len(follow) == 3
    assert (report["data"]["splits"], report["cases"]) == (3, 60)


def test_how_many_cases_there_are_costs_no_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_runs, "PROGRESS_SECONDS", 3600.0)
    catalog, _ = make_walks()
    counts = []
    for cases in (2, WALKERS):
        row = start_evaluation(catalog.pk, placement="home", protocol=LAST_STEP, options={"cases": cases})
        with CaptureQueriesContext(connection) as captured:
            run_evaluation(row.pk)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_an_evaluation_outlives_its_placement() -> None:
    catalog, placement = make_walks()
    evaluate(catalog.pk)
    Placement.objects.filter(pk=placement.pk).delete()
    assert Evaluation.objects.get().report["placement"] == "home"


def test_what_happens_after_the_cut_changes_nothing_that_is_recommended() -> None:
    sources = (
        ("neighbours", "co_visitation", 1.0),
        ("neighbours", "item_knn", 1.0),
        ("neighbours", "ease", 1.0),
        ("scores", "popular", 0.2),
        ("scores", "trending", 0.2),
        ("scores", "newest", 0.1),
    )
    catalog, _ = make_walks(*sources)
    before = [part.ranked.tolist() for part in measure(catalog.pk).figures]
    later = Interaction.objects.filter(occurred_at__gte=START + timedelta(hours=(STEPS - 1) * WALKERS))
    assert later.count() == WALKERS
    later.update(item=Item.objects.get(key="i11"), kind="like")  # where nobody has been before
    after = [part.ranked.tolist() for part in measure(catalog.pk).figures]
    assert after == before


def measure(catalog_id: int) -> MeasuredSplit:
    plan = load_plan(catalog_id, "home")
    (split,) = parse_protocol(LAST_STEP).make_splits(load_dataset(catalog_id, with_content=True))
    assert len(split.cases) == WALKERS
    return measure_split(plan, choose_learners(plan), split, k=5, progress=lambda _: None)


def test_what_friends_like_is_asked_of_what_they_did_before() -> None:
    catalog, _ = make_walks(("friends", "friends", 1.0))
    walkers = list(Profile.objects.filter(catalog=catalog, key__startswith="p").order_by("pk"))
    for one, other in zip(walkers[::2], walkers[1::2], strict=True):  # who goes one item ahead knows what comes next
        Friendship.objects.create(catalog=catalog, first=one, second=other)
    report = evaluate(catalog.pk, k=1)
    assert (report["notes"], report["strategies"][0]["state"]) == (["visibility", "friends"], "content")
    assert pick(report, "friends")["metrics"]["hr"]["mean"] == pytest.approx(0.5)
