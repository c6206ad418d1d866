"""Times for files that hold none: the order in the file becomes the order in time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from catalog.importers.base import ImportSourceError, Table
from catalog.records import RowError, SourceRow

Order = Literal["none", "file"]
ORDER_START = "2015-01-01"

ORDER_HELP = (
    "file: a row without a time gets order_start plus as many seconds as its line number, so that order in the file is "
    "order in time and a second import invents the same times. none: such a row happened now."
)


def keep_order(
    rows: Iterator[SourceRow | RowError], table: Table, *, order: Order, start: str
) -> Iterator[SourceRow | RowError]:
    """Return ``rows``; with order "file" an interaction without a time is given one: ``start`` plus a second a line."""
    return _invent_times(rows, start=start) if table == "interactions" and order == "file" else rows


def _invent_times(rows: Iterator[SourceRow | RowError], *, start: str) -> Iterator[SourceRow | RowError]:
    first = read_start(start)
    for row in rows:
        if isinstance(row, SourceRow) and row.fields.get("occurred_at") is None:
            fields: dict[str, Any] = {**row.fields, "occurred_at": first + row.line}
            yield SourceRow(row.line, fields)
        else:
            yield row


def read_start(start: str) -> int:
    """Return the epoch second of an ISO date or time (UTC where it names no offset)."""
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise ImportSourceError(f"order_start {start!r}: not an ISO date such as {ORDER_START}") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
