"""Imports interactions as a stream, through the same machinery as items."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from django.utils import timezone

from catalog.importers import Importer
from catalog.records import RowError, WriteReport
from catalog.services.imports import ImportReport, OnErrors, OnProgress, RowDoor, import_rows, stream_rows
from profiles.conf import get_conf
from profiles.interaction_rows import check_interaction_row
from profiles.records import InteractionRecord
from profiles.services.interactions import OnUnknown, compare_interactions, record_interactions

_TABLES = ("profiles_interaction", "profiles_profile", "catalog_item")


def import_interactions(
    catalog_id: int,
    importer: Importer,
    source: Path,
    *,
    on_errors: OnErrors,
    on_progress: OnProgress | None = None,
    batch_size: int = 1000,
    dry_run: bool = False,
    on_unknown: OnUnknown = "reject",
) -> ImportReport:
    """Import the interactions of ``source``; each batch is committed by itself, good rows land whatever others are.

    With ``dry_run`` nothing is written and the counts are what would be, as if each batch were alone.
    """
    write_batch = compare_interactions if dry_run else record_interactions

    def write(records: Sequence[InteractionRecord]) -> tuple[WriteReport, Sequence[RowError]]:
        report = write_batch(catalog_id, records, on_unknown=on_unknown)
        return WriteReport(created=report.created, duplicates=report.duplicates), report.errors

    check = partial(check_interaction_row, now=timezone.now(), kinds=get_conf().kinds)
    return import_rows(
        stream_rows(importer, source, "interactions"),
        RowDoor(check=check, write=write, tables=() if dry_run else _TABLES),
        on_errors=on_errors,
        on_progress=on_progress,
        batch_size=batch_size,
    )
