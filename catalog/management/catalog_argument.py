"""The catalog that a command is about: the argument, and what it names."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import CommandError

from catalog.models import Catalog


def add_catalog_argument(parser: ArgumentParser) -> None:
    """Declare ``--catalog``."""
    parser.add_argument("--catalog", default=settings.RECSITE_DEFAULT_CATALOG, help="key of the catalog")


def find_catalog(key: str) -> Catalog:
    """Return the catalog with this key; a CommandError says that there is none."""
    catalog = Catalog.objects.filter(key=key).first()
    if catalog is None:
        raise CommandError(f"--catalog: no catalog {key!r}")
    return catalog
