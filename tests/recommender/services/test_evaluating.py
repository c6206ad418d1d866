"""Evaluations of a placement: known answers in a known world, and what becomes of those that cannot be run."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.services.evaluating import run_evaluation, start_evaluation
from tests.recommender.chain_world import follow as follow
from tests.recommender.walks import LAST_STEP, WALKERS, make_walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("follow")]


def evaluate(catalog_id: int, protocol: str = LAST_STEP, **options: Any) -> dict[str, Any]:
    row = start_evaluation(catalog_id, placement="home", protocol=protocol, options=options)
    done = run_evaluation(row.pk)
    assert done is not None
    assert (done.state, done.error) == ("done", "")
    return done.report


def pick(report: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = [row for row in report["rows"] if row["name"] == name]
    return row


def test_who_knows_the_way_always_hits_and_the_popular_item_never() -> None:
    catalog, _ = make_walks()
    report = evaluate(catalog.pk, k=1)

    assert [(row["name"], row["kind"]) for row in report["rows"]] == [
        ("home", "placement"),
        ("follow", "strategy"),
        ("popular", "baseline"),
    ]
    always, never = {"mean": 1.0, "low": 1.0, "high": 1.0}, {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert pick(report, "home")["metrics"]["hr"] == always
    assert pick(report, "follow")["metrics"]["ndcg"] == always
    assert pick(report, "popular")["metrics"] == dict.fromkeys(
        ("ndcg", "hr", "recall", "precision", "map", "mrr"), never
    )
    assert report["cases"] == WALKERS
