"""Friendships: who knows whom, to look at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import ReadOnlyAdmin
from catalog.admin.shown import page_of, show_link, show_time
from profiles.models import Friendship, Profile


@admin.register(Friendship)
class FriendshipAdmin(ReadOnlyAdmin[Friendship]):
    """Friendships come from imports and the API; the latest first."""

    list_display = ("__str__", "show_first", "show_second", "catalog", "show_created")
    list_filter = (CATALOG,)
    list_select_related = ("catalog", "first", "second")
    search_fields = ("first__key__exact", "second__key__exact")
    search_help_text = _("The whole key of a profile")
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ()
    fields = ("show_first", "show_second", "catalog", "show_created")

    def get_readonly_fields(self, request: HttpRequest, obj: Friendship | None = None) -> tuple[str, ...]:
        """Show all."""
        return tuple(self.fields)

    @admin.display(description=_("profile"))
    def show_first(self, row: Friendship) -> SafeString:
        """Link to the one."""
        return _link_profile(row.first)

    @admin.display(description=_("friend"))
    def show_second(self, row: Friendship) -> SafeString:
        """Link to the other."""
        return _link_profile(row.second)

    @admin.display(description=_("created"))
    def show_created(self, row: Friendship) -> SafeString | str:
        """Show since when we know of it."""
        return show_time(row.created_at)


def _link_profile(profile: Profile) -> SafeString:
    return show_link(page_of(profile), profile.key[:80])
