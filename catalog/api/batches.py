"""Batches: one row or a list of rows in, a status for each row out."""

from collections.abc import Sequence
from typing import Any

from rest_framework.response import Response

from catalog.api.errors import ApiError, show_error
from catalog.records import RowError, SourceRow

MAX_ROWS = 10_000

Outcome = dict[str, Any]
"""``index``, ``status``, and for a rejected row its ``errors``."""


def read_rows(body: Any) -> list[SourceRow | RowError]:
    """Return the rows of a body, an object or a list of objects; what is no object comes back as its error.

    A row's ``line`` is its index in the batch.
    """
    rows = body if isinstance(body, list) else [body]
    if not isinstance(body, list | dict):
        raise ApiError("invalid", "The body must be an object (one row) or a list of objects.")
    if len(rows) > MAX_ROWS:
        raise ApiError("too_many_rows", f"{len(rows):,} rows; at most {MAX_ROWS:,} a request.", status=413)
    return [
        SourceRow(index, row) if isinstance(row, dict) else RowError(index, "", "a row must be an object")
        for index, row in enumerate(rows)
    ]


def reject_row(index: int, errors: Sequence[RowError]) -> Outcome:
    """Return the outcome of a row that was refused."""
    shown = [{"code": e.code, "message": e.reason, "field": e.field or None} for e in errors]
    return {"index": index, "status": "rejected", "errors": shown}


def answer_batch(outcomes: Sequence[Outcome], *, statuses: Sequence[str], request_id: str) -> Response:
    """Return counts by status and the outcome of each row.

    200 when any row landed, or none was sent. 422 when every row was refused: then there is an ``error``
    too, the first row's.
    """
    counts = dict.fromkeys(statuses, 0)
    for outcome in outcomes:
        counts[outcome["status"]] += 1
    answer = {**counts, "rows": outcomes}
    if not outcomes or counts["rejected"] < len(outcomes):
        return Response(answer)
    first = outcomes[0]["errors"][0]
    error = show_error(first["code"], first["message"], field=first["field"], index=0, request_id=request_id)
    return Response({**error, **answer}, status=422)
