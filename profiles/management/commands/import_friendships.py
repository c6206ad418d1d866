"""Imports friendships from a file."""

from pathlib import Path
from typing import Any, ClassVar

from catalog.importers import Importer
from catalog.management.import_command import ImportCommand
from catalog.services.imports import ImportReport, OnErrors, OnProgress
from profiles.services.friendship_imports import import_friendships


class Command(ImportCommand):
    """A file with each friendship from both sides makes each once, however often it is imported."""

    help = (
        "Import friendships (user_id, friend_id) from a file. "
        "Exit code 1: some rows were refused; 2: the source cannot be read (further)."
    )
    noun: ClassVar[str] = "friendships"

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
        """Import the friendships."""
        return import_friendships(
            catalog_id,
            importer,
            source,
            on_errors=on_errors,
            on_progress=on_progress,
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
        )
