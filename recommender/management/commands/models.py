"""Lists trained models, promotes one, or rolls a learner back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from catalog.models import Catalog
from recommender.models import TrainedModel
from recommender.services.promotion import PromotionError, promote_model, roll_back_model


class Command(BaseCommand):
    """``manage.py models [--catalog K] [--promote ID | --roll-back LEARNER]``."""

    help = "List a catalog's trained models; promote one, or roll a learner back to its version before."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_catalog_argument(parser)
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--promote", type=int, metavar="ID", help="put this model live")
        action.add_argument("--roll-back", metavar="LEARNER", help="put the version before the active one live again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked, then list."""
        catalog = find_catalog(options["catalog"])
        try:
            if options["promote"] is not None:
                self._promote(catalog, options["promote"])
            elif options["roll_back"] is not None:
                roll_back_model(catalog.pk, learner=options["roll_back"])
        except PromotionError as error:
            raise CommandError(str(error)) from error
        self._list(catalog)

    def _promote(self, catalog: Catalog, model_id: int) -> None:
        if not TrainedModel.objects.filter(catalog=catalog, pk=model_id).exists():
            raise CommandError(f"no model {model_id} in catalog {catalog.key!r}")
        promote_model(model_id)

    def _list(self, catalog: Catalog) -> None:
        table = Table()
        for heading in ("id", "learner", "shape", "state", "rows", "interactions", "trained until", "error"):
            table.add_column(heading, justify="right" if heading in ("id", "rows", "interactions") else "left")
        for model in TrainedModel.objects.filter(catalog=catalog).order_by("learner", "-id"):
            table.add_row(
                str(model.pk),
                model.learner,
                model.shape,
                f"{model.state} {model.progress:.0%}" if model.state == TrainedModel.State.TRAINING else model.state,
                str(model.metrics.get("rows", "")),
                str(model.metrics.get("interactions", "")),
                f"{model.trained_until:%Y-%m-%d %H:%M}" if model.trained_until else "",
                escape(model.error),
            )
        Console(file=self.stdout).print(table)  # type: ignore[arg-type]
