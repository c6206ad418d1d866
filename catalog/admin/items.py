"""Items: what can be recommended, with the state of their encoding and what lies near them."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import LinesField, ObjectField, TidyForm
from catalog.admin.filters import CATALOG, CategoryFilter, EncodingFilter, KindFilter, VisibilityFilter
from catalog.admin.model_admin import ModelAdmin, once
from catalog.admin.shown import (
    NOTHING,
    page_of,
    show_error,
    show_facts,
    show_image,
    show_label,
    show_link,
    show_table,
    show_time,
    show_words,
)
from catalog.admin.theme import TextArea, TextInput
from catalog.item_rows import check_item_row
from catalog.models import Embedding, Item
from catalog.records import ItemRecord, SourceRow
from catalog.selectors import active_space, nearest_items
from catalog.services.items import delete_items, set_hidden, upsert_items

NEIGHBOURS = 10
_WRITTEN = ("title", "text", "kind", "url", "image_url", "language", "published_at", "expires_at", "available")


class ItemForm(TidyForm[Item]):
    """An item's form; categories are written one a line."""

    categories = LinesField(label=_("categories"), help_text=_("One a line."))
    attributes = ObjectField(label=_("attributes"), help_text=_("A JSON object."))

    class Meta:
        model = Item
        fields = ("catalog", "key", *_WRITTEN, "categories", "attributes", "hidden")
        widgets: ClassVar[Any] = {
            "title": TextInput(),
            "text": TextArea(attrs={"rows": 6}),
            "url": TextInput(),
            "image_url": TextInput(),
        }

    def clean(self) -> dict[str, Any]:
        """Hold the fields against the rules that imports and the API keep: an URL may be no script."""
        cleaned = super().clean() or self.cleaned_data
        values = {name: cleaned.get(name) for name in (*_WRITTEN, "categories", "attributes")}
        values["key"] = cleaned.get("key") or self.instance.key or "-"
        checked = check_item_row(
            SourceRow(0, {name: value for name, value in values.items() if value not in ("", None)})
        )
        for error in checked if isinstance(checked, tuple) else ():
            name = error.field if error.field in self.fields else None
            if name not in self.errors:
                self.add_error(name, error.reason)
        return cleaned


@admin.register(Item)
class ItemAdmin(ModelAdmin[Item]):
    """Items, written by the same service as imports and the API."""

    form = ItemForm
    list_display = (
        "show_cover",
        "show_title",
        "kind",
        "show_categories",
        "show_visibility",
        "show_encoding",
        "show_changed",
    )
    list_display_links = ("show_title",)
    list_filter = (CATALOG, KindFilter, CategoryFilter, VisibilityFilter, EncodingFilter)
    list_defer = ("text", "attributes", "url", "content_digest")
    list_select_related = ("catalog",)
    search_fields = ("key__startswith", "title__icontains")
    search_help_text = _("The beginning of a key, or words of a title")
    ordering = ("-id",)
    actions = ("hide", "show")
    readonly_fields = (
        "show_encodings",
        "show_neighbours",
        "show_attributes",
        "show_picture",
        "created_at",
        "updated_at",
    )
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("catalog", "key"), ("title", "kind"), "text", "categories")}),
        (_("Nearest items"), {"fields": ("show_neighbours",), "classes": ("tab",)}),
        (_("Encoding"), {"fields": ("show_encodings",), "classes": ("tab",)}),
        (
            _("Page and picture"),
            {"fields": ("url", "image_url", "show_picture", "language"), "classes": ("tab",)},
        ),
        (_("Attributes"), {"fields": ("show_attributes", "attributes"), "classes": ("tab",)}),
        (
            _("Visibility"),
            {"fields": ("available", "hidden", "published_at", "expires_at", "created_at", "updated_at")},
        ),
    )
    add_fieldsets: ClassVar[Any] = (
        (None, {"fields": (("catalog", "key"), ("title", "kind"), "text", "categories")}),
        (_("Page and picture"), {"fields": ("url", "image_url", "language")}),
        (_("Attributes"), {"fields": ("attributes",)}),
        (_("Visibility"), {"fields": ("available", "hidden", "published_at", "expires_at")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        """Keep catalog and key of an item as they are."""
        return (*self.readonly_fields, "catalog", "key") if obj else ()

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        """Write the item as an import would, so that its encoding follows; hide or show it as an editor."""
        record = ItemRecord(
            key=obj.key,
            categories=tuple(obj.categories),
            attributes=obj.attributes,
            **{name: getattr(obj, name) for name in _WRITTEN},
        )
        upsert_items(obj.catalog_id, [record])
        set_hidden(obj.catalog_id, [obj.key], hidden=obj.hidden)
        obj.pk = Item.objects.in_catalog(obj.catalog_id).values_list("pk", flat=True).get(key=obj.key)

    def delete_model(self, request: HttpRequest, obj: Item) -> None:
        """Delete the item with all that hangs on it."""
        delete_items(obj.catalog_id, [obj.key])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Delete the chosen items, catalog by catalog."""
        for catalog_id, keys in _group_keys(queryset).items():
            delete_items(catalog_id, keys)

    @admin.action(description=_("Hide from every slate"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Hide the chosen items."""
        count = _set_hidden(queryset, hidden=True)
        messages.success(
            request, ngettext("%(count)d item hidden.", "%(count)d items hidden.", count) % {"count": count}
        )

    @admin.action(description=_("Show again"), permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Show the chosen items again."""
        count = _set_hidden(queryset, hidden=False)
        message = ngettext("%(count)d item shown.", "%(count)d items shown.", count)
        messages.success(request, message % {"count": count})

    def prepare_rows(self, rows: list[Item]) -> None:
        """Read how the page's items stand in the active text space: one statement."""
        found = Embedding.objects.filter(item__in=[row.pk for row in rows], space__role="text", space__state="active")
        states = {
            item_id: (content, failed)
            for item_id, content, failed in found.values_list("item_id", "content_digest", "failed_digest")
        }
        digests = dict(Item.objects.filter(pk__in=states).values_list("pk", "content_digest")) if states else {}
        for row in rows:
            content, failed = states.get(row.pk, (None, None))
            row.encoding = _name_state(content, failed, digests.get(row.pk))  # type: ignore[attr-defined]

    @admin.display(description="")
    def show_cover(self, row: Item) -> SafeString | str:
        """Show the picture, small."""
        return show_image(row.image_url)

    @admin.display(description=_("title"), ordering="title")
    def show_title(self, row: Item) -> SafeString:
        """Show title and key."""
        return format_html('<span class="rs-title">{}<small>{}</small></span>', row.title or row.key, row.key)

    @admin.display(description=_("categories"))
    def show_categories(self, row: Item) -> SafeString | str:
        """Show the first categories."""
        return show_words(row.categories, limit=3)

    @admin.display(description=_("visibility"))
    def show_visibility(self, row: Item) -> SafeString:
        """Show whether an editor hid it or the site has none."""
        if row.hidden:
            return show_label(_("hidden"), "bad")
        return show_label(_("available"), "good") if row.available else show_label(_("unavailable"))

    @admin.display(description=_("encoding"))
    def show_encoding(self, row: Item) -> SafeString:
        """Show the state of its encoding in the active text space."""
        return _show_state(row.encoding)  # type: ignore[attr-defined]

    @admin.display(description=_("changed"), ordering="updated_at")
    def show_changed(self, row: Item) -> SafeString | str:
        """Show how long ago it changed."""
        return show_time(row.updated_at)

    @admin.display(description=_("picture"))
    def show_picture(self, item: Item) -> SafeString | str:
        """Show the picture, large."""
        return show_image(item.image_url, large=True)

    @admin.display(description=_("attributes, to read"))
    def show_attributes(self, item: Item) -> SafeString | str:
        """Show the attributes as a table."""
        return show_facts(item.attributes)

    @admin.display(description=_("spaces"))
    @once
    def show_encodings(self, item: Item) -> SafeString | str:
        """Show the item's state in every space, and the errors."""
        rows = Embedding.objects.filter(item=item).defer("vector").select_related("space").order_by("-space_id")
        lines = [
            (
                show_link(page_of(row.space), row.space),
                _show_state(_name_state(row.content_digest, row.failed_digest, item.content_digest)),
                show_error(row.error) if row.failed_digest == item.content_digest else "",
            )
            for row in rows
        ]
        return show_table(lines) if lines else NOTHING

    @admin.display(description=_("in the active text space"))
    @once
    def show_neighbours(self, item: Item) -> SafeString | str:
        """Show the nearest items with their similarity, linked."""
        space = active_space(item.catalog_id)
        near = nearest_items(item.pk, space_id=space.pk, k=NEIGHBOURS) if space else []
        if not near:
            return gettext("Not encoded yet.")
        rows = (
            (show_link(page_of(Item(pk=entry.item_id)), entry.title or entry.key), entry.key, f"{entry.similarity:.3f}")
            for entry in near
        )
        return show_table(rows, head=(_("title"), _("key"), _("similarity")))


def _group_keys(queryset: QuerySet[Item]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for catalog_id, key in queryset.values_list("catalog_id", "key"):
        groups.setdefault(catalog_id, []).append(key)
    return groups


def _set_hidden(queryset: QuerySet[Item], *, hidden: bool) -> int:
    return sum(set_hidden(catalog_id, keys, hidden=hidden) for catalog_id, keys in _group_keys(queryset).items())


def _name_state(content: Any, failed: Any, digest: Any) -> str:
    if digest is not None and content == digest:
        return "encoded"
    if digest is not None and failed == digest:
        return "failed"
    return "waiting"


def _show_state(state: str) -> SafeString:
    if state == "encoded":
        return show_label(_("encoded"), "good")
    return show_label(_("failed"), "bad") if state == "failed" else show_label(_("waiting"), "busy")
