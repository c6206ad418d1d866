"""The catalog: one tenant, to which everything else belongs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Catalog(models.Model):
    """One tenant: items, profiles, keys, placements and models belong to exactly one catalog."""

    key = models.SlugField(_("key"), max_length=50, unique=True, help_text=_("Short name used in URLs and commands."))
    name = models.CharField(_("name"), max_length=200)
    embedded_attributes = ArrayField(
        models.TextField(),
        verbose_name=_("embedded attributes"),
        null=True,
        blank=True,
        help_text=_("Attributes that encoders read. Empty: every attribute that holds text."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("catalog")
        verbose_name_plural = _("catalogs")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
