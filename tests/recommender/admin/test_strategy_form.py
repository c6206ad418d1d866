"""The form of a strategy: a source where there are several."""

from __future__ import annotations

import pytest

from recommender.admin.placement_form import StrategyForm
from recommender.checks import check_placements, check_settings
from tests.recommender.worlds import make_placement, make_world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("reader", "source", "kept"),
    [("friends", "", "friends"), ("friends", "whatever", "friends"), ("scores", "popular", "popular")],
)
def test_what_friends_like_needs_no_source(reader: str, source: str, kept: str) -> None:
    form = StrategyForm({"reader": reader, "source": source, "weight": 1, "position": 0})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["source"] == kept


@pytest.mark.parametrize("reader", ["scores", "neighbours", "history_match"])
def test_every_other_strategy_needs_one(reader: str) -> None:
    form = StrategyForm({"reader": reader, "source": "", "weight": 1, "position": 0})
    assert {field: [error.code for error in errors.as_data()] for field, errors in form.errors.items()} == {
        "source": ["required"]
    }


def test_no_check_misses_a_learner_of_friends() -> None:
    make_placement(make_world("a"), ("friends", "friends", 1.0))
    assert check_placements(databases=["default"]) == []


@pytest.mark.parametrize(
    ("setting", "value", "number"),
    [
        ("RECSITE_PEOPLE", {"publishable": "yes"}, 2),
        ("RECSITE_PEOPLE", {"name_friends": 11}, 2),
        ("RECSITE_PEOPLE", {"public": True}, 2),
        ("RECSITE_PEOPLE", True, 2),
        ("RECSITE_TRAINING", {"memory_mb": -1}, 1),
    ],
)
def test_a_wrong_setting_speaks_at_start(settings, setting: str, value: object, number: int) -> None:
    assert check_settings(None) == []
    setattr(settings, setting, value)
    assert [message.id for message in check_settings(None)] == [f"recommender.E00{number}"]
