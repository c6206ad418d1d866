"""Imports friendships as a stream, through the same machinery as items."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.importers import Importer, ImportSourceError
from catalog.records import RowError, SourceRow, WriteReport
from catalog.services.imports import ImportReport, OnErrors, OnProgress, RowDoor, import_rows, stream_rows
from profiles.friendship_rows import check_friendship_row
from profiles.records import FriendshipRecord
from profiles.services.friendships import add_friendships, compare_friendships

_TABLES = ("profiles_friendship", "profiles_profile")


def import_friendships(
    catalog_id: int,
    importer: Importer,
    source: Path,
    *,
    on_errors: OnErrors,
    on_progress: OnProgress | None = None,
    batch_size: int = 1000,
    dry_run: bool = False,
) -> ImportReport:
    """Import the friendships of ``source``; each batch is committed by itself, good rows land whatever others are.

    With ``dry_run`` nothing is written and the counts are what would be, as if each batch were alone.
    """
    write_batch = compare_friendships if dry_run else add_friendships

    def write(records: Sequence[FriendshipRecord]) -> tuple[WriteReport, Sequence[RowError]]:
        report = write_batch(catalog_id, records)
        return WriteReport(created=report.created, unchanged=report.unchanged), report.errors

    return import_rows(
        _stream_friendships(importer, source),
        RowDoor(check=check_friendship_row, write=write, tables=() if dry_run else _TABLES),
        on_errors=on_errors,
        on_progress=on_progress,
        batch_size=batch_size,
    )


def _stream_friendships(importer: Importer, source: Path) -> Iterator[SourceRow | RowError]:
    if "friendships" not in getattr(importer, "tables", ()):
        raise ImportSourceError(f"{source}: this importer reads no friendships; csv, tsv, jsonl and parquet do")
    yield from stream_rows(importer, source, "friendships")
