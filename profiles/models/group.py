"""The group: profiles that are recommended to together."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.field_values import MAX_KEY
from catalog.models import Catalog
from profiles.models.profile import Profile

MAX_MEMBERS = 30
"""Most members of a group: what a slate for all of them costs grows with each."""


class ProfileGroup(models.Model):
    """Profiles of one catalog that are recommended to together: a family, a reading circle; ``key`` is the site's."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"), db_index=False)
    key = models.CharField(_("key"), max_length=MAX_KEY)
    name = models.CharField(_("name"), max_length=200, blank=True)
    members = models.ManyToManyField(Profile, related_name="profile_groups", blank=True, verbose_name=_("members"))
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("group of people")
        verbose_name_plural = _("groups of people")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["catalog", "key"], name="group_key_unique"),
            models.CheckConstraint(condition=~Q(key=""), name="group_key_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name or self.key
