"""The interest: a weighted vector that sums up part of a history."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from catalog.models import EmbeddingSpace
from profiles.models.profile import Profile


class Interest(models.Model):
    """A weighted vector in a space, with keywords, summing up part of a profile's history."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, verbose_name=_("profile"), db_index=False)
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, verbose_name=_("embedding space"))
    rank = models.PositiveSmallIntegerField(_("rank"))
    weight = models.FloatField(_("weight"))
    vector = HalfVectorField()
    keywords = ArrayField(models.TextField(), verbose_name=_("keywords"), default=list)

    class Meta:
        verbose_name = _("interest")
        verbose_name_plural = _("interests")
        ordering = ["profile", "space", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["profile", "space", "rank"], name="interest_unique"),
        ]

    def __str__(self) -> str:
        return ", ".join(self.keywords)
