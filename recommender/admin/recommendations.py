"""The log of recommendations: what was served, to whom, from which sources."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import ReadOnlyAdmin, once
from catalog.admin.shown import NOTHING, page_of, show_link, show_table, show_time, show_words
from catalog.admin.theme import ThemedRelatedFilter
from catalog.models import Item
from recommender.models import Recommendation

FIRST = 3


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin[Recommendation]):
    """Read-only, latest first."""

    list_display = ("show_time", "show_placement", "show_profile", "show_items", "show_count", "show_duration")
    list_filter = (CATALOG, ("placement", ThemedRelatedFilter), ("profile", ThemedRelatedFilter))
    list_defer = ("scores",)
    list_select_related = ("placement", "profile")
    ordering = ("-created_at",)
    sortable_by: ClassVar[Any] = ()
    fields = ("id", "show_time", "catalog", "placement", "show_profile", "requested", "show_duration", "show_slate")

    def get_readonly_fields(self, request: HttpRequest, obj: Recommendation | None = None) -> tuple[str, ...]:
        """Show all."""
        return tuple(self.fields)

    def prepare_rows(self, rows: list[Recommendation]) -> None:
        """Read the titles of what the page shows: one statement."""
        titles = _read_titles({item_id for row in rows for item_id in row.item_ids[:FIRST]})
        for row in rows:
            row.titles = [titles.get(item_id, f"#{item_id}") for item_id in row.item_ids[:FIRST]]  # type: ignore[attr-defined]

    @admin.display(description=_("time"))
    def show_time(self, row: Recommendation) -> SafeString | str:
        """Show when it was served."""
        return show_time(row.created_at)

    @admin.display(description=_("placement"))
    def show_placement(self, row: Recommendation) -> str:
        """Show the placement's name in the reader's language."""
        return gettext(row.placement.name) if row.placement else NOTHING

    @admin.display(description=_("profile"))
    def show_profile(self, row: Recommendation) -> SafeString | str:
        """Link to the profile."""
        return show_link(page_of(row.profile), row.profile.key[:80]) if row.profile else str(_("unknown"))

    @admin.display(description=_("first items"))
    def show_items(self, row: Recommendation) -> SafeString | str:
        """Show the titles at the top of the slate."""
        titles: list[str] = row.titles  # type: ignore[attr-defined]
        return format_html_join("; ", "{}", ((title[:60],) for title in titles)) or NOTHING

    @admin.display(description=_("entries"))
    def show_count(self, row: Recommendation) -> str:
        """Show how many items were served."""
        return str(len(row.item_ids))

    @admin.display(description=_("duration"))
    def show_duration(self, row: Recommendation) -> str:
        """Show how long it took."""
        return NOTHING if row.milliseconds is None else f"{row.milliseconds:.1f} ms"

    @admin.display(description=_("slate"))
    @once
    def show_slate(self, row: Recommendation) -> SafeString | str:
        """Show every entry with its title, sources and score."""
        titles = _read_titles(set(row.item_ids))
        served = zip(row.item_ids, row.sources, row.scores, strict=True)
        lines = (
            (
                position,
                show_link(page_of(Item(pk=item_id)), titles[item_id]) if item_id in titles else f"#{item_id}",
                show_words(sources.split("+")),
                f"{score:.4f}",
            )
            for position, (item_id, sources, score) in enumerate(served)
        )
        return show_table(lines, head=(_("position"), _("title"), _("sources"), _("score")))


def _read_titles(item_ids: set[int]) -> dict[int, str]:
    rows = Item.objects.filter(pk__in=item_ids).values_list("pk", "title", "key")
    return {pk: title or key for pk, title, key in rows}
