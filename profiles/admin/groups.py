"""Groups of people: made and changed by editors as by the API."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import TidyForm
from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import ModelAdmin
from profiles.models import ProfileGroup
from profiles.models.group import MAX_MEMBERS


class GroupForm(TidyForm[ProfileGroup]):
    """A group; its members are people of its catalog."""

    class Meta:
        model = ProfileGroup
        fields = ("catalog", "key", "name", "members")

    def clean(self) -> dict[str, Any] | None:
        """Refuse members of another catalog, and more than a slate can be made for; follow aliases."""
        cleaned = super().clean() or self.cleaned_data
        catalog_id = self.instance.catalog_id or getattr(cleaned.get("catalog"), "pk", None)
        if "members" not in cleaned or catalog_id is None:
            return cleaned
        chosen = cleaned["members"].select_related("merged_into")
        members = {profile.pk: profile for profile in (row.merged_into or row for row in chosen)}
        strangers = sorted(profile.key for profile in members.values() if profile.catalog_id != catalog_id)
        if strangers:
            message = _("“%(key)s” is no profile of this catalog.")
            self.add_error("members", ValidationError(message, params={"key": strangers[0]}, code="catalog"))
        elif len(members) > MAX_MEMBERS:
            message = _("A group has %(most)d members at most.")
            self.add_error("members", ValidationError(message, params={"most": MAX_MEMBERS}, code="members"))
        else:
            cleaned["members"] = list(members.values())
        return cleaned


@admin.register(ProfileGroup)
class ProfileGroupAdmin(ModelAdmin[ProfileGroup]):
    """Groups with their members, completed as one types."""

    form = GroupForm
    list_display = ("key", "name", "catalog", "show_members", "updated_at")
    list_filter = (CATALOG,)
    list_select_related = ("catalog",)
    search_fields = ("key__startswith", "name__icontains")
    ordering = ("catalog", "key")
    fields: ClassVar[Any] = (("key", "catalog"), "name", "members")

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Complete members too."""
        return [*super().get_autocomplete_fields(request), "members"]

    def get_readonly_fields(self, request: HttpRequest, obj: ProfileGroup | None = None) -> tuple[str, ...]:
        """Keep catalog and key of a group: pages name it by them."""
        return ("catalog", "key") if obj else ()

    def prepare_rows(self, rows: list[ProfileGroup]) -> None:
        """Count the members of the groups on the page: one statement."""
        counted = ProfileGroup.objects.filter(pk__in=[row.pk for row in rows]).annotate(size=Count("members"))
        sizes = dict(counted.order_by().values_list("pk", "size"))
        for row in rows:
            row.size = sizes.get(row.pk, 0)  # type: ignore[attr-defined]

    @admin.display(description=_("members"))
    def show_members(self, row: ProfileGroup) -> int:
        """Show how many there are."""
        size: int = row.size  # type: ignore[attr-defined]
        return size
