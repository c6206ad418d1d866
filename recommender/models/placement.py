"""Placements: named spots on a site, with their strategies, ranking, filters and widget."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Catalog

MAX_SLATE = 1000
"""Most entries that one recommendation may be asked for."""


class Placement(models.Model):
    """A named spot on a site (``home``, ``product-page``): what a slate there is made of."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"))
    key = models.SlugField(_("key"), max_length=50)
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveSmallIntegerField(
        _("size"), default=10, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    ranker = models.CharField(_("ranking"), max_length=50, default="reciprocal_rank")
    ranker_options = models.JSONField(_("ranking options"), default=dict, blank=True)
    reranker = models.CharField(_("re-ranking"), max_length=50, default="mmr", blank=True)
    reranker_options = models.JSONField(_("re-ranking options"), default=dict, blank=True)
    diversity = models.FloatField(
        _("diversity"),
        default=0.2,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_("0: relevance alone; 1: entries as unlike each other as possible."),
    )
    filters = models.JSONField(
        _("filters"),
        default=dict,
        blank=True,
        help_text=_('Django lookups on item columns and attributes, e.g. {"attributes__year__gte": 2000}.'),
    )
    exclude_seen = models.BooleanField(_("leave out what was seen"), default=True)
    widget = models.CharField(_("widget"), max_length=50, default="grid")
    widget_options = models.JSONField(_("widget options"), default=dict, blank=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["catalog", "key"], name="placement_key_unique"),
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=100), name="placement_size_in_range"),
            models.CheckConstraint(
                condition=Q(diversity__gte=0.0, diversity__lte=1.0), name="placement_diversity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlacementStrategy(models.Model):
    """One way of generating candidates for a placement: a published shape and how to read it."""

    class Reader(models.TextChoices):
        SIMILAR_ITEMS = "similar_items", _("similar items")
        HISTORY_MATCH = "history_match", _("history match")
        NEIGHBOURS = "neighbours", _("neighbours")
        SCORES = "scores", _("scores")
        SHORTLIST = "shortlist", _("shortlist")
        FRIENDS = "friends", _("what friends like")

    placement = models.ForeignKey(
        Placement, on_delete=models.CASCADE, related_name="strategies", verbose_name=_("placement")
    )
    reader = models.CharField(_("strategy"), max_length=20, choices=Reader)
    source = models.CharField(
        _("source"),
        max_length=50,
        help_text=_("Role of an embedding space (text) or key of a learner (popular, co_visitation); friends: none."),
    )
    weight = models.FloatField(_("weight"), default=1.0, validators=[MinValueValidator(0.0)])
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement", "reader", "source"], name="strategy_unique"),
            models.CheckConstraint(condition=Q(weight__gt=0.0, weight__lte=1000.0), name="strategy_weight_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.reader}: {self.source}"
