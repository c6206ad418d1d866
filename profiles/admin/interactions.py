"""Interactions: the log of what people did, to look at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.filters import CATALOG, KindFilter
from catalog.admin.model_admin import ReadOnlyAdmin
from catalog.admin.shown import page_of, show_json, show_link, show_time
from profiles.admin.profiles import show_object
from profiles.models import Interaction


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyAdmin[Interaction]):
    """Read-only, latest written first: the order of the primary key, which needs no sorting."""

    list_display = ("show_time", "kind", "show_value", "show_profile", "show_item", "show_recorded")
    list_filter = (CATALOG, KindFilter)
    list_defer = ("context",)
    list_select_related = ("profile", "item")
    search_fields = ("profile__key__exact",)
    search_help_text = _("The whole key of a profile")
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ()
    fields = ("show_time", "recorded_at", "kind", "value", "show_profile", "show_item", "query_text", "key",
              "recommendation_id", "position", "show_context")  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Interaction | None = None) -> tuple[str, ...]:
        """Show all."""
        return tuple(self.fields)

    @admin.display(description=_("time"))
    def show_time(self, row: Interaction) -> SafeString | str:
        """Show when it happened."""
        return show_time(row.occurred_at)

    @admin.display(description=_("recorded"))
    def show_recorded(self, row: Interaction) -> SafeString | str:
        """Show when we learned of it."""
        return show_time(row.recorded_at)

    @admin.display(description=_("value"))
    def show_value(self, row: Interaction) -> str:
        """Show the value."""
        return "" if row.value is None else f"{row.value:g}"

    @admin.display(description=_("profile"))
    def show_profile(self, row: Interaction) -> SafeString:
        """Link to the profile."""
        return show_link(page_of(row.profile), row.profile.key[:80])

    @admin.display(description=_("item or query"))
    def show_item(self, row: Interaction) -> SafeString | str:
        """Link to the item, or show what was searched for."""
        return show_object(row)

    @admin.display(description=_("context"))
    def show_context(self, row: Interaction) -> SafeString | str:
        """Show what the client sent along."""
        return show_json(row.context)
