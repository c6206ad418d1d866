"""The log of recommendations: one row for each slate served."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Catalog
from profiles.models import Profile
from recommender.models.placement import Placement


class Recommendation(models.Model):
    """One slate served; feedback refers to ``id`` and a position (from 0) in ``item_ids``.

    ``sources[i]`` are the names of the strategies that proposed ``item_ids[i]``, joined by ``+``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"), db_index=False)
    placement = models.ForeignKey(
        Placement, on_delete=models.SET_NULL, null=True, verbose_name=_("placement"), db_index=False
    )
    profile = models.ForeignKey(
        Profile, on_delete=models.SET_NULL, null=True, verbose_name=_("profile"), db_index=False
    )
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    requested = models.PositiveSmallIntegerField(_("requested"))
    item_ids = ArrayField(models.BigIntegerField(), verbose_name=_("items"))
    scores = ArrayField(models.FloatField(), verbose_name=_("scores"))
    sources = ArrayField(models.TextField(), verbose_name=_("sources"))
    milliseconds = models.FloatField(_("milliseconds"), null=True)

    class Meta:
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        indexes = [
            models.Index(fields=["profile", "-created_at"], name="recommendation_of_profile"),
            models.Index(fields=["catalog", "-created_at"], name="recommendation_log"),
        ]

    def __str__(self) -> str:
        return str(self.id)
