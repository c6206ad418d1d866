"""Failed encodings: items set aside because their content could not be encoded."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalog.admin.model_admin import ReadOnlyAdmin
from catalog.admin.shown import page_of, show_error, show_link, show_time
from catalog.admin.theme import ThemedRelatedFilter
from catalog.doorbell import try_to_ring
from catalog.models import Embedding, Item
from catalog.services.retries import retry_failed
from catalog.tasks import encode_space_items


@admin.register(Embedding)
class FailureAdmin(ReadOnlyAdmin[Embedding]):
    """The rows whose items were set aside; the others have nothing to show."""

    list_display = ("show_item", "show_space", "show_reason", "attempts", "show_retry")
    list_display_links = None
    list_filter = (("space", ThemedRelatedFilter),)
    list_defer = ("vector",)
    list_select_related = ("space", "item")
    search_fields = ("item__key__startswith",)
    search_help_text = _("The beginning of an item's key")
    ordering = ("space", "item")
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Embedding]:
        """Keep the failures; a partial index holds them."""
        return super().get_queryset(request).exclude(failed_digest=None).failed()  # type: ignore[attr-defined, no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, str] | None = None) -> HttpResponse:
        """Give the list its name."""
        return super().changelist_view(request, {"title": _("Failed encodings"), **(extra_context or {})})

    @admin.action(description=_("Try again now"))
    def retry(self, request: HttpRequest, queryset: QuerySet[Embedding]) -> None:
        """Put the chosen items back into the queue."""
        spaces = set(queryset.values_list("space_id", flat=True))
        count = retry_failed(list(queryset.values_list("pk", flat=True)))
        for space_id in spaces:
            try_to_ring(encode_space_items, space_id, otherwise="failures wait for the periodic task")
        message = ngettext("%(count)d item will be tried again.", "%(count)d items will be tried again.", count)
        messages.success(request, message % {"count": count})

    @admin.display(description=_("item"))
    def show_item(self, row: Embedding) -> SafeString:
        """Link to the item."""
        link = show_link(page_of(Item(pk=row.item_id)), row.item.title[:200] or row.item.key)
        return format_html('<span class="rs-title">{}<small>{}</small></span>', link, row.item.key)

    @admin.display(description=_("embedding space"))
    def show_space(self, row: Embedding) -> SafeString:
        """Link to the space."""
        return show_link(page_of(row.space), row.space)

    @admin.display(description=_("error"))
    def show_reason(self, row: Embedding) -> SafeString | str:
        """Show the error."""
        return show_error(row.error)

    @admin.display(description=_("next attempt"))
    def show_retry(self, row: Embedding) -> SafeString | str:
        """Show when it is tried again."""
        return show_time(row.retry_at) if row.retry_at else str(_("when it changes"))
