"""Pages of a large table: counted to a limit, estimated beyond it."""

from typing import Any

from django.db import connection
from django.utils.functional import cached_property

from catalog.admin.theme import RowPaginator

COUNT_LIMIT = 5000
"""Rows that a list counts and pages through; further in, an editor searches or filters."""


class LimitedPaginator(RowPaginator):
    """Stops counting at COUNT_LIMIT rows, so that a page costs the same on a table of any size."""

    template_name = "recsite/admin/pagination.html"

    @cached_property
    def rows_seen(self) -> int:
        """The number of rows, COUNT_LIMIT + 1 at most."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: COUNT_LIMIT + 1].count())

    @cached_property
    def count(self) -> int:
        """The number of rows to page through."""
        return min(self.rows_seen, COUNT_LIMIT)

    @property
    def limited(self) -> bool:
        """Whether there are more rows than the list pages through."""
        return self.rows_seen > COUNT_LIMIT

    @cached_property
    def estimate(self) -> int | None:
        """The planner's estimate of the whole table, for an unfiltered list that is longer than the limit."""
        rows: Any = self.object_list
        if not self.limited or rows.query.where:
            return None
        return estimate_rows(rows.model._meta.db_table) or None


def estimate_rows(table: str) -> int:
    """Return the planner's estimate of a table's rows, 0 where it was never analysed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)", [table])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
