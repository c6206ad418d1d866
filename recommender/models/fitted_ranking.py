"""A fitted ranking: what a learned ranker found out for one placement."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from recommender.models.placement import Placement


class FittedRanking(models.Model):
    """The small model of a ranker that is fitted to a placement's strategies, as safetensors.

    ``sources`` are the names of the strategies in the order of the model's inputs. One is active a placement; the next
    is fitted beside it, compared, promoted, and can be rolled back.
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    placement = models.ForeignKey(
        Placement, on_delete=models.CASCADE, related_name="fitted_rankings", verbose_name=_("placement")
    )
    ranker = models.CharField(_("ranking"), max_length=50)
    sources = models.JSONField(_("sources"), default=list)
    data = models.BinaryField(_("model"))
    metrics = models.JSONField(_("metrics"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CANDIDATE)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    promoted_at = models.DateTimeField(_("promoted"), null=True)

    class Meta:
        verbose_name = _("fitted ranking")
        verbose_name_plural = _("fitted rankings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement"], condition=Q(state="active"), name="fitted_ranking_one_active_a_placement"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ranker} #{self.pk}"
