"""The live preview: the slate of a placement, stored or being edited, for whomever the editor chooses."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import DatabaseError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.theme import NumberInput, Select, TextInput
from recommender.models import Placement
from recommender.models.placement import MAX_SLATE
from recommender.records import Plan, Slate
from recommender.selectors import QueryError, load_plan
from recommender.services.recommendations import recommend, recommend_by_plan

Panel = dict[str, Any]
STAGES = {"candidates": _("candidates"), "ranking": _("ranking"), "reranking": _("re-ranking")}


class PreviewForm(forms.Form):
    """Whom and what the preview is for."""

    placement = forms.ChoiceField(label=_("placement"), required=False, widget=Select())
    profile = forms.CharField(
        label=_("profile"), required=False, widget=TextInput(attrs={"placeholder": _("key; empty: a stranger")})
    )
    item = forms.CharField(
        label=_("item on the page"), required=False, widget=TextInput(attrs={"placeholder": _("key; empty: none")})
    )
    n = forms.IntegerField(label=_("entries"), required=False, min_value=1, max_value=MAX_SLATE, widget=NumberInput())
    diversity = forms.FloatField(
        label=_("diversity"),
        required=False,
        min_value=0.0,
        max_value=1.0,
        widget=NumberInput(attrs={"step": "0.05", "min": "0", "max": "1", "placeholder": _("as set")}),
    )

    def __init__(self, *args: Any, placements: Sequence[Placement] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if placements:
            self.fields["placement"].choices = [  # type: ignore[attr-defined]
                (str(row.pk), f"{gettext(row.name)} ({row.catalog.key} / {row.key})") for row in placements
            ]
        else:
            del self.fields["placement"]

    def read_query(self) -> dict[str, Any]:
        """Return the chosen values as arguments of the services; empty means none."""
        chosen = self.cleaned_data
        return {
            "user_id": chosen["profile"] or None,
            "item": chosen["item"] or None,
            "n": chosen["n"],
            "diversity": chosen["diversity"],
        }


def preview_saved(form: PreviewForm, placements: Sequence[Placement]) -> Panel:
    """Return the slate of a stored placement, through the same door as the API."""
    if not placements:
        return {"problem": gettext("There is no placement yet.")}
    if form.is_bound and not form.is_valid():
        return {"problem": _first_error(form)}
    chosen = form.cleaned_data.get("placement") if form.is_bound else ""
    placement = next((row for row in placements if str(row.pk) == chosen), placements[0])
    query = form.read_query() if form.is_bound else {"user_id": None, "item": None, "n": None, "diversity": None}
    try:
        return _show(recommend(placement.catalog_id, placement=placement.key, log=False, **query))
    except QueryError as error:
        return {"problem": str(error)}


def preview_draft(form: Any, formsets: Sequence[Any], query_form: PreviewForm) -> Panel:
    """Return the slate of a placement as it stands in its form.

    It is stored, resolved as the stored ones are, and rolled back: what the preview shows is what would be served.
    """
    for part in (query_form, form, *formsets):
        if not part.is_valid():
            return {"problem": _first_error(part), "draft": True}
    query = query_form.read_query()
    try:
        with transaction.atomic():
            placement = form.save()
            for formset in formsets:
                formset.save()
            plan: Plan = load_plan(placement.catalog_id, placement.key)
            transaction.set_rollback(True)
        return {**_show(recommend_by_plan(plan, **query)), "draft": True}
    except QueryError as error:
        return {"problem": str(error), "draft": True}
    except DatabaseError as error:
        return {"problem": str(error).splitlines()[0], "draft": True}


def _show(slate: Slate) -> Panel:
    best = max((entry.score for entry in slate.entries), default=0.0) or 1.0
    entries = [{"entry": entry, "share": 100.0 * max(entry.score, 0.0) / best} for entry in slate.entries]
    timings = [(STAGES.get(stage, stage), milliseconds) for stage, milliseconds in slate.timings.items()]
    return {"slate": slate, "entries": entries, "timings": timings}


def _first_error(part: Any) -> str:
    """Return the first error of a form or a formset, with the field that it is about."""
    checked = [part] if isinstance(part.errors, dict) else list(part.forms)
    for form in checked:
        for name, errors in form.errors.items():
            label = form.fields[name].label if name in form.fields else ""
            return f"{label}: {errors[0]}" if label else str(errors[0])
    return " ".join(part.non_form_errors()) if hasattr(part, "non_form_errors") else ""
