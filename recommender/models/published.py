"""The published shapes that Postgres serves (vectors live in catalog's Embedding)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from pgvector.django import HalfVectorField

from catalog.models import EmbeddingSpace, Item
from profiles.models import Profile
from recommender.models.trained_model import TrainedModel


class ItemNeighbours(models.Model):
    """Which items follow or accompany ``item``, strongest first: parallel arrays of ids and weights.

    ``bank`` is the place, in the model's ``readings``, of the one that a history is weighed by for this row.
    """

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    bank = models.PositiveSmallIntegerField(default=0)
    neighbour_ids = ArrayField(models.BigIntegerField())
    weights = ArrayField(models.FloatField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "item", "bank"], name="neighbours_unique")]


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


class ProfileVector(models.Model):
    """A query vector that a learner computed for one profile in its space.

    ``interaction_id`` is the profile's latest interaction that it knows of: it is fresh while there is no later one.
    """

    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, db_index=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE)
    interaction_id = models.BigIntegerField()
    vector = HalfVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "profile"], name="profile_vector_unique")]


class ModelArrays(models.Model):
    """Arrays kept with a model as safetensors: those of its publication, what it did on held-out interactions case by
    case, and the checkpoint of a run under way.
    """

    class Name(models.TextChoices):
        PUBLICATION = "publication"
        CHECKPOINT = "checkpoint"
        HELD_OUT = "held_out"

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=20, choices=Name)
    data = models.BinaryField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="model_arrays_unique")]
