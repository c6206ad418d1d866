"""API keys: scoped, hashed, of one catalog."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.tenant import Catalog


class ApiKey(models.Model):
    """A key of the REST API; only a hash of the secret is kept, ``prefix`` finds the row."""

    class Scope(models.TextChoices):
        PUBLISHABLE = "publishable", _("publishable")
        INGEST = "ingest", _("ingest")
        ADMIN = "admin", _("admin")

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"))
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("scope"), max_length=20, choices=Scope)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(_("secret hash"), max_length=64, editable=False)
    allowed_origins = ArrayField(
        models.TextField(),
        verbose_name=_("allowed origins"),
        default=list,
        blank=True,
        help_text=_("Origins that a publishable key may be used from. Empty: any."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
