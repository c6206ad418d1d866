"""Placements: what a slate is made of, with a live preview of what is being edited."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import list_components
from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import ModelAdmin
from catalog.admin.shown import NOTHING, show_bar, show_words
from catalog.admin.theme import ThemedInline, button
from recommender.admin.evaluations import ask_evaluation
from recommender.admin.fitted_rankings import ask_tuning
from recommender.admin.placement_form import FAMILIES, PlacementForm, StrategyForm
from recommender.admin.preview import PreviewForm, preview_draft, preview_saved
from recommender.models import Placement, PlacementStrategy


class StrategyInline(ThemedInline[PlacementStrategy, Placement]):
    """The strategies of a placement, in a table."""

    model = PlacementStrategy
    form = StrategyForm
    extra = 0
    hide_title = True
    ordering = ("position", "id")
    verbose_name_plural = _("Strategies")


@admin.register(Placement)
class PlacementAdmin(ModelAdmin[Placement]):
    """Placements, each with the slate that it would give."""

    form = PlacementForm
    inlines = (StrategyInline,)
    list_display = ("show_name", "catalog", "size", "show_strategies", "show_diversity", "widget", "updated_at")
    list_filter = (CATALOG,)
    list_select_related = ("catalog",)
    search_fields = ("key__startswith", "name__icontains")
    ordering = ("catalog", "key")
    actions_detail = ("preview", "evaluate", "tune")
    change_form_outer_before_template = "recsite/admin/components.html"
    change_form_outer_after_template = "recsite/admin/preview_panel.html"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("name", "key"), ("catalog", "size"), "diversity", "filters", "exclude_seen")}),
        (
            _("Ranking"),
            {"fields": (("ranker", "reranker"), ("ranker_options", "reranker_options")), "classes": ("tab",)},
        ),
        (_("Widget"), {"fields": ("widget", "widget_options"), "classes": ("tab",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Placement | None = None) -> tuple[str, ...]:
        """Keep catalog and key of a placement: pages name it by them."""
        return ("catalog", "key") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the preview."""
        own = [
            path("preview/", self.admin_site.admin_view(self.preview_placements), name="preview_placements"),
            path("<int:object_id>/draft/", self.admin_site.admin_view(self.preview_draft), name="preview_draft"),
        ]
        return [*own, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add the components' options above the form and the preview below it."""
        context: dict[str, Any] = {"components": list_components(FAMILIES)}
        if object_id is not None:
            context["preview_form"] = PreviewForm(initial=request.GET.dict(), prefix="preview")
            context["draft_url"] = reverse("admin:preview_draft", args=[object_id]) if object_id.isdigit() else ""
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def prepare_rows(self, rows: list[Placement]) -> None:
        """Read the strategies of the placements on the page: one statement."""
        found: dict[int, list[str]] = {row.pk: [] for row in rows}
        for strategy in PlacementStrategy.objects.filter(placement__in=found).order_by("position", "id"):
            name = strategy.source if strategy.source != "text" else strategy.get_reader_display()
            found[strategy.placement_id].append(str(name))
        for row in rows:
            row.sources = found[row.pk]  # type: ignore[attr-defined]

    @button(description=_("Preview"), icon="visibility", permissions=("view",), primary=True)
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page of previews, at this placement."""
        return HttpResponseRedirect(f"{reverse('admin:preview_placements')}?placement={int(object_id)}")

    def has_evaluate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those evaluate who may add evaluations."""
        return bool(request.user.has_perm("recommender.add_evaluation"))

    @button(description=_("Evaluate now"), icon="query_stats", permissions=("evaluate",))
    def evaluate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the worker find out how good its recommendations would have been."""
        placement = Placement.objects.get(pk=object_id)
        return ask_evaluation(self, request, placement, protocol="time:0.9", options={})

    def has_tune_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those tune who may change placements and what serves them."""
        needed = ("recommender.change_placement", "recommender.change_fittedranking", "recommender.add_trainedmodel")
        return all(request.user.has_perm(permission) for permission in needed)

    @button(description=_("Tune"), icon="tune", permissions=("tune",))
    def tune(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the worker find what serves it best."""
        return ask_tuning(self, request, Placement.objects.get(pk=object_id))

    def preview_placements(self, request: HttpRequest) -> HttpResponse:
        """Show the slates of stored placements for a chosen profile, exactly as they would be served."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        placements = Placement.objects.select_related("catalog").order_by("catalog", "key")
        catalog = request.GET.get("catalog", "")
        choices = list((placements.filter(catalog_id=int(catalog)) if catalog.isdigit() else placements)[:200])
        form = PreviewForm(request.GET or None, placements=choices)
        panel = preview_saved(form, choices)
        context = {"title": gettext("Preview"), "form": form, "catalog": catalog, **panel}
        template = "recsite/admin/slate.html" if request.headers.get("HX-Request") else "recsite/admin/preview.html"
        return self.render_page(request, template, context)

    def preview_draft(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the slate of a placement as it stands in the form, stored or not; nothing is kept."""
        placement = Placement.objects.get(pk=object_id)
        if not self.has_change_permission(request, placement) or request.method != "POST":
            return HttpResponse(status=403)
        form = self.get_form(request, placement, change=True)(request.POST, instance=placement)
        formsets = [
            formset(data=request.POST, instance=placement, prefix="strategies")
            for formset, _inline in self.get_formsets_with_inlines(request, placement)
        ]
        panel = preview_draft(form, formsets, PreviewForm(request.POST, prefix="preview"))
        return self.render_page(request, "recsite/admin/slate.html", panel)

    @admin.display(description=_("placement"), ordering="name")
    def show_name(self, placement: Placement) -> SafeString:
        """Show name and key."""
        return format_html('<span class="rs-title">{}<small>{}</small></span>', gettext(placement.name), placement.key)

    @admin.display(description=_("strategies"))
    def show_strategies(self, placement: Placement) -> SafeString | str:
        """Show what it draws on."""
        return show_words(placement.sources) or NOTHING  # type: ignore[attr-defined]

    @admin.display(description=_("diversity"), ordering="diversity")
    def show_diversity(self, placement: Placement) -> SafeString:
        """Show the knob."""
        return show_bar(placement.diversity, f"{placement.diversity:.2f}")
