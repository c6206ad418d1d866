"""The form of an evaluation: of which placement, on which part of its log."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.admin.theme import NumberInput, RowForm
from recommender.models import Evaluation
from recommender.services.evaluating import EvaluationError, EvaluationOptions, check_evaluation

_DEFAULTS = EvaluationOptions()


class EvaluationForm(RowForm[Evaluation]):
    """What is to be evaluated; the worker does it."""

    k = forms.IntegerField(
        label=_("Length of the lists"), min_value=1, max_value=100, initial=_DEFAULTS.k, widget=NumberInput()
    )
    cases = forms.IntegerField(
        label=_("Most cases"),
        min_value=1,
        initial=_DEFAULTS.cases,
        widget=NumberInput(),
        help_text=_("People who are asked for, drawn at random where there are more."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        initial=_DEFAULTS.seed,
        widget=NumberInput(),
        help_text=_("The same seed on the same log gives the same figures."),
    )

    class Meta:
        model = Evaluation
        fields = ("placement", "protocol")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "placement" in self.fields:
            self.fields["placement"].required = True
        if "protocol" in self.fields:
            self.fields["protocol"].initial = self.initial.setdefault("protocol", "time:0.9")

    @property
    def options(self) -> dict[str, Any]:
        """The options as the service takes them."""
        return {name: self.cleaned_data[name] for name in _OPTIONS if self.cleaned_data.get(name) is not None}

    def clean(self) -> dict[str, Any]:
        """Refuse what could not be started."""
        cleaned = super().clean() or self.cleaned_data
        placement = cleaned.get("placement")
        if placement is not None and "protocol" in cleaned:
            try:
                check_evaluation(
                    placement.catalog_id,
                    placement=placement.key,
                    protocol=cleaned["protocol"],
                    options=self.options,
                )
            except EvaluationError as error:
                self.add_error(error.field if error.field in self.fields else None, str(error))
        return cleaned


_OPTIONS = ("k", "cases", "seed")
