"""Shows what is like an item."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from recommender.management.commands._slates import dump_slate, print_slate
from recommender.selectors import QueryError
from recommender.services.recommendations import similar_items


class Command(BaseCommand):
    """``manage.py similar ITEM [--json]``."""

    help = "Show the items that are like an item, with scores, sources, reasons and timing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("item", help="the item's key")
        add_catalog_argument(parser)
        parser.add_argument("-n", type=int, default=10, help="entries wanted")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the slate; an error names the argument."""
        catalog = find_catalog(options["catalog"])
        try:
            slate = similar_items(catalog.pk, item=options["item"], n=options["n"], log=False)
        except QueryError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(dump_slate(slate))
        else:
            print_slate(Console(file=self.stdout), slate, heading=f"like {options['item']}")  # type: ignore[arg-type]
