"""Shows what is like an item."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from catalog.models import Catalog
from recommender.management.commands._slates import dump_slate, print_slate
from recommender.selectors import QueryError
from recommender.services.recommendations import similar_items


class Command(BaseCommand):
    """``manage.py similar ITEM [--json]``."""

    help = "Show the items that are like an item, with scores, sources, reasons and timing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("item", help="the item's key")
        parser.add_argument("--catalog", default=settings.RECSITE_DEFAULT_CATALOG, help="key of the catalog")
        parser.add_argument("-n", type=int, default=10, help="entries wanted")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the slate; an error names the argument."""
        catalog = Catalog.objects.filter(key=options["catalog"]).first()
        if catalog is None:
            raise CommandError(f"--catalog: no catalog {options['catalog']!r}")
        try:
            slate = similar_items(catalog.pk, item=options["item"], n=options["n"], log=False)
        except QueryError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(dump_slate(slate))
        else:
            print_slate(Console(file=self.stdout), slate, heading=f"like {options['item']}")  # type: ignore[arg-type]
