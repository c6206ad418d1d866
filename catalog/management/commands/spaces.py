"""Lists, creates, compares, promotes, rolls back and deletes embedding spaces."""

from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from catalog.extensions import OptionError, RegistryError
from catalog.models import Catalog, EmbeddingSpace
from catalog.selectors import space_coverage
from catalog.services.comparison import compare_spaces
from catalog.services.spaces import SpaceError, create_space, delete_space, promote_space, roll_back_space


class Command(BaseCommand):
    """``manage.py spaces list|create|compare|promote|rollback|delete``."""

    help = "Manage embedding spaces: build the next one beside the one in use, compare, swap, roll back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--catalog", default=settings.RECSITE_DEFAULT_CATALOG)
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="each space with its coverage")
        create = actions.add_parser("create", help="a space to be built by embed_items or the worker")
        create.add_argument("--encoder", required=True)
        create.add_argument("--options", default="{}", help="the encoder's options as JSON")
        create.add_argument("--role", default="text")
        compare = actions.add_parser("compare", help="overlap of the nearest items in two spaces")
        compare.add_argument("space", type=int)
        compare.add_argument("other", type=int)
        compare.add_argument("-k", type=int, default=10)
        compare.add_argument("--sample", type=int, default=100)
        promote = actions.add_parser("promote", help="put a space into use")
        promote.add_argument("space", type=int)
        promote.add_argument("--force", action="store_true", help="even if items are still to be embedded")
        actions.add_parser("rollback", help="back to the one before").add_argument("--role", default="text")
        actions.add_parser("delete", help="with its vectors").add_argument("space", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked; an error is one line."""
        catalog = Catalog.objects.filter(key=options["catalog"]).first()
        if catalog is None:
            raise CommandError(f"--catalog: no catalog {options['catalog']!r}")
        try:
            self._act(catalog, options)
        except EmbeddingSpace.DoesNotExist as error:
            raise CommandError(f"catalog {catalog.key!r} has no such space") from error
        except (SpaceError, RegistryError, OptionError, orjson.JSONDecodeError) as error:
            raise CommandError(str(error)) from error

    def _act(self, catalog: Catalog, options: dict[str, Any]) -> None:
        action = options["action"]
        spaces = EmbeddingSpace.objects.in_catalog(catalog.pk)
        if action == "list":
            self._show(catalog)
        elif action == "create":
            values = orjson.loads(options["options"])
            space = create_space(catalog.pk, encoder=options["encoder"], options=values, role=options["role"])
            self.stdout.write(f"space {space.pk} created; embed_items --space {space.pk} builds it")
        elif action == "compare":
            left, right = spaces.get(pk=options["space"]), spaces.get(pk=options["other"])
            overlap = compare_spaces(left.pk, right.pk, k=options["k"], sample=options["sample"])
            self.stdout.write(f"overlap@{options['k']} of spaces {left.pk} and {right.pk}: {overlap:.3f}")
        elif action == "promote":
            promote_space(spaces.get(pk=options["space"]).pk, force=options["force"])
            self.stdout.write(f"space {options['space']} is in use")
        elif action == "rollback":
            self.stdout.write(f"space {roll_back_space(catalog.pk, role=options['role']).pk} is in use again")
        else:
            delete_space(spaces.get(pk=options["space"]).pk)
            self.stdout.write(f"space {options['space']} deleted")

    def _show(self, catalog: Catalog) -> None:
        table = Table("space", "role", "encoder", "dimensions", "state", "embedded", "failed", "error")
        for space in EmbeddingSpace.objects.in_catalog(catalog.pk):
            coverage = space_coverage(space.pk)
            table.add_row(
                str(space.pk),
                space.role,
                space.encoder or "–",
                str(space.dimensions or "–"),
                space.state,
                f"{coverage.encoded}/{coverage.total}",
                str(coverage.failed),
                space.error,
            )
        Console().print(table)
