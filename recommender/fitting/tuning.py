"""Tunes one member: one option after another, each value kept only where what is held out gets better."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from recommender.fitting.holdouts import Holdouts
from recommender.fitting.members import Member
from recommender.fitting.portfolio import Trial
from recommender.learners import TrainingCancelled

_logger = logging.getLogger(__name__)

MARGIN = 0.002
"""By what share the NDCG must rise for a value to be kept: less is noise."""

Report = Callable[[Member], None]


def tune_member(
    member: Member, trial: Trial, holdouts: Holdouts, *, may_go_on: Callable[[float], bool], report: Report
) -> Member:
    """Return the best found: coordinate descent over ``trial.values``.

    Numbers are taken as a scale: from the present one to the next below, and on while that gets better; where the
    first step down is no better, up. Of other values each is tried. ``may_go_on`` is asked, with the seconds that a
    training takes, before each.
    """
    for name, values in trial.values.items():
        is_scale = all(isinstance(value, int | float) for value in values) and member.options.get(name) in values
        for way in _list_ways(values, member.options.get(name), is_scale=is_scale):
            before = member
            for value in way:
                if not may_go_on(member.seconds):
                    return member
                tried = _try_value(member, name, value, holdouts)
                if tried is not None:
                    report(tried)
                if tried is None or tried.figures["ndcg"] <= member.figures["ndcg"] * (1 + MARGIN):
                    break
                member = tried
            if is_scale and member is not before:
                break
    return member


def _list_ways(values: Sequence[Any], present: Any, *, is_scale: bool) -> list[Sequence[Any]]:
    """Return the ways from the present value: down and up a scale, or to each other value."""
    if is_scale:
        place = values.index(present)
        return [values[:place][::-1], values[place + 1 :]]
    return [[value] for value in values if value != present]


def _try_value(member: Member, name: str, value: Any, holdouts: Holdouts) -> Member | None:
    try:
        return holdouts.try_variant(member, {name: value})
    except TrainingCancelled:
        raise
    except Exception as error:
        _logger.warning("%s with %s=%s: %s", member.key, name, value, error, exc_info=error)
        return None
