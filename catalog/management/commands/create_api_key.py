"""Makes an API key and prints its secret, this once."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from catalog.models import ApiKey
from catalog.services.api_keys import create_api_key


class Command(BaseCommand):
    """The secret goes to standard output alone, so that it can be piped; the rest goes to standard error."""

    help = "Make an API key of a catalog and print its secret once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", help="what the key is for")
        parser.add_argument(
            "--scope", choices=ApiKey.Scope.values, default=ApiKey.Scope.INGEST.value, help="what the key may do"
        )
        add_catalog_argument(parser)
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            help="origin that the key may be used from, such as https://shop.example; may be repeated",
        )
        parser.add_argument("--expires", type=_read_expiry, help="days from now, or a date and time as in ISO 8601")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key."""
        catalog = find_catalog(options["catalog"])
        try:
            key, secret = create_api_key(
                catalog.pk,
                name=options["name"],
                scope=options["scope"],
                allowed_origins=options["origin"],
                expires_at=options["expires"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)
        self.stderr.write(f"Key {key} of catalog {catalog.key}, scope {key.scope}. It is shown this once: keep it now.")


def _read_expiry(text: str) -> datetime:
    try:
        if text.isdecimal():
            return timezone.now() + timedelta(days=int(text))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r}: a number of days, or a date and time such as 2027-01-31T12:00Z") from None
    return moment if moment.tzinfo else timezone.make_aware(moment)
