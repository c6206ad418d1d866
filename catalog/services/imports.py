"""Imports rows from a source as a stream: checked one by one, written in batches, refused ones reported."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from catalog.bulk import renew_statistics
from catalog.importers import Importer, ImportSourceError, Table
from catalog.item_rows import check_item_row
from catalog.records import RowError, SourceRow, WriteReport
from catalog.services.items import compare_items, upsert_items

R = TypeVar("R")

LARGEST_BATCH = 16 * 1024 * 1024
"""Characters in one batch, about: it is written early when its rows are that long."""


STATISTICS_FROM = 5000
"""Rows created by an import after which the planner's statistics are renewed, and again each time they have doubled."""


@dataclass(slots=True)
class ImportReport:
    """How far an import came: rows read, what became of them, and why the source ended early, if it did.

    ``counts.rejected`` counts rows, each of which may have several errors.
    """

    rows: int = 0
    counts: WriteReport = field(default_factory=WriteReport)
    failure: str = ""


@dataclass(frozen=True)
class RowDoor(Generic[R]):
    """What a kind of row goes through. ``write`` returns counts, and errors whose ``line`` is an index in the batch.

    ``tables`` are those that it fills, none where nothing is written.
    """

    check: Callable[[SourceRow], R | tuple[RowError, ...]]
    write: Callable[[Sequence[R]], tuple[WriteReport, Sequence[RowError]]]
    tables: tuple[str, ...] = ()


OnErrors = Callable[[Sequence[RowError]], None]
OnProgress = Callable[[ImportReport], None]


def import_items(
    catalog_id: int,
    importer: Importer,
    source: Path,
    *,
    on_errors: OnErrors,
    on_progress: OnProgress | None = None,
    batch_size: int = 1000,
    dry_run: bool = False,
) -> ImportReport:
    """Import the items of ``source``; each batch is committed by itself, and good rows land whatever the others are.

    With ``dry_run`` nothing is written and the counts are what would be, as if each batch were alone: a key that comes
    again in a later batch counts as new twice.
    """
    write_batch = partial(compare_items if dry_run else upsert_items, catalog_id)
    tables = () if dry_run else ("catalog_item",)
    door = RowDoor(check=check_item_row, write=lambda records: (write_batch(records), ()), tables=tables)
    rows = stream_rows(importer, source, "items")
    return import_rows(rows, door, on_errors=on_errors, on_progress=on_progress, batch_size=batch_size)


def stream_rows(importer: Importer, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
    """Yield the rows of ``source``; that it cannot be read comes out with the first row, never before."""
    yield from importer.read_rows(source, table)


def import_rows(
    rows: Iterable[SourceRow | RowError],
    door: RowDoor[R],
    *,
    on_errors: OnErrors,
    on_progress: OnProgress | None = None,
    batch_size: int = 1000,
) -> ImportReport:
    """Take every row through ``door`` in constant memory; call ``on_errors`` for each refused row.

    A source that cannot be read further ends the import: what was read before it is written, and ``failure`` of
    the report says why.
    """
    report = ImportReport()
    batch = _Batch(door, report, on_errors)
    try:
        for row in rows:
            report.rows += 1
            batch.take(row)
            if len(batch.records) >= batch_size or batch.length >= LARGEST_BATCH:
                batch.flush()
                if on_progress is not None:
                    on_progress(report)
    except ImportSourceError as error:
        report.failure = str(error)
    batch.flush()
    if on_progress is not None:
        on_progress(report)
    return report


class _Batch(Generic[R]):
    def __init__(self, door: RowDoor[R], report: ImportReport, on_errors: OnErrors) -> None:
        self.door = door
        self.report = report
        self.on_errors = on_errors
        self.records: list[R] = []
        self.lines: list[int] = []
        self.length = 0
        self.statistics_at = STATISTICS_FROM

    def take(self, row: SourceRow | RowError) -> None:
        checked = (row,) if isinstance(row, RowError) else self.door.check(row)
        if isinstance(checked, tuple):
            self._refuse(checked)
        else:
            self.records.append(checked)
            self.lines.append(row.line)
            self.length += sum(map(_measure, row.fields.values())) if isinstance(row, SourceRow) else 0

    def flush(self) -> None:
        if not self.records:
            return
        counts, errors = self.door.write(self.records)
        self.report.counts += counts
        for error in errors:
            self._refuse((replace(error, line=self.lines[error.line]),))
        self.records, self.lines, self.length = [], [], 0
        if self.report.counts.created >= self.statistics_at:
            self.statistics_at = 2 * self.report.counts.created
            renew_statistics(self.door.tables)

    def _refuse(self, errors: tuple[RowError, ...]) -> None:
        self.report.counts.rejected += 1
        self.on_errors(errors)


def _measure(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return len(str(value)) if isinstance(value, dict | list) else 8
