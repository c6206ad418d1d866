"""The catalogue app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """Items, embedding spaces, encoders and importers."""

    name = "catalog"
    verbose_name = _("Catalogue")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the registries and connect what listens."""
        from catalog import checks, receivers  # noqa: F401
        from catalog.encoders import encoders
        from catalog.extensions import discover
        from catalog.importers import importers

        discover(encoders)
        discover(importers)
