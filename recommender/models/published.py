"""The published shapes that Postgres serves (vectors live in catalog's Embedding)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F

from catalog.models import Item
from profiles.models import Profile
from recommender.models.trained_model import TrainedModel


class ItemNeighbours(models.Model):
    """Which items follow or accompany ``item``, strongest first: parallel arrays of ids and weights."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    neighbour_ids = ArrayField(models.BigIntegerField())
    weights = ArrayField(models.FloatField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "item"], name="neighbours_unique")]


class ItemScore(models.Model):
    """One number an item: popular, trending, newest, quality."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    score = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "item"], name="score_unique")]
        indexes = [models.Index("model", F("score").desc(), "item", name="score_order")]


class Shortlist(models.Model):
    """A ready list for one profile, best first, read as it is and filtered live."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, db_index=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE)
    item_ids = ArrayField(models.BigIntegerField())
    scores = ArrayField(models.FloatField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "profile"], name="shortlist_unique")]
