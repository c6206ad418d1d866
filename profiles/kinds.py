"""How strongly a kind of interaction speaks, in SQL and in numpy: the two must agree (a test says so)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from profiles.conf import KindRule

Params = list[object]

DEFAULT_HALF_LIFE_DAYS = 90.0
"""Of a kind that has no rule (any more)."""
DAY = 86400.0
"""Seconds."""


def strength_sql(kinds: Mapping[str, KindRule], *, kind: str, value: str) -> tuple[str, Params]:
    """Return an SQL expression (and its parameters) for the signed strength of a row.

    ``kind`` and ``value`` are trusted column expressions. An unknown kind has strength 0.
    """
    branches: list[str] = []
    params: Params = []
    for name, rule in kinds.items():
        if rule.neutral is None:
            branches.append(f"WHEN {kind} = %s THEN %s::float8")
            params += [name, rule.weight]
        else:
            branches.append(
                f"WHEN {kind} = %s THEN %s::float8 * "
                f"COALESCE(GREATEST(-1.0, LEAST(1.0, ({value} - %s::float8) / %s::float8)), 1.0)"
            )
            params += [name, rule.weight, rule.neutral, rule.scale]
    return _choose(branches, otherwise=0.0), params


def half_life_sql(kinds: Mapping[str, KindRule], *, kind: str) -> tuple[str, Params]:
    """Return an SQL expression (and its parameters) for a kind's half-life in seconds."""
    params: Params = []
    for name, rule in kinds.items():
        params += [name, rule.half_life_days * DAY]
    branches = [f"WHEN {kind} = %s THEN %s::float8"] * len(kinds)
    return _choose(branches, otherwise=DEFAULT_HALF_LIFE_DAYS * DAY), params


def _choose(branches: list[str], *, otherwise: float) -> str:
    if not branches:  # a site may drop every kind, and SQL has no CASE for that
        return f"{otherwise}::float8"
    return f"CASE {' '.join(branches)} ELSE {otherwise} END"


def half_lives(kinds: Mapping[str, KindRule], *, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the half-lives in seconds of ``names``, shape (len(names),)."""
    days = [kinds[name].half_life_days if name in kinds else DEFAULT_HALF_LIFE_DAYS for name in names]
    return np.array(days, dtype=np.float64) * DAY


def strengths(
    kinds: Mapping[str, KindRule], *, names: tuple[str, ...], codes: NDArray[np.int16], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return signed strengths of shape (n,) for kind codes (n,) into ``names`` and values (n,), NaN where none."""
    result = np.zeros(len(codes), dtype=np.float32)
    for code, name in enumerate(names):
        rule = kinds.get(name)
        if rule is None:
            continue
        rows = codes == code
        if rule.neutral is None:
            result[rows] = rule.weight
        else:
            share = np.clip((values[rows] - rule.neutral) / rule.scale, -1.0, 1.0)
            result[rows] = rule.weight * np.where(np.isnan(share), 1.0, share)
    return result
