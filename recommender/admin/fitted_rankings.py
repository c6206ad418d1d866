"""Fitted rankings: how the strategies of a placement are weighed, how good that is, and which one serves."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.model_admin import MadeOnceAdmin, ModelAdmin
from catalog.admin.shown import NOTHING, page_of, show_facts, show_label, show_link, show_table, show_time, show_words
from catalog.admin.theme import button
from catalog.doorbell import NoBrokerError, ring_for
from recommender.models import FittedRanking, Placement
from recommender.services.fitted_rankings import (
    FittedRankingError,
    promote_fitted_ranking,
    roll_back_fitted_ranking,
)
from recommender.services.promotion import PromotionError
from recommender.services.training_locks import TrainingUnderWayError
from recommender.services.tuning_cases import TuningError
from recommender.services.tuning_runs import start_tuning
from recommender.tasks import tune_placement

State = FittedRanking.State
TONES = {State.ACTIVE: "good", State.CANDIDATE: "plain"}
STEPS = {State.ACTIVE: {"roll_back"}, State.RETIRED: {"promote"}, State.CANDIDATE: {"promote"}}
EVALUATIONS = "admin:recommender_evaluation_changelist"


def ask_tuning(page: ModelAdmin[Any], request: HttpRequest, placement: Placement) -> HttpResponse:
    """Ask whether to tune a placement, and on the POST have the worker begin."""

    def run() -> str:
        row = start_tuning(placement.catalog_id, placement=placement.key)
        ring_for(tune_placement, row)
        return gettext("The worker has been asked to tune it.")

    return page.confirm(
        request,
        title=gettext("Tune %(placement)s") % {"placement": gettext(placement.name)},
        question=gettext(
            "Learners are tried on what half of the people chose, and what serves them best together is measured on "
            "the other half. It then takes the place of the strategies and the ranking, unless it is worse; one click "
            "goes back. This takes some minutes."
        ),
        label=gettext("Tune"),
        run=run,
        back=reverse(EVALUATIONS),
        refused=(TuningError, TrainingUnderWayError, NoBrokerError),
    )


@admin.register(FittedRanking)
class FittedRankingAdmin(MadeOnceAdmin[FittedRanking]):
    """Rankings are fitted, promoted and rolled back; never edited."""

    list_display = ("show_name", "show_placement", "show_state", "show_headline", "show_sources", "show_made")
    list_filter = ("state",)
    list_select_related = ("placement",)
    list_defer = ("data",)
    search_fields = ("placement__key__startswith",)
    ordering = ("-id",)
    actions_detail = ("promote", "roll_back")

    def get_fieldsets(self, request: HttpRequest, obj: FittedRanking | None = None) -> Any:
        """Show what it weighs, how good it is, and what stood before it."""
        return [
            (None, {"fields": (("show_placement", "show_state"), ("show_ranker", "show_sources"))}),
            (_("On people whom nothing was chosen by"), {"fields": ("show_figures",)}),
            (_("What it is made of"), {"fields": ("show_members", "show_before", ("created_at", "promoted_at"))}),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A placement's own page starts its tuning."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FittedRanking | None = None) -> bool:
        """Leave the clearing up to the tunings."""
        return False

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the state allows."""
        state = FittedRanking.objects.filter(pk=object_id).values_list("state", flat=True).first()
        fitting = STEPS[State(state)] if state else set()
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return [entry for entry in buttons if entry.path in fitting]

    @button(description=_("Promote"), icon="rocket_launch", primary=True)
    def promote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put a ranking live with its strategies."""
        fitted = self._find(object_id)

        def run() -> str:
            return gettext("%(ranking)s is active.") % {"ranking": promote_fitted_ranking(fitted.pk)}

        return self.confirm(
            request,
            title=gettext("Promote %(ranking)s") % {"ranking": fitted},
            question=gettext(
                "The placement's strategies and ranking become those that it was fitted to, at once; what is there now "
                "is kept to go back to."
            ),
            label=gettext("Promote"),
            run=run,
            back=page_of(fitted),
            refused=(FittedRankingError, PromotionError),
        )

    @button(description=_("Roll back"), icon="undo")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make the placement what it was before."""
        fitted = self._find(object_id)

        def run() -> str:
            previous = roll_back_fitted_ranking(fitted.pk)
            if previous is None:
                return gettext("The strategies and the ranking are those of before.")
            return gettext("%(ranking)s is active.") % {"ranking": previous}

        return self.confirm(
            request,
            title=gettext("Roll back %(ranking)s") % {"ranking": fitted},
            question=gettext("Make the placement's strategies and ranking, and the models' options, those of before?"),
            label=gettext("Roll back"),
            run=run,
            back=page_of(fitted),
            refused=(FittedRankingError, PromotionError),
        )

    def _find(self, object_id: str) -> FittedRanking:
        return FittedRanking.objects.defer("data").get(pk=object_id)

    @admin.display(description=_("fitted ranking"), ordering="id")
    def show_name(self, fitted: FittedRanking) -> str:
        """Show ranker and number."""
        return str(fitted)

    @admin.display(description=_("placement"), ordering="placement")
    def show_placement(self, fitted: FittedRanking) -> SafeString:
        """Link to the placement."""
        return show_link(page_of(fitted.placement), gettext(fitted.placement.name))

    @admin.display(description=_("state"), ordering="state")
    def show_state(self, fitted: FittedRanking) -> SafeString:
        """Show the state."""
        return show_label(fitted.get_state_display(), TONES.get(State(fitted.state), "plain"))

    @admin.display(description=_("ranking"))
    def show_ranker(self, fitted: FittedRanking) -> str:
        """Show how the strategies are put together."""
        return str(fitted.ranker)

    @admin.display(description=_("NDCG"))
    def show_headline(self, fitted: FittedRanking) -> SafeString | str:
        """Show the figure on people whom nothing was chosen by."""
        report = fitted.metrics.get("report")
        if not report:
            return NOTHING
        return format_html("{} <small>@{}</small>", _show_metric(report["rows"][0], "ndcg"), report["k"])

    @admin.display(description=_("sources"))
    def show_sources(self, fitted: FittedRanking) -> SafeString | str:
        """Show the strategies that it weighs."""
        return show_words(fitted.sources) or NOTHING

    @admin.display(description=_("created"), ordering="created_at")
    def show_made(self, fitted: FittedRanking) -> SafeString | str:
        """Show how long ago it was fitted."""
        return show_time(fitted.created_at)

    @admin.display(description=_("figures"))
    def show_figures(self, fitted: FittedRanking) -> SafeString | str:
        """Show it beside the placement as it was and each strategy alone."""
        report = fitted.metrics.get("report")
        if not report:
            return NOTHING
        first, *others = report["rows"]
        rows = [first, *sorted(others, key=lambda row: -row["metrics"]["ndcg"]["mean"])]
        cells = [
            [row["name"], _show_metric(row, "ndcg"), _show_metric(row, "hr"), *_show_difference(row)] for row in rows
        ]
        k = report["k"]
        head = [
            "",
            f"{gettext('NDCG')}@{k}",
            f"{gettext('hit rate')}@{k}",
            gettext("difference"),
            gettext("corrected p"),
        ]
        note = gettext("%(cases)s people, protocol %(protocol)s, all items ranked; in brackets 95 %% intervals.")
        told = note % {"cases": f"{report['cases']:,}", "protocol": report["protocol"]}
        return format_html('{}<p class="rs-note">{}</p>', show_table(cells, head=head), told)

    @admin.display(description=_("learners"))
    def show_members(self, fitted: FittedRanking) -> SafeString | str:
        """Show the options that were found."""
        models = (fitted.metrics.get("arrangement") or {}).get("models", {})
        return show_facts(models)

    @admin.display(description=_("before it"))
    def show_before(self, fitted: FittedRanking) -> SafeString | str:
        """Show what a roll back leads to."""
        before = fitted.metrics.get("before")
        if not before:
            return NOTHING
        strategies = ", ".join(f"{row['source']} × {row['weight']:g}" for row in before["strategies"])
        return f"{before['ranker']}: {strategies}"


def _show_metric(row: dict[str, Any], name: str) -> SafeString:
    each = row["metrics"][name]
    interval = f"({each['low']:.4f} – {each['high']:.4f})"
    return format_html('<span class="rs-measured">{} <small>{}</small></span>', f"{each['mean']:.4f}", interval)


def _show_difference(row: dict[str, Any]) -> list[str]:
    against = row.get("difference")
    if against is None:
        return [NOTHING, NOTHING]
    return [f"{against['mean']:+.4f}".replace("-", "\N{MINUS SIGN}"), f"{against['p_holm']:.4f}"]
