"""Embeds what is stale, in this process or in the worker, and shows how far it is."""

import signal
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandError, CommandParser
from kombu.exceptions import OperationalError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from catalog.doorbell import NoBrokerError, ring
from catalog.encoders import EncoderUnavailable
from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from catalog.models import EmbeddingSpace
from catalog.selectors import failed_embeddings, space_coverage
from catalog.services.batches import EncoderFaultError
from catalog.services.encoding import EncodingReport, encode_space
from catalog.services.spaces import TEXT, ensure_text_space
from catalog.tasks import encode_space_items

_POLL_SECONDS = 0.5
_FAILURES_SHOWN = 5

Show = Callable[[EncodingReport], None]


class Command(BaseCommand):
    """Encoding is resumed, never repeated: running this again does what is left."""

    help = (
        "Embed the items whose vector is missing or out of date. Ctrl-C stops after the running batch. "
        "Exit code 1: the encoder cannot be used, or another error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_catalog_argument(parser)
        parser.add_argument("--space", type=_parse_id, help="id of a space (default: those in use of the role)")
        parser.add_argument("--role", default=TEXT, help="role of the spaces; that of texts is made where it lacks")
        parser.add_argument("--queue", action="store_true", help="have the Celery worker do it, and watch")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the spaces, the active one first."""
        for space in self._find_spaces(options["catalog"], options["space"], options["role"]):
            report = self._embed(space, queue=options["queue"])
            if report.stopped:
                return

    def _find_spaces(self, key: str, space_id: int | None, role: str) -> list[EmbeddingSpace]:
        catalog = find_catalog(key)
        spaces = EmbeddingSpace.objects.in_catalog(catalog.pk).encoded().order_by("state", "pk")
        if space_id is not None:
            found = list(spaces.filter(pk=space_id))
            if not found:
                raise CommandError(f"--space: catalog {key!r} has no space {space_id} that an encoder fills")
            return found
        if role == TEXT:
            ensure_text_space(catalog.pk)
        found = list(spaces.in_use().filter(role=role))
        if not found:
            raise CommandError(f"--role: catalog {key!r} has no space in use of role {role!r} that an encoder fills")
        return found

    def _embed(self, space: EmbeddingSpace, *, queue: bool) -> EncodingReport:
        started = time.perf_counter()
        with _show_progress(f"Embedding, space {space.pk} ({space.encoder})") as show:
            report = self._watch_worker(space, show) if queue else self._run_here(space, show)
        seconds = time.perf_counter() - started
        line = f"space {space.pk} ({space.role}, {space.encoder}): {report.encoded:,} embedded in {seconds:.1f} s"
        if report.encoded and seconds > 1:
            line += f" ({report.encoded / seconds:,.0f} a second)"
        space.refresh_from_db()
        self.stdout.write(f"{line}; {space.get_state_display()}")
        if report.failed:
            self.stdout.write(f"{report.failed:,} set aside, among them:")
            for row in failed_embeddings(space.pk, limit=_FAILURES_SHOWN):
                self.stdout.write(f"  {row.item.key}: {row.error}")
        if report.stopped:
            rest = "the worker goes on by itself" if queue else "the same command goes on from here"
            self.stdout.write(f"stopped; {rest}")
        return report

    def _run_here(self, space: EmbeddingSpace, show: Show) -> EncodingReport:
        with _catch_interrupt() as was_interrupted:
            try:
                return encode_space(space.pk, progress=show, should_stop=was_interrupted)
            except (EncoderFaultError, EncoderUnavailable) as error:
                raise CommandError(f"space {space.pk}: {error}") from error

    def _watch_worker(self, space: EmbeddingSpace, show: Show) -> EncodingReport:
        first = space_coverage(space.pk)
        report = EncodingReport(stale=first.stale)
        show(report)
        EmbeddingSpace.objects.filter(pk=space.pk).update(error="")  # an old one would be taken for an answer
        try:
            ring(encode_space_items, space.pk)
            if not current_app.control.ping(timeout=1.0):
                self.stderr.write("no worker answers; waiting for one (or use this command without --queue)")
        except (NoBrokerError, OperationalError) as error:
            raise CommandError(f"no broker: {error.__cause__ or error}") from error
        try:
            while True:
                started = time.perf_counter()
                coverage = space_coverage(space.pk)
                report = replace(
                    report,
                    encoded=max(0, coverage.encoded - first.encoded),
                    failed=max(0, coverage.failed - first.failed),
                )
                show(report)
                if not coverage.stale:
                    return report
                space.refresh_from_db(fields=["error"])
                if space.error:
                    raise CommandError(f"space {space.pk}: {space.error}")
                time.sleep(max(_POLL_SECONDS, 10 * (time.perf_counter() - started)))
        except KeyboardInterrupt:
            return replace(report, stopped=True)


@contextmanager
def _show_progress(title: str) -> Iterator[Show]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} items/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    started = time.perf_counter()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(title, total=None, rate="–")

        def show(report: EncodingReport) -> None:
            done = report.encoded + report.failed
            rate = done / max(1e-3, time.perf_counter() - started)
            progress.update(bar, completed=done, total=max(report.stale, done), rate=f"{rate:,.0f}")

        yield show


@contextmanager
def _catch_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop after the running batch; the second one interrupts at once."""
    interrupts: list[int] = []

    def note(number: int, _: object) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(interrupts)
    finally:
        signal.signal(signal.SIGINT, before)


def _parse_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**63):
        raise ArgumentTypeError(f"{text!r} is no id")
    return int(text)
