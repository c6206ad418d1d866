"""Strength and decay in SQL and in numpy are one rule: what the reader counts is what the worker sums up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from profiles.conf import get_conf
from profiles.interests import decay_weights
from profiles.kinds import half_life_sql, half_lives, strength_sql, strengths

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KINDS = ("view", "rating", "review", "purchase", "dismiss", "wink")
VALUES = (None, -10.0, 0.0, 2.5, 3.0, 5.0, 1e9)
DAYS = (0.0, 0.5, 14.0, 365.0, 5000.0)
ROWS = [(kind, value, NOW - timedelta(days=days)) for kind in KINDS for value in VALUES for days in DAYS]


def weigh_in_sql() -> np.ndarray[Any, Any]:
    kinds = get_conf().kinds
    strength, strength_params = strength_sql(kinds, kind="kind", value="value")
    half_life, half_life_params = half_life_sql(kinds, kind="kind")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {strength} * power(2.0::float8, -extract(epoch FROM %s - at)::float8 / ({half_life})) "
            "FROM unnest(%s::text[], %s::float8[], %s::timestamptz[]) WITH ORDINALITY AS r(kind, value, at, place) "
            "ORDER BY place",
            [*strength_params, NOW, *half_life_params, *map(list, zip(*ROWS, strict=True))],
        )
        return np.array([weight for (weight,) in cursor.fetchall()])


def weigh_in_numpy() -> np.ndarray[Any, Any]:
    kinds = get_conf().kinds
    names, values, times = zip(*ROWS, strict=True)
    codes = np.array([KINDS.index(name) for name in names], dtype=np.int16)
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float32)
    return decay_weights(
        strengths(kinds, names=KINDS, codes=codes, values=numbers).astype(np.float64),
        ages=np.array([(NOW - at).total_seconds() for at in times]),
        half_lives=half_lives(kinds, names=KINDS)[codes],
    )


@pytest.mark.django_db
def test_sql_and_numpy_weigh_every_row_alike() -> None:
    weights = weigh_in_sql()
    np.testing.assert_allclose(weigh_in_numpy(), weights, rtol=1e-6, atol=1e-12)
    assert (weights.max(), weights.min()) == (1.0, -1.0)


@pytest.mark.django_db
def test_a_kind_without_a_rule_says_nothing_and_fades_in_ninety_days() -> None:
    unknown = [place for place, (kind, _, _) in enumerate(ROWS) if kind == "wink"]
    assert weigh_in_sql()[unknown].tolist() == [0.0] * len(unknown)
    sql, params = half_life_sql({}, kind="'wink'")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}", params)
        assert cursor.fetchone()[0] == half_lives({}, names=("wink",))[0] == 90 * 86400.0
