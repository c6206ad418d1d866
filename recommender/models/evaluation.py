"""An evaluation: how good a placement's recommendations would have been on people's own later choices."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Catalog
from recommender.models.placement import Placement


class Evaluation(models.Model):
    """One run: the protocol by which the log was split, and the report (tables, as plain JSON) once it is done."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"))
    placement = models.ForeignKey(
        Placement, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("placement")
    )
    protocol = models.CharField(
        _("protocol"), max_length=50, help_text=_("How the log is split: time:0.9, next-item, random:0.8, …")
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    progress = models.FloatField(_("progress"), default=0.0)
    report = models.JSONField(_("report"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(progress__gte=0.0, progress__lte=1.0), name="evaluation_progress_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} #{self.pk}"
