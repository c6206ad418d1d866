"""Evaluates a placement on its catalog's own log."""

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from recommender.management.commands._reports import print_report
from recommender.models import Evaluation
from recommender.services.evaluating import EvaluationError, run_evaluation, start_evaluation


class Command(BaseCommand):
    """``manage.py evaluate [--catalog K] [--placement P] [--split S] [--k N] [--cases N] [--seed N] [--json FILE]``."""

    help = "Replay a catalog's log through a placement: how good its recommendations would have been."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_catalog_argument(parser)
        parser.add_argument("--placement", default="home", metavar="KEY", help="key of the placement")
        parser.add_argument(
            "--split", default="time:0.9", metavar="PROTOCOL", help="time:0.9, next-item, random:0.8, k-fold:5, …"
        )
        parser.add_argument("--k", type=int, default=10, help="length of the lists")
        parser.add_argument("--cases", type=int, default=2000, help="most people that are asked for, drawn at random")
        parser.add_argument("--seed", type=int, default=0, help="seed of every draw")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the whole report there, too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate, and print the table."""
        catalog = find_catalog(options["catalog"])
        target: Path | None = options["json"]
        if target is not None and not target.absolute().parent.is_dir():
            raise CommandError(f"--json: no folder {target.absolute().parent}")
        try:
            evaluation = start_evaluation(
                catalog.pk,
                placement=options["placement"],
                protocol=options["split"],
                options={name: options[name] for name in ("k", "cases", "seed")},
            )
        except EvaluationError as error:
            raise CommandError(
                f"{_ARGUMENTS[error.field]}: {error}" if _ARGUMENTS[error.field] else str(error)
            ) from error
        done = self._run(evaluation)
        if done is None:
            raise CommandError("the evaluation was deleted")
        if done.state != Evaluation.State.DONE:
            raise CommandError(f"evaluation {done.pk} failed: {done.error}")
        if target is not None:
            target.write_bytes(orjson.dumps(done.report, option=orjson.OPT_INDENT_2))
        print_report(Console(file=self.stdout), done.report)  # type: ignore[arg-type]

    def _run(self, evaluation: Evaluation) -> Evaluation | None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=self.stderr)) as bar:  # type: ignore[arg-type]
            task = bar.add_task(f"evaluation {evaluation.pk}", total=1.0)
            return run_evaluation(evaluation.pk, progress=lambda fraction: bar.update(task, completed=fraction))


_ARGUMENTS = {"placement": "--placement", "protocol": "--split", "options": ""}
