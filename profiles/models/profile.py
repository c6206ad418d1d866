"""The profile: a person or browser that we recommend to."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.field_values import MAX_KEY
from catalog.models import Catalog
from profiles.querysets import ProfileQuerySet


class Profile(models.Model):
    """A person or browser that we recommend to; ``key`` is ``user_id`` in the API.

    An anonymous profile that was merged stays as an alias: what still arrives under its key
    belongs to ``merged_into``.
    """

    # No index of its own: in a catalog that statistics don't know yet it would look as good as that of the key.
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"), db_index=False)
    key = models.CharField(_("key"), max_length=MAX_KEY)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True, db_default={})
    merged_into = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, editable=False, verbose_name=_("merged into")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    interests_refreshed_at = models.DateTimeField(_("interests refreshed"), null=True, editable=False)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = [
            models.UniqueConstraint(fields=["catalog", "key"], name="profile_key_unique"),
            models.CheckConstraint(condition=~Q(key=""), name="profile_key_not_empty"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")), name="profile_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.key
