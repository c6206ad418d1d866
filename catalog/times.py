"""Reads a point in time from what files and JSON bodies hold; the rules are stated at read_time."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from catalog.field_values import FieldProblem

_EPOCH = re.compile(r"-?\d{9,}(\.\d*)?", re.ASCII)
_DAY_OR_MONTH_FIRST = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})\b.*", re.ASCII | re.DOTALL)
_YEAR_FIRST = re.compile(r"\d{4}/\d{1,2}/\d{1,2}\b", re.ASCII)

_OLDEST_EPOCH = 100_000_000
_NEWEST_EPOCH = 100_000_000_000


def read_time(value: Any) -> datetime:
    """Return ``value`` as a time in UTC, or raise FieldProblem with the reason.

    Taken: ISO 8601 dates and times (``2024-05-01``, ``2024-05-01 12:00:00``, ``2024-05-01T12:00:00+02:00``),
    ``2024/05/01``, dates and datetimes, and epoch numbers. A time without an offset is UTC, a date is its midnight.
    Numbers, also as text of nine digits or more: from 100,000,000 (1973) seconds, from 100,000,000,000
    milliseconds; smaller ones are refused because they are years or day counts more often than times.
    ``05/04/2024`` and ``5.4.24`` are refused always: the day and the month cannot be told apart.
    """
    if isinstance(value, str):
        return _read_text(value.strip())
    if isinstance(value, datetime):
        return _to_utc(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_epoch(value)
    raise FieldProblem(f"must be a date or a time, not {type(value).__name__}")


def _read_text(text: str) -> datetime:
    if not text:
        raise FieldProblem("empty; leave the field out when there is no time")
    if len(text) > 40:
        raise FieldProblem(f"{text[:37]!r}…: not a date or a time")
    if _EPOCH.fullmatch(text):
        return _read_epoch(float(text))
    try:
        return _to_utc(datetime.fromisoformat(text))
    except ValueError as error:
        problem = error
    if _YEAR_FIRST.match(text):
        year, month, rest = text.split("/", 2)
        day, tail = re.match(r"(\d+)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
        return _read_text(f"{year}-{month:0>2}-{day:0>2}{tail}")
    if _DAY_OR_MONTH_FIRST.match(text):
        raise FieldProblem(f"{text!r}: day and month cannot be told apart; write YYYY-MM-DD", "ambiguous_time")
    detail = "" if str(problem).startswith("Invalid isoformat") else f" ({problem})"
    raise FieldProblem(f"{text!r}: not a date or a time{detail}; write 2024-05-01 or 2024-05-01T12:00:00Z")


def _read_epoch(number: float) -> datetime:
    if not _OLDEST_EPOCH <= number < _NEWEST_EPOCH * 1000:
        shown = f"{number:.15g}" if -1e30 < number < 1e30 else "the number"
        raise FieldProblem(
            f"{shown}: as a number a time is epoch seconds from 100000000 (1973) on, or milliseconds from "
            "100000000000 on; write others as YYYY-MM-DD"
        )
    return datetime.fromtimestamp(number if number < _NEWEST_EPOCH else number / 1000, UTC)


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise FieldProblem(f"{moment.isoformat()!r}: outside the years 1 to 9999 in UTC") from None
