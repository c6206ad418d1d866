"""Profiles: whom we recommend to, with history, interests and aliases."""

from typing import Any, ClassVar
from urllib.parse import quote

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.filters import CATALOG, ChoicesFilter
from catalog.admin.model_admin import ReadOnlyAdmin, once
from catalog.admin.shown import NOTHING, page_of, show_bar, show_facts, show_link, show_table, show_time, show_words
from catalog.models import Item
from profiles.models import Friendship, Interaction, Interest, Profile, ProfileGroup

HISTORY = 50
ALIASES = 50
FRIENDS = 50


class AliasFilter(ChoicesFilter):
    """Whether a profile was merged into another."""

    title = _("alias")
    parameter_name = "alias"
    options = (("no", _("profiles")), ("yes", _("merged aliases")))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep aliases, or all others."""
        return queryset.filter(merged_into__isnull=self.value() == "no") if self.value() else queryset


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin[Profile]):
    """Profiles come from imports and the API; here they are looked at."""

    list_display = ("show_key", "catalog", "show_merged", "show_seen", "show_refreshed")
    list_filter = (CATALOG, AliasFilter)
    list_defer = ("attributes",)
    list_select_related = ("catalog", "merged_into")
    search_fields = ("key__startswith",)
    search_help_text = _("The beginning of a key")
    ordering = ("-id",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("key", "catalog"), ("show_seen", "show_refreshed"), "show_merged", "show_links")}),
        (_("Interests"), {"fields": ("show_interests",), "classes": ("tab",)}),
        (_("History"), {"fields": ("show_history",), "classes": ("tab",)}),
        (_("Friends"), {"fields": ("show_friends", "show_groups"), "classes": ("tab",)}),
        (_("Aliases"), {"fields": ("show_aliases",), "classes": ("tab",)}),
        (_("Attributes"), {"fields": ("show_attributes",), "classes": ("tab",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Profile | None = None) -> tuple[str, ...]:
        """Show what the fieldsets name."""
        shown = ("show_seen", "show_refreshed", "show_merged", "show_links", "show_interests")
        return (
            "key",
            "catalog",
            *shown,
            "show_history",
            "show_friends",
            "show_groups",
            "show_aliases",
            "show_attributes",
        )

    @admin.display(description=_("key"), ordering="key")
    def show_key(self, profile: Profile) -> str:
        """Show the key, shortened where it is long."""
        return profile.key if len(profile.key) <= 80 else f"{profile.key[:79]}…"

    @admin.display(description=_("merged into"))
    def show_merged(self, profile: Profile) -> SafeString | str:
        """Link to the profile that this one is an alias of."""
        return show_link(page_of(profile.merged_into), profile.merged_into) if profile.merged_into else NOTHING

    @admin.display(description=_("last seen"), ordering="last_seen_at")
    def show_seen(self, profile: Profile) -> SafeString | str:
        """Show how long ago the profile did something."""
        return show_time(profile.last_seen_at)

    @admin.display(description=_("interests refreshed"), ordering="interests_refreshed_at")
    def show_refreshed(self, profile: Profile) -> SafeString | str:
        """Show how long ago its interests were summed up."""
        return show_time(profile.interests_refreshed_at)

    @admin.display(description=_("recommendations for this profile"))
    def show_links(self, profile: Profile) -> SafeString | str:
        """Link to the previews of the catalog's placements, and to what was served."""
        preview = f"{reverse('admin:preview_placements')}?catalog={profile.catalog_id}&profile={quote(profile.key)}"
        served = f"{reverse('admin:recommender_recommendation_changelist')}?profile__id__exact={profile.pk}"
        return format_html(
            "{} · {}", show_link(preview, _("Preview the placements")), show_link(served, _("What was served"))
        )

    @admin.display(description=_("strongest first"))
    @once
    def show_interests(self, profile: Profile) -> SafeString | str:
        """Show the interests in the active text space, with keywords and weights."""
        rows = Interest.objects.filter(profile=profile, space__role="text", space__state="active").defer("vector")
        found = list(rows.order_by("rank"))
        if not found:
            return gettext("None yet: the history speaks for itself until the worker has summed it up.")
        total = sum(interest.weight for interest in found) or 1.0
        return show_table(
            (show_bar(interest.weight / total), show_words(interest.keywords, limit=12)) for interest in found
        )

    @admin.display(description=_("the latest"))
    @once
    def show_history(self, profile: Profile) -> SafeString | str:
        """Show the latest interactions with times, kinds and items."""
        rows = Interaction.objects.of_profile(profile.pk).select_related("item")
        found = list(
            rows.only("kind", "value", "occurred_at", "query_text", "profile", "item__title", "item__key")[:HISTORY]
        )
        if not found:
            return NOTHING
        lines = (
            (show_time(row.occurred_at), row.kind, "" if row.value is None else f"{row.value:g}", show_object(row))
            for row in found
        )
        return show_table(lines, head=(_("time"), _("kind"), _("value"), _("item")))

    @admin.display(description=_("the latest"))
    @once
    def show_friends(self, profile: Profile) -> SafeString | str:
        """Link to the friends."""
        rows = Friendship.objects.of_profile(profile.pk).select_related("first", "second").order_by("-id")[:FRIENDS]
        friends = (row.second if row.first_id == profile.pk else row.first for row in rows)
        links = format_html_join(", ", "{}", ((show_link(page_of(friend), friend.key),) for friend in friends))
        return links or NOTHING

    @admin.display(description=_("groups of people"))
    @once
    def show_groups(self, profile: Profile) -> SafeString | str:
        """Link to the groups that it is a member of."""
        rows = ProfileGroup.objects.filter(members=profile).order_by("key")[:FRIENDS]
        return format_html_join(", ", "{}", ((show_link(page_of(row), row),) for row in rows)) or NOTHING

    @admin.display(description=_("merged into this profile"))
    @once
    def show_aliases(self, profile: Profile) -> SafeString | str:
        """Link to the aliases."""
        found = Profile.objects.filter(merged_into=profile).only("key").order_by("-id")[:ALIASES]
        links = format_html_join(", ", "{}", ((show_link(page_of(alias), alias.key),) for alias in found))
        return links or NOTHING

    @admin.display(description=_("attributes"))
    def show_attributes(self, profile: Profile) -> SafeString | str:
        """Show the attributes as a table."""
        return show_facts(profile.attributes)


def show_object(row: Interaction) -> SafeString | str:
    """Link to the item of an interaction, or show what was searched for."""
    if row.item is None:
        return f"“{row.query_text}”"
    return show_link(page_of(Item(pk=row.item_id)), row.item.title[:200] or row.item.key)
