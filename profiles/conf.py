"""The settings of the profiles app as frozen dataclasses; an unknown key is an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from catalog.extensions import OptionError, load_options


@dataclass(frozen=True, slots=True)
class KindRule:
    """What one kind of interaction says.

    ``weight`` is its strength, negative to push away, 0 to say nothing. ``half_life_days`` is how fast
    that fades. Where ``neutral`` is given, a value moves the strength linearly from 0 at ``neutral`` to
    ``weight`` at ``neutral + scale`` (clipped to ±weight); without a value the kind counts in full.
    """

    weight: float
    half_life_days: float = 90.0
    neutral: float | None = None
    scale: float = 1.0


DEFAULT_KINDS: Mapping[str, Mapping[str, Any]] = {
    "view": {"weight": 0.3, "half_life_days": 14.0},
    "click": {"weight": 0.5, "half_life_days": 30.0},
    "like": {"weight": 1.0, "half_life_days": 180.0},
    "bookmark": {"weight": 0.8, "half_life_days": 180.0},
    "cart": {"weight": 0.8, "half_life_days": 30.0},
    "purchase": {"weight": 1.0, "half_life_days": 365.0},
    "rating": {"weight": 1.0, "half_life_days": 365.0, "neutral": 2.5, "scale": 2.5},
    "review": {"weight": 1.0, "half_life_days": 365.0, "neutral": 2.5, "scale": 2.5},
    "search": {"weight": 0.5, "half_life_days": 30.0},
    "dislike": {"weight": -1.0, "half_life_days": 180.0},
    "dismiss": {"weight": -1.0, "half_life_days": 90.0},
}


@dataclass(frozen=True, slots=True)
class ProfilesConf:
    """``kinds`` by name; ``history_length`` is how many of the latest interactions speak for a profile."""

    kinds: Mapping[str, KindRule]
    history_length: int = 50


def get_conf() -> ProfilesConf:
    """Return the settings: ``RECSITE_KINDS`` (added to the defaults; None drops one), ``RECSITE_HISTORY_LENGTH``."""
    given = getattr(settings, "RECSITE_KINDS", {})
    return _read_conf(_freeze(given), int(getattr(settings, "RECSITE_HISTORY_LENGTH", 50)))


def _freeze(given: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((kind, None if rule is None else tuple(sorted(rule.items()))) for kind, rule in sorted(given.items()))


@lru_cache(maxsize=8)
def _read_conf(given: tuple[Any, ...], history_length: int) -> ProfilesConf:
    rules: dict[str, KindRule] = {}
    merged: dict[str, Any] = {**DEFAULT_KINDS, **{k: None if r is None else dict(r) for k, r in given}}
    for kind, rule in merged.items():
        if rule is None:
            continue
        try:
            rules[kind] = load_options(KindRule, rule)
        except OptionError as error:
            raise ImproperlyConfigured(f"RECSITE_KINDS[{kind!r}]: {error}") from error
        if rules[kind].half_life_days <= 0 or rules[kind].scale <= 0:
            raise ImproperlyConfigured(f"RECSITE_KINDS[{kind!r}]: half_life_days and scale must be above 0")
    return ProfilesConf(kinds=rules, history_length=history_length)
