"""System checks of profiles: wrong configuration speaks at start."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from catalog.field_values import FieldProblem, read_slug
from profiles.conf import get_conf


@register()
def check_kinds(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Report what is wrong with RECSITE_KINDS and RECSITE_HISTORY_LENGTH."""
    try:
        conf = get_conf()
    except (ImproperlyConfigured, AttributeError, TypeError, ValueError) as error:
        hint = "Each kind is a dictionary of weight, half_life_days, neutral and scale, or None to drop a default."
        return [Error(str(error), hint=hint, id="profiles.E001")]
    messages: list[CheckMessage] = []
    for kind in conf.kinds:
        try:
            read_slug(kind)
        except FieldProblem as problem:
            messages.append(Error(f"RECSITE_KINDS: {problem.reason}", id="profiles.E003"))
    if conf.history_length < 1:
        messages.append(Error("RECSITE_HISTORY_LENGTH must be at least 1", id="profiles.E002"))
    if not any(rule.weight > 0 for rule in conf.kinds.values()):
        messages.append(
            Warning("RECSITE_KINDS: no kind has a positive weight, so no history says anything", id="profiles.W001")
        )
    return messages
