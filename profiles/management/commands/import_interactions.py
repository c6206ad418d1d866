"""Imports interactions from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from catalog.importers import Importer
from catalog.management.import_command import ImportCommand
from catalog.services.imports import ImportReport, OnErrors, OnProgress
from profiles.services.imports import import_interactions


class Command(ImportCommand):
    """Rows with an id or a time are recorded once, however often the file is imported."""

    help = (
        "Import interactions from a file. Exit code 1: some rows were refused; 2: the source cannot be read (further)."
    )
    noun: ClassVar[str] = "interactions"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--unknown-items",
            choices=("reject", "create"),
            default="reject",
            help="refuse rows with items that the catalog lacks, or create these items",
        )

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
        """Import the interactions."""
        return import_interactions(
            catalog_id,
            importer,
            source,
            on_errors=on_errors,
            on_progress=on_progress,
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
            on_unknown=options["unknown_items"],
        )
