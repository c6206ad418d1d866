"""Trains a learner and publishes what it learned."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from catalog.doorbell import NoBrokerError, ring_for
from catalog.extensions import OptionError, RegistryError, read_option_texts
from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from recommender.learners import learners
from recommender.models import TrainedModel
from recommender.services.champion_gate import judge_candidate, promote_judged
from recommender.services.held_out import METRICS
from recommender.services.retraining import put_live
from recommender.services.training import start_training, train_model
from recommender.services.training_locks import TrainingUnderWayError
from recommender.tasks import train_model_run


class Command(BaseCommand):
    """``manage.py train LEARNER [--catalog K] [--option N=V] [--promote [--force]] [--no-measure] [--queue]``."""

    help = "Train a learner on a catalog's interactions; its result is a candidate until it is promoted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("learner", help="key of the learner, such as popular or co_visitation")
        add_catalog_argument(parser)
        parser.add_argument(
            "--option", action="append", default=[], metavar="NAME=VALUE", help="an option; may be repeated"
        )
        parser.add_argument("--promote", action="store_true", help="put the result live")
        parser.add_argument("--force", action="store_true", help="with --promote: even where it is worse")
        parser.add_argument(
            "--no-measure",
            action="store_true",
            help="don't hold it against held-out interactions, which takes as long again",
        )
        parser.add_argument("--queue", action="store_true", help="leave the training to a worker")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, or send the training to the queue."""
        if options["force"] and (options["queue"] or not options["promote"]):
            raise CommandError("--force goes with --promote, and not with --queue")
        catalog = find_catalog(options["catalog"])
        try:
            values = read_option_texts(learners.get(options["learner"]).Options, options["option"])
            model = start_training(
                catalog.pk,
                learner=options["learner"],
                options=values,
                promote=options["promote"],
                measure=not options["no_measure"],
            )
        except (RegistryError, OptionError) as error:
            raise CommandError(str(error)) from error
        if options["queue"]:
            try:
                ring_for(train_model_run, model)
            except NoBrokerError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{model}: sent to the train queue")
            return
        model = self._train(model)
        if model.state == TrainedModel.State.FAILED:
            raise CommandError(f"{model} failed: {model.error}")
        if model.state == TrainedModel.State.CANCELLED:
            raise CommandError(f"{model} was cancelled")
        live = put_live(model.pk)
        if options["promote"] and options["force"] and not live:
            live = promote_judged(model.pk, force=True).state == TrainedModel.State.ACTIVE
        figures = model.metrics
        self.stdout.write(
            f"{model}: {figures['rows']} rows from {figures['interactions']} interactions of {figures['profiles']} "
            f"profiles with {figures['items']} items; load {figures['load_seconds']} s, train "
            f"{figures['train_seconds']} s, publish {figures['publish_seconds']} s; {'active' if live else model.state}"
        )
        self._write_figures(model, wanted=options["promote"] and not live)

    def _write_figures(self, model: TrainedModel, *, wanted: bool) -> None:
        """Print what was measured on held-out interactions, and why a model that was to go live did not."""
        figures = model.metrics
        name = f"held_out_{METRICS[0]}"
        if name in figures:
            low, high = figures[f"{name}_interval"]
            self.stdout.write(
                f"held out: {METRICS[0]} {figures[name]:.4f} ({low:.4f} to {high:.4f}) for {figures['held_out_cases']} "
                f"people, {figures['held_out_protocol']}; measured in {figures['measure_seconds']} s"
            )
        elif "held_out_error" in figures:
            self.stdout.write(f"held out: could not be measured: {figures['held_out_error']}")
        if wanted:
            self.stdout.write(f"not promoted: {judge_candidate(model).reason}")

    def _train(self, model: TrainedModel) -> TrainedModel:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=self.stderr)) as bar:  # type: ignore[arg-type]
            task = bar.add_task(str(model), total=1.0)
            try:
                return train_model(model.pk, progress=lambda fraction: bar.update(task, completed=fraction))
            except TrainingUnderWayError as error:
                model.delete()
                raise CommandError(str(error)) from error
