"""Tunes a placement: which learners serve it best, with which options, and how they are put together."""

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from catalog.doorbell import NoBrokerError, ring_for
from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from recommender.management.commands._tunings import print_tuning
from recommender.models import Evaluation
from recommender.services.training_locks import TrainingUnderWayError
from recommender.services.tuning import TuningOptions
from recommender.services.tuning_cases import TuningError
from recommender.services.tuning_runs import run_tuning, start_tuning
from recommender.tasks import tune_placement

_DEFAULTS = TuningOptions()


class Command(BaseCommand):
    """``manage.py tune [--catalog K] [--placement P] [--budget-minutes N] [--split S] [--dry-run] [--json FILE] …``."""

    help = "Find out which learners serve a placement best, how and together; train them, and put the result live."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_catalog_argument(parser)
        parser.add_argument("--placement", default="home", metavar="KEY", help="key of the placement")
        parser.add_argument(
            "--budget-minutes",
            type=float,
            default=_DEFAULTS.budget_seconds / 60,
            metavar="N",
            help="minutes to try learners in; training the chosen ones on everything comes on top",
        )
        parser.add_argument(
            "--split", default="", metavar="PROTOCOL", help="time:0.9, next-item, random-per-profile:0.8 …; by the data"
        )
        parser.add_argument("--learners", default="", metavar="A,B", help="the learners to try; all that fit")
        parser.add_argument("--cases", type=int, default=_DEFAULTS.cases, help="most people that are asked for")
        parser.add_argument("--seed", type=int, default=0, help="seed of every draw")
        parser.add_argument("--dry-run", action="store_true", help="tell what is best, and change nothing")
        parser.add_argument("--queue", action="store_true", help="leave the tuning to a worker")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the whole report there, too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tune, and print the table."""
        catalog = find_catalog(options["catalog"])
        target: Path | None = options["json"]
        if target is not None and not target.absolute().parent.is_dir():
            raise CommandError(f"--json: no folder {target.absolute().parent}")
        wanted = {
            "budget_seconds": options["budget_minutes"] * 60,
            "protocol": options["split"],
            "learners": [name for name in options["learners"].split(",") if name],
            **{name: options[name] for name in ("cases", "seed", "dry_run")},
        }
        try:
            row = start_tuning(catalog.pk, placement=options["placement"], options=wanted)
        except (TuningError, TrainingUnderWayError) as error:
            raise CommandError(str(error)) from error
        if options["queue"]:
            self._send(row)
            return
        done = self._run(row)
        if done is None:
            raise CommandError("the tuning was deleted")
        if done.state != Evaluation.State.DONE:
            raise CommandError(f"tuning {done.pk} failed: {done.error}")
        if target is not None:
            target.write_bytes(orjson.dumps(done.report, option=orjson.OPT_INDENT_2))
        print_tuning(Console(file=self.stdout), done.report)  # type: ignore[arg-type]
        self.stdout.write(_tell_state(done.report, dry_run=options["dry_run"]))

    def _send(self, row: Evaluation) -> None:
        try:
            ring_for(tune_placement, row)
        except NoBrokerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"tuning {row.pk}: sent to the train queue")

    def _run(self, row: Evaluation) -> Evaluation | None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=self.stderr)) as bar:  # type: ignore[arg-type]
            task = bar.add_task(f"tuning {row.pk}", total=1.0)
            return run_tuning(row.pk, progress=lambda fraction: bar.update(task, completed=fraction))


def _tell_state(report: dict[str, Any], *, dry_run: bool) -> str:
    if dry_run:
        return "dry run: nothing was changed"
    if report["live"]:
        return f"{report['placement']} serves it now (fitted ranking {report['fitted']})"
    return f"not live: {report['placement']} is better as it is (fitted ranking {report['fitted']} stays a candidate)"
