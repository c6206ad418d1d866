from __future__ import annotations

import pytest
from django.core.checks import run_checks

from profiles.checks import check_kinds


def list_ids() -> list[str]:
    return [message.id for message in check_kinds(None)]


def test_the_defaults_are_right_and_the_check_is_registered():
    assert list_ids() == []
    assert [message for message in run_checks() if (message.id or "").startswith("profiles.")] == []


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        ({"view": {"wieght": 1.0}}, "'wieght'"),
        ({"view": {}}, "'weight'"),
        ({"view": {"weight": "high"}}, "'weight'"),
        ({"view": {"weight": float("nan")}}, "'weight'"),
        ({"view": {"weight": 1.0, "half_life_days": 0}}, "half_life_days"),
        ({"view": {"weight": 1.0, "scale": -1}}, "scale"),
        ({"view": 1.0}, "items"),
        (["view"], "items"),
    ],
)
def test_a_wrong_kind_is_an_error_that_names_it(settings, kinds, named):
    settings.RECSITE_KINDS = kinds
    (message,) = check_kinds(None)
    assert message.id == "profiles.E001"
    assert named in message.msg


@pytest.mark.parametrize("length", [0, -5])
def test_a_history_without_length_is_an_error(settings, length):
    settings.RECSITE_HISTORY_LENGTH = length
    assert list_ids() == ["profiles.E002"]


def test_a_history_length_that_is_no_number_is_an_error(settings):
    settings.RECSITE_HISTORY_LENGTH = "many"
    assert list_ids() == ["profiles.E001"]


def test_a_name_that_no_row_can_have_is_an_error(settings):
    settings.RECSITE_KINDS = {"Watched It": {"weight": 1.0}}
    assert list_ids() == ["profiles.E003"]


def test_kinds_that_all_say_nothing_are_a_warning(settings):
    from profiles.conf import DEFAULT_KINDS

    settings.RECSITE_KINDS = {**dict.fromkeys(DEFAULT_KINDS), "dismiss": {"weight": -1.0}}
    assert list_ids() == ["profiles.W001"]
