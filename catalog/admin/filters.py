"""Filters of lists that cost the same on a table of any size: nothing is listed that grows."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.admin.theme import ThemedRelatedFilter, ThemedTextFilter
from catalog.models import Embedding

CATALOG = ("catalog", ThemedRelatedFilter)
"""The catalog, completed as one types."""


class KindFilter(ThemedTextFilter):
    """The kind, typed: to list the kinds there are would read the whole table."""

    title = _("kind")
    parameter_name = "kind"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one kind."""
        value = (self.value() or "").strip()
        return queryset.filter(kind=value) if value else queryset


class CategoryFilter(ThemedTextFilter):
    """One category, typed whole: its index finds it."""

    title = _("category")
    parameter_name = "category"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the items of one category."""
        value = (self.value() or "").strip()
        return queryset.filter(categories__contains=[value]) if value else queryset


class ChoicesFilter(admin.SimpleListFilter):
    """A filter of fixed choices."""

    options: tuple[tuple[str, Any], ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return list(self.options)


class VisibilityFilter(ChoicesFilter):
    """Whether an item may be shown."""

    title = _("visibility")
    parameter_name = "shown"
    options = (("hidden", _("hidden")), ("unavailable", _("unavailable")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the items of one state."""
        if self.value() == "hidden":
            return queryset.filter(hidden=True)
        return queryset.filter(available=False) if self.value() == "unavailable" else queryset


class EncodingFilter(ChoicesFilter):
    """Items whose encoding failed, in any space."""

    title = _("encoding")
    parameter_name = "encoding"
    options = (("failed", _("failed")),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the items that could not be encoded."""
        if self.value() != "failed":
            return queryset
        failed = Embedding.objects.filter(item=OuterRef("pk"), failed_digest=OuterRef("content_digest"))
        return queryset.filter(Exists(failed.exclude(failed_digest=None)))
