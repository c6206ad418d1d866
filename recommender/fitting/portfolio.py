"""What ``auto`` tries: the learners that fit the data, with the option values worth a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.extensions import load_options
from recommender.learners import learners
from recommender.training.dataset import InteractionDataset

WHOLE_HISTORY = {"window": 1000, "half_life": 0.0}
"""How tables are read where histories have no order: every step alike."""

BY_STEPS = {"window": 100, "half_life": 5.0}
"""How tables are read at first where histories have an order."""

HALF_LIVES = (1.0, 2.0, 5.0, 10.0, 30.0, 0.0)
"""From the shortest to 0, which is none: all steps alike."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A learner to try: its first options, and the values to try for one option after another."""

    key: str
    options: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    seconds_option: str = ""


def list_trials(
    dataset: InteractionDataset, *, ordered: bool, memory_bytes: int, only: Sequence[str] = ()
) -> list[Trial]:
    """Return a trial of each learner that says how it wants to be tuned, in the order of its ``tuning_order``.

    Left out: those that need order where there is none (``needs_order``), content where there is none, and what
    would need more than ``memory_bytes``. ``only`` limits to some keys. A learner says so by class attributes:
    ``tuning`` (option → values), ``tuning_order`` (a number, the cheap and strong first).
    """
    found = []
    for key, component in sorted(learners):
        if getattr(component, "tuning", None) is None or (only and key not in only):
            continue
        if getattr(component, "needs_order", False) and not ordered:
            continue
        if getattr(component, "needs_content", False) and dataset.content is None:
            continue
        options = choose_reading(component, ordered=ordered)
        values = _choose_values(component, options, ordered=ordered)
        if _estimate(component, options, dataset) > memory_bytes:
            continue
        trial = Trial(key, options, values, getattr(component, "seconds_option", ""))
        found.append((getattr(component, "tuning_order", 50), trial))
    return [trial for _, trial in sorted(found, key=lambda pair: (pair[0], pair[1].key))]


def choose_reading(component: Any, *, ordered: bool) -> dict[str, Any]:
    """Return the options by which a learner of tables reads histories at first.

    Where there is an order: by steps, unless the learner does so itself. Where there is none: all of a history alike.
    """
    fields = component.Options.__dataclass_fields__
    if not {"window", "half_life"} <= fields.keys():
        return {}
    if not ordered:
        return dict(WHOLE_HISTORY)
    return {} if fields["window"].default else dict(BY_STEPS)


def _choose_values(component: Any, options: Mapping[str, Any], *, ordered: bool) -> dict[str, Sequence[Any]]:
    values = dict(component.tuning)
    if options == BY_STEPS:
        return {"half_life": HALF_LIVES, **values}
    return {name: tried for name, tried in values.items() if ordered or name not in WHOLE_HISTORY}


def _estimate(component: Any, options: Mapping[str, Any], dataset: InteractionDataset) -> int:
    learner = component(load_options(component.Options, options))
    estimate = getattr(learner, "estimate_bytes", None)
    if estimate is None:
        return 0
    return int(estimate(len(dataset.item_ids), len(dataset.profile_ids), len(dataset)))
