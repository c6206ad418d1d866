"""Faults of plug-ins as texts that a row can hold."""

from __future__ import annotations

import pytest
from django.db import connection

from catalog.extensions import describe_fault


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("too wide"), "ValueError: too wide"),
        (KeyError(), "KeyError"),
        (OSError("a\0b"), "OSError: ab"),
        (RuntimeError("half \ud83d of a pair"), "RuntimeError: half ? of a pair"),
        (ValueError("x" * 5000), f"ValueError: {'x' * 1988}"),
    ],
)
def test_every_fault_can_be_stored(error: Exception, text: str):
    described = describe_fault(error)
    assert described == text
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [described])
        assert cursor.fetchone() == (text,)
