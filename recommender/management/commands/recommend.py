"""Shows what a person would see at a placement."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from recommender.management.commands._slates import dump_slate, print_slate
from recommender.selectors import QueryError
from recommender.services.recommendations import recommend


class Command(BaseCommand):
    """``manage.py recommend USER --placement home [--json]``."""

    help = "Show the slate of a placement for a person, with scores, sources, reasons and timing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "user", help="the person's id (a profile's key); an unknown one is a person without history"
        )
        add_catalog_argument(parser)
        parser.add_argument("--placement", default="home", help="key of the placement")
        parser.add_argument("--item", help="key of the item on the page")
        parser.add_argument("-n", type=int, help="entries wanted (the placement's size if not given)")
        parser.add_argument(
            "--exclude", action="append", default=[], metavar="KEY", help="leave this item out; may be repeated"
        )
        parser.add_argument("--filters", default="{}", help='JSON, e.g. {"attributes__year__gte": 2000}')
        parser.add_argument("--diversity", type=float, help="from 0 to 1, instead of the placement's own")
        parser.add_argument("--no-log", action="store_true", help="write no Recommendation row")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the slate; an error names the argument."""
        catalog = find_catalog(options["catalog"])
        try:
            filters = orjson.loads(options["filters"])
        except orjson.JSONDecodeError as error:
            raise CommandError(f"--filters: {error}") from error
        if not isinstance(filters, dict):
            raise CommandError("--filters: must be a JSON object")
        try:
            slate = recommend(
                catalog.pk,
                placement=options["placement"],
                user_id=options["user"],
                item=options["item"],
                n=options["n"],
                exclude=options["exclude"],
                filters=filters,
                diversity=options["diversity"],
                log=not options["no_log"],
            )
        except QueryError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(dump_slate(slate))
        else:
            print_slate(Console(file=self.stdout), slate, heading=f"{options['user']} at {options['placement']}")  # type: ignore[arg-type]
