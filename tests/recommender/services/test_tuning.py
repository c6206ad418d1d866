"""A placement is tuned: what is found beats every strategy alone, and goes live all at once or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.models import Placement
from recommender.selectors import load_plan
from recommender.services.recommendations import recommend
from recommender.services.tuning import TuningOptions, tune_placement
from tests.recommender.halves_world import halves as halves
from tests.recommender.halves_world import make_halves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

QUICK = TuningOptions(budget_seconds=5.0, learners=("even", "odd", "popular"))
NEXT = TuningOptions(budget_seconds=5.0, learners=("even", "odd", "popular"), protocol="next-item")


def read_means(report: Any, metric: str = "ndcg") -> dict[str, float]:
    return {row["name"]: row["metrics"][metric]["mean"] for row in report["rows"]}


def list_strategies(placement: Placement) -> list[tuple[str, str, float]]:
    return list(placement.strategies.order_by("position").values_list("reader", "source", "weight"))


def test_the_blend_of_two_that_err_differently_beats_both_and_is_served() -> None:
    catalog, placement = make_halves()
    outcome = tune_placement(catalog.pk, "home", options=NEXT)
    means = read_means(outcome.report)
    assert means["home"] == 1.0
    assert 0.3 < means["even"] < 0.7
    assert 0.3 < means["odd"] < 0.7
    assert means["even"] + means["odd"] == pytest.approx(1.0)
    assert means["home (before)"] < 0.8
    placement.refresh_from_db()
    assert placement.ranker == "blend"
    assert {row[:2] for row in list_strategies(placement)} == {("neighbours", "even"), ("neighbours", "odd")}
    plan = load_plan(catalog.pk, "home")
    assert plan.fitted is not None
    assert outcome.fitted is not None
    assert plan.fitted.id == outcome.fitted.pk
    slate = recommend(catalog.pk, placement="home", user_id="p0", log=False)
    assert slate.entries[0].key == "i6"
    assert set(outcome.report["data"]) >= {"people", "chosen_by"}
    assert outcome.report["cases"] == 120
