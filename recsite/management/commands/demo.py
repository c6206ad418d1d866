"""Runs the whole way once, on real input: a catalogue in, recommendations out."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from recsite.demo import setup, show, tuning
from recsite.management.commands.serve import QUEUES, make_celery_command
from recsite.supervision import GRACE_SECONDS, find_death_prefix

POLL_SECONDS = 0.3


class Command(BaseCommand):
    """``manage.py demo``: what ``make demo`` runs once the environment is installed."""

    help = "Import the demo catalogue, embed it in a Celery worker, train, tune, and show what comes out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--encoder", default=None, help="key of the encoder (transformer where torch is installed)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do each step that is not done yet; a second run starts from what is there."""
        console = Console()
        if not console.is_terminal:
            console = Console(width=120)
        catalog_key = settings.RECSITE_DEFAULT_CATALOG
        with console.status("Preparing the database"):
            call_command("migrate", verbosity=0)
        catalog = setup.ensure_catalog(catalog_key)
        setup.import_books(catalog, console)
        setup.import_ratings(catalog, console)
        space = setup.ensure_space(catalog, options["encoder"])
        setup.ensure_placements(catalog)
        if setup.has_work(catalog, space) or not tuning.is_tuned(catalog):
            with _worker(console) as wait:
                setup.embed_items(space, console, wait)
                setup.train_learners(catalog, console, wait)
                tuning.tune_home(catalog, console, wait)
        show.show_people(catalog, console)
        tuning.show_tuning(catalog, console)


@contextmanager
def _worker(console: Console) -> Iterator[Callable[[], None]]:
    """A Celery worker, gone when the block ends, however it ends; what is yielded waits a moment for its work."""
    worker = ["worker", "--queues", QUEUES, "--pool", "solo", "--loglevel", "INFO"]
    log = settings.ENVIRONMENT.var / "log" / "demo-worker.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        # A session of its own: Ctrl-C reaches this process, which then stops the worker in good order.
        process = subprocess.Popen(
            [*find_death_prefix(), *make_celery_command(*worker, "--without-gossip", "--without-mingle")],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            console.print(f"Celery worker started (its log: {log})", style="dim", markup=False, highlight=False)
            yield lambda: wait_for_work(process, log)
        finally:
            _stop(process)


def wait_for_work(worker: subprocess.Popen[bytes], log: Path) -> None:
    """Waits a moment, and raises CommandError once the worker has ended: nobody would do its work."""
    with suppress(subprocess.TimeoutExpired):
        status = worker.wait(timeout=POLL_SECONDS)
        raise CommandError(f"the worker ended with status {status}, see {log}; another run goes on from here")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask first; after the grace, or at a second Ctrl-C, kill. An unfinished batch is taken up by the next worker."""
    process.terminate()
    try:
        process.wait(timeout=GRACE_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
