"""Lists trained models, promotes one, cancels a run, or rolls a learner back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from catalog.models import Catalog
from recommender.models import TrainedModel
from recommender.services.cancelling import CancellingError, cancel_training
from recommender.services.champion_gate import judge_candidate, promote_judged
from recommender.services.held_out import METRICS
from recommender.services.promotion import PromotionError, roll_back_model


class Command(BaseCommand):
    """``manage.py models [--catalog K] [--promote ID [--force] | --cancel ID | --roll-back LEARNER]``."""

    help = "List a catalog's trained models; promote one, cancel a run, or roll a learner back to its version before."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_catalog_argument(parser)
        parser.add_argument(
            "--force", action="store_true", help="with --promote: even where it is worse than the active"
        )
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--promote", type=int, metavar="ID", help="put this model live")
        action.add_argument("--cancel", type=int, metavar="ID", help="give this run up; nothing of it is published")
        action.add_argument("--roll-back", metavar="LEARNER", help="put the version before the active one live again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked, then list."""
        catalog = find_catalog(options["catalog"])
        try:
            if options["promote"] is not None:
                promote_judged(self._find(catalog, options["promote"]), force=options["force"])
            elif options["cancel"] is not None:
                self._cancel(self._find(catalog, options["cancel"]))
            elif options["roll_back"] is not None:
                roll_back_model(catalog.pk, learner=options["roll_back"])
        except (PromotionError, CancellingError) as error:
            raise CommandError(str(error)) from error
        self._list(catalog)

    def _find(self, catalog: Catalog, model_id: int) -> int:
        if not TrainedModel.objects.filter(catalog=catalog, pk=model_id).exists():
            raise CommandError(f"no model {model_id} in catalog {catalog.key!r}")
        return model_id

    def _cancel(self, model_id: int) -> None:
        model = cancel_training(model_id)
        if model.state == TrainedModel.State.TRAINING:
            self.stdout.write(f"{model}: its worker ends it at its next step")

    def _list(self, catalog: Catalog) -> None:
        table = Table()
        numbers = ("id", "rows", "interactions", METRICS[0])
        for heading in ("id", "learner", "state", *numbers[1:], "trained until", "remark"):
            wraps = heading in ("interactions", "remark")
            table.add_column(heading, justify="right" if heading in numbers else "left", no_wrap=not wraps)
        for model in TrainedModel.objects.filter(catalog=catalog).order_by("learner", "-id"):
            table.add_row(
                str(model.pk),
                model.learner,
                f"{model.state} {model.progress:.0%}" if model.state == TrainedModel.State.TRAINING else model.state,
                str(model.metrics.get("rows", "")),
                str(model.metrics.get("interactions", "")),
                f"{figure:.4f}" if (figure := model.metrics.get(f"held_out_{METRICS[0]}")) is not None else "",
                f"{model.trained_until:%Y-%m-%d %H:%M}" if model.trained_until else "",
                escape(_remark(model)),
            )
        Console(file=self.stdout).print(table)  # type: ignore[arg-type]


def _remark(model: TrainedModel) -> str:
    """Return why a run failed, or in short what keeps a candidate from going live by itself."""
    if model.state != TrainedModel.State.CANDIDATE or model.error:
        return model.error
    judgement = judge_candidate(model)
    return "" if judgement.promotes else judgement.reason.partition(":")[0]
