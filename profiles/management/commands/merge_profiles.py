"""Merges one profile into another."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.catalog_argument import add_catalog_argument, find_catalog
from profiles.identity import MergeError, merge_profiles


class Command(BaseCommand):
    """There is no way back: the histories are one afterwards."""

    help = "Merge a profile into another: history, interests and all; the old key leads to the new profile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("source", help="key of the profile that is merged away")
        parser.add_argument("into", help="key of the profile that stays")
        add_catalog_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Merge the two."""
        catalog = find_catalog(options["catalog"])
        try:
            profile = merge_profiles(catalog.pk, source=options["source"], into=options["into"])
        except MergeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['source']} is merged into {profile.key}.")
