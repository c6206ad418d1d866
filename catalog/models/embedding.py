"""Embedding spaces and the vectors in them: one table for every width."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from catalog.halfvec import MAX_DIMENSIONS
from catalog.models.item import Item
from catalog.models.tenant import Catalog
from catalog.querysets import EmbeddingQuerySet, EmbeddingSpaceQuerySet


class EmbeddingSpace(models.Model):
    """An encoder (or learner) with its options, fingerprint, width, metric and state.

    Of each ``role`` ("text", "ials", …) a catalog has one active space at most; the next version
    is built beside it, compared, promoted, and can be rolled back to while it is kept.
    """

    class Metric(models.TextChoices):
        COSINE = "cosine", _("cosine")
        INNER_PRODUCT = "inner_product", _("inner product")

    class State(models.TextChoices):
        BUILDING = "building", _("building")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"))
    role = models.SlugField(_("role"), max_length=50, default="text")
    encoder = models.CharField(
        _("encoder"), max_length=50, blank=True, help_text=_("Key of the encoder; empty where a learner publishes.")
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=128, blank=True, editable=False)
    dimensions = models.PositiveSmallIntegerField(_("dimensions"), null=True, editable=False)
    metric = models.CharField(_("metric"), max_length=20, choices=Metric, default=Metric.COSINE)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.BUILDING, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    activated_at = models.DateTimeField(_("activated"), null=True, editable=False)

    objects = EmbeddingSpaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("embedding space")
        verbose_name_plural = _("embedding spaces")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "role"], condition=Q(state="active"), name="space_one_active_a_role"
            ),
            models.CheckConstraint(
                condition=Q(dimensions=None) | Q(dimensions__gte=1, dimensions__lte=MAX_DIMENSIONS),
                name="space_dimensions_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(dimensions__isnull=False), name="space_active_has_dimensions"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} #{self.pk} ({self.encoder or '–'})"


class Embedding(models.Model):
    """Where one item lies in one space; the row is the work order too.

    A row is stale while ``content_digest`` differs from the item's. ``failed_digest`` is the content
    that could not be encoded: the item is left alone until ``retry_at``, or until its content changes.
    """

    # No index of its own: in a space that statistics don't know yet it would look as good as that of both columns.
    space = models.ForeignKey(
        EmbeddingSpace, on_delete=models.CASCADE, verbose_name=_("embedding space"), db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, verbose_name=_("item"))
    vector = HalfVectorField(null=True)
    content_digest = models.UUIDField(_("content digest"), null=True)
    failed_digest = models.UUIDField(_("failed digest"), null=True)
    error = models.TextField(_("error"), blank=True, default="", db_default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    retry_at = models.DateTimeField(_("next attempt"), null=True)

    objects = EmbeddingQuerySet.as_manager()

    class Meta:
        verbose_name = _("embedding")
        verbose_name_plural = _("embeddings")
        constraints = [
            models.UniqueConstraint(fields=["space", "item"], name="embedding_unique"),
            models.CheckConstraint(
                condition=Q(vector__isnull=False) | Q(content_digest=None), name="embedding_digest_needs_vector"
            ),
        ]
        indexes = [
            models.Index(fields=["space", "item"], condition=~Q(failed_digest=None), name="embedding_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} @ {self.space_id}"
