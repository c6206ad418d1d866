"""The friendship: two profiles that know each other."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Catalog
from profiles.models.profile import Profile
from profiles.querysets import FriendshipQuerySet


class Friendship(models.Model):
    """Two profiles of one catalog that know each other: mutual, so one row says it for both.

    ``first`` is the profile with the lower id. Neither is an alias: what is said of an alias belongs to the profile
    that it was merged into.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"))
    first = models.ForeignKey(
        Profile, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("profile")
    )
    second = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+", verbose_name=_("friend"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = FriendshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("friendship")
        verbose_name_plural = _("friendships")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="friendship_unique"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="friendship_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} – {self.second_id}"
