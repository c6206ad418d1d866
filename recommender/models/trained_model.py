"""A trained model: what one run of a learner published, and its state."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Catalog, EmbeddingSpace


class TrainedModel(models.Model):
    """One run of a learner. A new version is a new row set beside the old: compare, promote, roll back."""

    class State(models.TextChoices):
        TRAINING = "training", _("training")
        CANDIDATE = "candidate", _("candidate")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Shape(models.TextChoices):
        VECTORS = "vectors", _("vectors")
        NEIGHBOURS = "neighbours", _("neighbours")
        SCORES = "scores", _("scores")
        SHORTLISTS = "shortlists", _("shortlists")

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"))
    learner = models.CharField(_("learner"), max_length=50)
    shape = models.CharField(_("shape"), max_length=20, choices=Shape)
    options = models.JSONField(_("options"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.TRAINING)
    space = models.ForeignKey(
        EmbeddingSpace, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("embedding space")
    )
    readings = models.JSONField(
        _("readings"), default=list, blank=True, help_text=_("How a history is weighed by steps, one entry a bank.")
    )
    progress = models.FloatField(_("progress"), default=0.0)
    promote_when_trained = models.BooleanField(_("promote when it is done"), default=False)
    measure = models.BooleanField(_("measure on held-out interactions"), default=False)
    attempts = models.PositiveSmallIntegerField(
        _("attempts"), default=0, help_text=_("How often a worker has begun it: more than once where one died.")
    )
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    metrics = models.JSONField(_("metrics"), default=dict)
    error = models.TextField(_("error"), blank=True)
    trained_until = models.DateTimeField(_("trained until"), null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    promoted_at = models.DateTimeField(_("promoted"), null=True)

    class Meta:
        verbose_name = _("trained model")
        verbose_name_plural = _("trained models")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "learner"], condition=Q(state="active"), name="model_one_active_a_learner"
            ),
            models.CheckConstraint(condition=Q(progress__gte=0.0, progress__lte=1.0), name="model_progress_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.learner} #{self.pk}"
