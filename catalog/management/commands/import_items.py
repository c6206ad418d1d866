"""Imports items from a file."""

from pathlib import Path
from typing import Any, ClassVar

from catalog.importers import Importer
from catalog.management.import_command import ImportCommand
from catalog.services.imports import ImportReport, OnErrors, OnProgress, import_items


class Command(ImportCommand):
    """Importing a file again changes nothing; of rows with the same key the last one counts."""

    help = "Import items from a file. Exit code 1: some rows were refused; 2: the source cannot be read (further)."
    noun: ClassVar[str] = "items"

    def import_source(
        self,
        catalog_id: int,
        importer: Importer,
        source: Path,
        *,
        on_errors: OnErrors,
        on_progress: OnProgress,
        options: dict[str, Any],
    ) -> ImportReport:
        """Import the items."""
        return import_items(
            catalog_id,
            importer,
            source,
            on_errors=on_errors,
            on_progress=on_progress,
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
        )
