"""Lists, creates, compares, promotes, rolls back and deletes embedding spaces."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog.encoders import EncoderUnavailable
from catalog.extensions import OptionError, RegistryError
from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from catalog.models import Catalog, EmbeddingSpace
from catalog.selectors import find_earlier_space, space_coverage
from catalog.services.batches import EncoderFaultError
from catalog.services.comparison import compare_spaces
from catalog.services.encoding import encode_space
from catalog.services.spaces import TEXT, SpaceError, create_space, delete_space, promote_space, roll_back_space


class Command(BaseCommand):
    """One subcommand for each step in a space's life."""

    help = "Manage embedding spaces: build the next one beside the one in use, compare, swap, roll back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_catalog_argument(parser)
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="show each space with its coverage")
        create = actions.add_parser("create", help="make a space, which embed_items or the worker builds")
        create.add_argument("--encoder", required=True, help="key of the encoder")
        create.add_argument("--options", default="{}", help="the encoder's options as a JSON object")
        create.add_argument("--role", default=TEXT, help="what the space is for; of each role one is in use")
        compare = actions.add_parser("compare", help="tell how many of the nearest items two spaces have in common")
        compare.add_argument("space", type=int, help="id of a space")
        compare.add_argument("other", type=int, help="id of another one")
        compare.add_argument("-k", type=int, default=10, help="how many nearest items of each")
        compare.add_argument("--sample", type=int, default=100, help="how many items are looked at")
        compare.add_argument("--seed", type=int, default=0, help="which items are looked at")
        promote = actions.add_parser("promote", help="put a space into use; the one before is kept")
        promote.add_argument("space", type=int, help="id of the space")
        promote.add_argument("--force", action="store_true", help="even where items are not embedded yet")
        rollback = actions.add_parser("rollback", help="go back to the space that was in use before")
        rollback.add_argument("--role", default=TEXT, help="role of the space")
        rollback.add_argument("--now", action="store_true", help="swap first; the worker embeds newer items afterwards")
        delete = actions.add_parser("delete", help="delete a space with its vectors and index")
        delete.add_argument("space", type=int, help="id of the space")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked; an error is one line."""
        catalog = find_catalog(options["catalog"])
        act = getattr(self, f"_{options['action']}")
        try:
            act(catalog, options)
        except EmbeddingSpace.DoesNotExist as error:
            raise CommandError(f"catalog {catalog.key!r} has no such space") from error
        except (SpaceError, RegistryError, OptionError, EncoderFaultError, EncoderUnavailable, ValueError) as error:
            raise CommandError(str(error)) from error

    def _list(self, catalog: Catalog, options: dict[str, Any]) -> None:
        table = Table("space", "role", "encoder", "dimensions", "state", "embedded", "set aside", "error")
        for space in EmbeddingSpace.objects.in_catalog(catalog.pk).order_by("role", "pk"):
            coverage = space_coverage(space.pk)
            table.add_row(
                str(space.pk),
                space.role,
                space.encoder or "–",
                str(space.dimensions or "–"),
                space.get_state_display(),
                f"{coverage.encoded:,} of {coverage.total:,}",
                f"{coverage.failed:,}",
                escape(space.error),
            )
        Console(file=self.stdout, width=160).print(table)  # type: ignore[arg-type]

    def _create(self, catalog: Catalog, options: dict[str, Any]) -> None:
        try:
            values = orjson.loads(options["options"])
        except orjson.JSONDecodeError as error:
            raise CommandError(f"--options: not JSON: {error}") from error
        if not isinstance(values, dict):
            raise CommandError("--options: must be a JSON object")
        space = create_space(catalog.pk, encoder=options["encoder"], options=values, role=options["role"])
        self.stdout.write(f"space {space.pk} created; embed_items --space {space.pk} builds it, or the worker does")

    def _compare(self, catalog: Catalog, options: dict[str, Any]) -> None:
        space, other = (_find_space(catalog, options[name]) for name in ("space", "other"))
        overlap = compare_spaces(space.pk, other.pk, k=options["k"], sample=options["sample"], seed=options["seed"])
        self.stdout.write(f"overlap@{options['k']} of spaces {space.pk} and {other.pk}: {overlap:.3f}")

    def _promote(self, catalog: Catalog, options: dict[str, Any]) -> None:
        space = promote_space(_find_space(catalog, options["space"]).pk, force=options["force"])
        self.stdout.write(f"space {space.pk} is in use")

    def _rollback(self, catalog: Catalog, options: dict[str, Any]) -> None:
        earlier = find_earlier_space(catalog.pk, options["role"])
        if earlier is not None and earlier.encoder and not options["now"]:
            encode_space(earlier.pk)
        space = roll_back_space(catalog.pk, role=options["role"], force=options["now"])
        self.stdout.write(f"space {space.pk} is in use again")

    def _delete(self, catalog: Catalog, options: dict[str, Any]) -> None:
        rows = delete_space(_find_space(catalog, options["space"]).pk)
        self.stdout.write(f"space {options['space']} deleted with {rows:,} rows")


def _find_space(catalog: Catalog, space_id: int) -> EmbeddingSpace:
    return EmbeddingSpace.objects.in_catalog(catalog.pk).get(pk=space_id)
