"""Tunes one member: one option after another, each value kept only where what is held out gets better."""

import logging
from collections.abc import Callable

from recommender.evaluation.cases import Cases
from recommender.fitting.members import Member, measure_member, vary_member
from recommender.fitting.portfolio import Trial
from recommender.learners import TrainingCancelled
from recommender.training.dataset import InteractionDataset

_logger = logging.getLogger(__name__)

MARGIN = 0.002
"""By what share the NDCG must rise for a value to be kept: less is noise."""

Report = Callable[[Member], None]


def tune_member(
    member: Member,
    trial: Trial,
    dataset: InteractionDataset,
    cases: Cases,
    *,
    may_go_on: Callable[[float], bool],
    report: Report,
    exclude_seen: bool = True,
) -> Member:
    """Return the best found: coordinate descent over ``trial.values``.

    The values nearest to the present one come first; ``may_go_on`` is asked, with the seconds that a training takes,
    before each.
    """
    for name, values in trial.values.items():
        for value in _order_values(list(values), member.options.get(name)):
            if not may_go_on(member.seconds):
                return member
            if value == member.options.get(name):
                continue
            try:
                tried = measure_member(vary_member(member, {name: value}, dataset), cases, exclude_seen=exclude_seen)
            except TrainingCancelled:
                raise
            except Exception as error:
                _logger.warning("%s with %s=%s: %s", member.key, name, value, error, exc_info=error)
                continue
            report(tried)
            if tried.figures["ndcg"] > member.figures["ndcg"] * (1 + MARGIN):
                member = tried
    return member


def _order_values(values: list[object], present: object) -> list[object]:
    """Return the values by their distance from the present one in the list: the near ones first."""
    if present not in values:
        return values
    place = values.index(present)
    return sorted(values, key=lambda value: abs(values.index(value) - place))
