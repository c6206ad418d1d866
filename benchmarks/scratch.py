"""A Django that is set up, and a catalog that is gone afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.models import Catalog


@contextmanager
def scratch_catalog(key: str) -> Iterator["Catalog"]:
    """Set up Django on the configured (or embedded) servers and yield an empty catalog; delete it at the end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    from recsite.embedded import servers
    from recsite.env import read_environment

    with servers(read_environment()):
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        from catalog.models import Catalog

        call_command("migrate", verbosity=0)
        Catalog.objects.filter(key=key).delete()
        catalog = Catalog.objects.create(key=key, name=key)
        try:
            yield catalog
        finally:
            _drop_spaces(catalog.pk)
            Catalog.objects.filter(pk=catalog.pk).delete()
            connections.close_all()  # the servers may stop now, and another call may start them again


def _drop_spaces(catalog_id: int) -> None:
    """Drop the catalog's indexes first: deleting rows one by one out of an HNSW index takes minutes."""
    from catalog.models import EmbeddingSpace
    from catalog.services.spaces import delete_space

    for space_id in EmbeddingSpace.objects.filter(catalog_id=catalog_id).values_list("pk", flat=True):
        delete_space(space_id, force=True)
