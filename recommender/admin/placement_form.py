"""Forms of a placement and its strategies."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import ComponentField, ComponentForm, ObjectField
from catalog.admin.theme import RowForm
from recommender.filters import FilterError, check_filters
from recommender.models import Placement, PlacementStrategy
from recommender.ranking import rankers
from recommender.readers.friends import FRIENDS
from recommender.reranking import rerankers
from recommender.widgets import widgets

FAMILIES: tuple[tuple[str | Promise, Any], ...] = (
    (_("Ranking"), rankers),
    (_("Re-ranking"), rerankers),
    (_("Widgets"), widgets),
)


class SliderInput(forms.NumberInput):
    """A slider with its number beside it."""

    input_type = "range"
    template_name = "recsite/admin/slider.html"


class PlacementForm(ComponentForm[Placement]):
    """What a placement does; its components' options and its filters are checked before they are kept."""

    ranker = ComponentField(rankers, label=_("ranking"))
    ranker_options = ObjectField(label=_("ranking options"))
    reranker = ComponentField(rerankers, label=_("re-ranking"), required=False)
    reranker_options = ObjectField(label=_("re-ranking options"))
    widget = ComponentField(widgets, label=_("widget"))
    widget_options = ObjectField(label=_("widget options"))
    filters = ObjectField(
        label=_("filters"),
        help_text=_('Django lookups on item columns and attributes, e.g. {"attributes__year__gte": 2000}.'),
    )
    diversity = forms.FloatField(
        label=_("diversity"),
        min_value=0.0,
        max_value=1.0,
        widget=SliderInput(attrs={"step": "0.05"}),
        help_text=_("0: relevance alone; 1: entries as unlike each other as possible."),
    )
    option_fields: ClassVar[Any] = {
        "ranker": "ranker_options",
        "reranker": "reranker_options",
        "widget": "widget_options",
    }

    class Meta:
        model = Placement
        fields = ("catalog", "key", "name", "size", "ranker", "ranker_options", "reranker", "reranker_options",
                  "diversity", "filters", "exclude_seen", "widget", "widget_options")  # fmt: skip

    def clean_filters(self) -> dict[str, Any]:
        """Refuse a filter that is not on the whitelist or whose value does not fit."""
        try:
            return check_filters(self.cleaned_data["filters"])
        except FilterError as error:
            raise ValidationError(
                _("%(filter)s: %(reason)s"), params={"filter": error.field, "reason": error.reason}, code="filter"
            ) from error


class StrategyForm(RowForm[PlacementStrategy]):
    """One strategy."""

    class Meta:
        model = PlacementStrategy
        fields = ("reader", "source", "weight", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].required = False

    def clean(self) -> dict[str, Any] | None:
        """Ask for a source wherever there are several; what friends like is one thing."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reader") == PlacementStrategy.Reader.FRIENDS:
            cleaned["source"] = FRIENDS
        elif "source" in cleaned and not cleaned["source"]:
            self.add_error("source", ValidationError(self.fields["source"].error_messages["required"], code="required"))
        return cleaned

    def clean_weight(self) -> float:
        """Refuse a weight that the database would."""
        weight: float = self.cleaned_data["weight"]
        if not 0.0 < weight <= 1000.0:
            raise ValidationError(_("A weight is above 0, and 1000 at most."), code="weight")
        return weight
