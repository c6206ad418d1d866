"""What the commands that import a file share: arguments, progress, refused rows, exit codes."""

import time
from abc import abstractmethod
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from catalog.extensions import OptionError, load_options, read_option_texts
from catalog.importers import Importer, ImportSourceError, importers
from catalog.management.catalog_argument import add_catalog_argument
from catalog.management.refused_rows import RefusedRows
from catalog.models import Catalog
from catalog.services.imports import ImportReport, OnErrors, OnProgress

SOME_REFUSED = 1
UNREADABLE = 2
_NO_CATALOG = 0
"""No row has this id: in a dry run the catalog that would be made is empty."""
_LARGEST_BATCH_SIZE = 50_000


class ImportCommand(BaseCommand):
    """Exit code 0: every row was taken; 1: some were refused, the others landed; 2: the source cannot be read on."""

    noun: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "source", type=Path, metavar="FILE", help="file, or folder where the importer reads folders"
        )
        parser.add_argument("--importer", required=True, choices=importers.keys(), help="how to read it")
        add_catalog_argument(parser)
        parser.add_argument("--create-catalog", action="store_true", help="make the catalog if there is none")
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="option of the importer; may be repeated, also for a list: --option mapping=title=Name",
        )
        parser.add_argument("--dry-run", action="store_true", help="check every row and write nothing")
        parser.add_argument("--batch-size", type=_read_count, default=1000, help="rows written together")
        parser.add_argument("--errors-file", type=Path, help="where refused rows are listed, as JSON lines")
        parser.add_argument("--show-errors", type=int, default=10, help="how many of them are shown here")

    @abstractmethod
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
        """Run the import with the command's service."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and say what became of the rows."""
        importer = _build_importer(options["importer"], options["option"])
        catalog_id = self._find_catalog(options)
        source: Path = options["source"]
        started = time.perf_counter()
        console = Console(stderr=True)
        progress = _make_progress(console)

        def show_line(text: str) -> None:
            # A line that passes by the progress bar would be drawn over.
            if progress.disable:
                self.stderr.write(text)
            else:
                console.print(text, markup=False, highlight=False)

        path = options["errors_file"] or _name_errors_file(source)
        with RefusedRows(path, show=show_line, most_shown=options["show_errors"]) as refused, progress:
            task = progress.add_task(self.noun, total=None, refused=0)

            def show_progress(report: ImportReport) -> None:
                progress.update(task, completed=report.rows, refused=report.counts.rejected)

            report = self.import_source(
                catalog_id, importer, source, on_errors=refused.add, on_progress=show_progress, options=options
            )
        self._sum_up(report, refused, seconds=time.perf_counter() - started, dry_run=options["dry_run"])

    def _find_catalog(self, options: dict[str, Any]) -> int:
        key = options["catalog"]
        catalog = Catalog.objects.filter(key=key).first()
        if catalog is not None:
            return catalog.pk
        if not options["create_catalog"]:
            raise CommandError(f"no catalog {key!r}; --create-catalog makes it", returncode=UNREADABLE)
        if options["dry_run"]:
            return _NO_CATALOG
        catalog = Catalog(key=key, name=key)
        try:
            catalog.full_clean()
        except ValidationError as error:
            raise CommandError(f"--catalog {key!r}: {' '.join(error.messages)}", returncode=UNREADABLE) from error
        catalog.save()
        return catalog.pk

    def _sum_up(self, report: ImportReport, refused: RefusedRows, *, seconds: float, dry_run: bool) -> None:
        counts = report.counts
        parts = [("created", counts.created), ("updated", counts.updated), ("unchanged", counts.unchanged)]
        parts += [("duplicates", counts.duplicates), ("refused", counts.rejected)]
        told = ", ".join(f"{count:,} {name}" for name, count in parts if count) or "nothing"
        speed = f"in {seconds:.1f} s, {report.rows / seconds:,.0f} a second"
        start = "Dry run, nothing was written; it would be" if dry_run else "Imported"
        self.stdout.write(f"{start} {self.noun}: {told} of {report.rows:,} rows ({speed})")
        if refused.errors:
            self.stderr.write(refused.summarize())
        if report.failure:
            raise CommandError(report.failure, returncode=UNREADABLE)
        if counts.rejected:
            raise CommandError(f"{counts.rejected:,} of {report.rows:,} rows refused", returncode=SOME_REFUSED)


def _build_importer(key: str, texts: list[str]) -> Importer:
    component = importers.get(key)
    try:
        options = load_options(component.Options, read_option_texts(component.Options, texts))
        return component(options)
    except (OptionError, ImportSourceError) as error:
        raise CommandError(f"importer {key}: {error}", returncode=UNREADABLE) from error


def _make_progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TextColumn("{task.fields[refused]:,} refused"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def _name_errors_file(source: Path) -> Path:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    folder: Path = settings.ENVIRONMENT.var / "import-errors"
    return folder / f"{source.name.split('.')[0] or 'rows'}-{moment}.jsonl"


def _read_count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _LARGEST_BATCH_SIZE):
        raise ArgumentTypeError(f"{text!r}: a whole number from 1 to {_LARGEST_BATCH_SIZE:,}")
    return int(text)
