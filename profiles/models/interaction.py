"""The interaction: what a profile did, with what, when."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Catalog, Item
from profiles.interaction_rows import MAX_INTERACTION_ID
from profiles.models.profile import Profile
from profiles.querysets import InteractionQuerySet


class Interaction(models.Model):
    """profile × item × kind × time × value. Append-only: a repeat is another row.

    ``key`` is the client's ``interaction_id``, unique in the catalog: sending it twice changes nothing.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"), db_index=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, verbose_name=_("profile"), db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, verbose_name=_("item"))
    kind = models.CharField(_("kind"), max_length=50)
    value = models.FloatField(_("value"), null=True)
    occurred_at = models.DateTimeField(_("time"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    key = models.CharField(_("interaction id"), max_length=MAX_INTERACTION_ID, null=True)  # noqa: DJ001 - NULL leaves the unique index
    query_text = models.TextField(_("query"), default="", db_default="")
    context = models.JSONField(_("context"), default=dict, db_default={})
    recommendation_id = models.UUIDField(_("recommendation"), null=True)
    position = models.PositiveSmallIntegerField(_("position"), null=True)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "key"], condition=Q(key__isnull=False), name="interaction_key_unique"
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False) | ~Q(query_text=""), name="interaction_item_or_query"
            ),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gte=-1e9, value__lte=1e9), name="interaction_value_finite"
            ),
        ]
        indexes = [
            models.Index(
                fields=["profile", "-occurred_at", "-id"],
                include=["item", "kind", "value"],
                name="interaction_history",
            ),
            models.Index(fields=["catalog", "occurred_at"], name="interaction_log"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id or self.query_text!r}"
