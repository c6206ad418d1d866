"""Evaluations: how good a placement would have been, started here and shown with tables and charts."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import MadeOnceAdmin, ModelAdmin
from catalog.admin.shown import NOTHING, page_of, show_bar, show_error, show_label, show_time
from catalog.admin.theme import button
from catalog.doorbell import NoBrokerError, ring, ring_for
from recommender.admin.evaluation_form import EvaluationForm
from recommender.admin.evaluation_report import show_report
from recommender.models import Evaluation, Placement
from recommender.services.evaluating import EvaluationError, start_evaluation
from recommender.tasks import evaluate_placement

State = Evaluation.State
TONES = {State.DONE: "good", State.RUNNING: "busy", State.FAILED: "bad"}
LIST = "admin:recommender_evaluation_changelist"


def ask_evaluation(
    page: ModelAdmin[Any], request: HttpRequest, placement: Placement, *, protocol: str, options: dict[str, Any]
) -> HttpResponse:
    """Ask whether to evaluate a placement, and on the POST have the worker begin."""

    def run() -> str:
        row = start_evaluation(placement.catalog_id, placement=placement.key, protocol=protocol, options=options)
        ring_for(evaluate_placement, row)
        return gettext("The worker has been asked to evaluate it.")

    return page.confirm(
        request,
        title=gettext("Evaluate %(placement)s") % {"placement": gettext(placement.name)},
        question=gettext(
            "Its learners are trained on the first part of the log (%(protocol)s), and it is asked what it would have "
            "recommended to people before they chose. Nothing that is served changes."
        )
        % {"protocol": protocol},
        label=gettext("Evaluate now"),
        run=run,
        back=reverse(LIST),
        refused=(EvaluationError, NoBrokerError),
    )


@admin.register(Evaluation)
class EvaluationAdmin(MadeOnceAdmin[Evaluation]):
    """Evaluations are started and read; to delete one that is running is to stop it."""

    form = EvaluationForm
    list_display = ("show_name", "catalog", "protocol", "show_state", "show_headline", "show_made")
    list_filter = (CATALOG, "state")
    list_select_related = ("catalog", "placement")
    list_defer = ("report",)
    search_fields = ("placement__key__startswith",)
    ordering = ("-id",)
    actions_detail = ("evaluate_again",)
    change_form_outer_after_template = "recommender/admin/evaluation_report.html"
    add_fieldsets: ClassVar[Any] = ((None, {"fields": (("placement", "protocol"), ("k", "cases"), "seed")}),)

    class Media:
        css: ClassVar[Any] = {"all": ("recommender/evaluations.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        """Take the one figure that lists show out of the report."""
        return super().get_queryset(request).annotate(headline=F("report__rows__0__metrics__ndcg"), k=F("report__k"))

    def get_fieldsets(self, request: HttpRequest, obj: Evaluation | None = None) -> Any:
        """Show what was asked, and how far it is."""
        if obj is None:
            return self.add_fieldsets
        problem = ("show_problem",) if obj.error else ()
        asked = ("placement", "catalog"), ("show_state", "protocol"), "show_options", ("created_at", "finished_at")
        return [(None, {"fields": (*asked, *problem)})]

    def get_urls(self) -> list[URLPattern]:
        """Add the progress of a run, which lists and pages ask for while it goes on."""
        progress = self.admin_site.admin_view(self.answer_progress)
        return [
            path("<int:evaluation_id>/progress/", progress, name="recommender_evaluation_progress"),
            *super().get_urls(),
        ]

    def answer_progress(self, request: HttpRequest, evaluation_id: int) -> HttpResponse:
        """Return the bar of a run; of one that is over, the word to load the page anew."""
        row = Evaluation.objects.filter(pk=evaluation_id).only("state", "progress").first()
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        answer = HttpResponse(show_live_progress(row))
        if row.state != State.RUNNING:
            answer["HX-Refresh"] = "true"
        return answer

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Name the page for what it does."""
        return super().add_view(request, form_url, {"title": _("Evaluate a placement"), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the report below."""
        row = self.get_object(request, object_id)
        report = show_report(row.report) if row is not None and row.report else None
        return super().change_view(request, object_id, form_url, {"report": report, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Evaluation, form: Any, change: bool) -> None:
        """Make the row as a command would, and have the worker begin."""
        if change or obj.placement is None:
            return
        row = start_evaluation(
            obj.placement.catalog_id, placement=obj.placement.key, protocol=obj.protocol, options=form.options
        )
        obj.pk = row.pk
        transaction.on_commit(partial(self._ring, request, row))

    def response_add(self, request: HttpRequest, obj: Evaluation, post_url_continue: Any = None) -> HttpResponse:
        """Go to its page, where its progress shows."""
        return HttpResponseRedirect(page_of(obj))

    def _ring(self, request: HttpRequest, row: Evaluation) -> None:
        """Tell the worker; where none can be told, the row says so, as no periodic task takes it up."""
        try:
            ring(evaluate_placement, row.pk)
        except NoBrokerError as error:
            Evaluation.objects.filter(pk=row.pk).update(state=State.FAILED, error=str(error))
        else:
            self.message_user(request, gettext("The worker has been asked to evaluate it."))

    @button(description=_("Evaluate again"), icon="replay", permissions=("add",))
    def evaluate_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Evaluate the same placement in the same way, on the log as it is now."""
        row = Evaluation.objects.select_related("placement").defer("report").get(pk=object_id)
        if row.placement is None:
            raise Http404
        return ask_evaluation(self, request, row.placement, protocol=row.protocol, options=row.options)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer a second run while there is the placement."""
        there = Evaluation.objects.filter(pk=object_id, placement__isnull=False).exists()
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return buttons if there else []

    @admin.display(description=_("placement"), ordering="placement")
    def show_name(self, row: Evaluation) -> SafeString | str:
        """Show the placement's name and the number."""
        name = gettext(row.placement.name) if row.placement else NOTHING
        return format_html('<span class="rs-title">{}<small>#{}</small></span>', name, row.pk)

    @admin.display(description=_("state"), ordering="state")
    def show_state(self, row: Evaluation) -> SafeString:
        """Show the state, with the progress of a run under way."""
        label = show_label(row.get_state_display(), TONES.get(State(row.state), "plain"))
        return format_html("{} {}", label, show_live_progress(row)) if row.state == State.RUNNING else label

    @admin.display(description=_("NDCG"))
    def show_headline(self, row: Evaluation) -> SafeString | str:
        """Show the placement's figure with its interval."""
        figure: Any = row.headline  # type: ignore[attr-defined]
        if not figure:
            return NOTHING
        return format_html(
            '<span class="rs-measured">{} <small>{}</small></span>',
            f"{figure['mean']:.4f}",
            f"({figure['low']:.4f} – {figure['high']:.4f}) @{row.k}",  # type: ignore[attr-defined]
        )

    @admin.display(description=_("created"), ordering="created_at")
    def show_made(self, row: Evaluation) -> SafeString | str:
        """Show how long ago it was asked for."""
        return show_time(row.created_at)

    @admin.display(description=_("options"))
    def show_options(self, row: Evaluation) -> str:
        """Show how it is run."""
        wanted = gettext("lists of %(k)s, %(cases)s cases at most, seed %(seed)s")
        return wanted % {name: row.options.get(name, "?") for name in ("k", "cases", "seed")}

    @admin.display(description=_("error"))
    def show_problem(self, row: Evaluation) -> SafeString | str:
        """Show why it failed."""
        return show_error(row.error)


def show_live_progress(row: Evaluation) -> SafeString | str:
    """Return how far a run has come, which asks for itself again every two seconds; nothing for one that is over."""
    if row.state != State.RUNNING:
        return NOTHING
    return format_html(
        '<div class="rs-live" hx-get="{}" hx-trigger="every 2s" hx-swap="outerHTML">{}</div>',
        reverse("admin:recommender_evaluation_progress", args=[row.pk]),
        show_bar(row.progress, gettext("waits for a worker") if not row.progress else ""),
    )
