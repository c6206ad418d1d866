"""Catalogs: the tenants."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import LinesField, TidyForm
from catalog.admin.model_admin import ModelAdmin
from catalog.admin.shown import page_of, show_label, show_link, show_words
from catalog.models import Catalog, EmbeddingSpace


class CatalogForm(TidyForm[Catalog]):
    """A catalog's form; its list of attributes is written one a line."""

    embedded_attributes = LinesField(
        label=_("embedded attributes"),
        help_text=_("Attributes that encoders read, one a line. Empty: every attribute that holds text."),
    )

    class Meta:
        model = Catalog
        fields = ("name", "key", "embedded_attributes")

    def clean_embedded_attributes(self) -> list[str] | None:
        """Keep an empty list as none: every attribute."""
        return self.cleaned_data["embedded_attributes"] or None


@admin.register(Catalog)
class CatalogAdmin(ModelAdmin[Catalog]):
    """The list of catalogs; one is deleted by whoever runs the database, with all that is in it."""

    form = CatalogForm
    list_display = ("name", "key", "show_attributes", "show_space", "created_at")
    search_fields = ("key", "name")
    ordering = ("key",)
    prepopulated_fields: ClassVar[Any] = {"key": ("name",)}

    def get_prepopulated_fields(self, request: HttpRequest, obj: Catalog | None = None) -> dict[str, Any]:
        """Make a key from the name of a new catalog."""
        return {} if obj else dict(self.prepopulated_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Catalog | None = None) -> tuple[str, ...]:
        """Keep the key of a catalog as it is: addresses and commands hold it."""
        return ("key",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Catalog | None = None) -> bool:
        """Refuse: it would take everything with it."""
        return False

    def prepare_rows(self, rows: list[Catalog]) -> None:
        """Find the active text spaces of the catalogs on the page."""
        active = EmbeddingSpace.objects.filter(catalog__in=rows, role="text", state="active")
        found = {space.catalog_id: space for space in active}
        for row in rows:
            row.text_space = found.get(row.pk)  # type: ignore[attr-defined]

    @admin.display(description=_("embedded attributes"))
    def show_attributes(self, row: Catalog) -> SafeString | str:
        """Show which attributes encoders read."""
        return show_words(row.embedded_attributes) if row.embedded_attributes else str(_("all that hold text"))

    @admin.display(description=_("active text space"))
    def show_space(self, row: Catalog) -> SafeString | str:
        """Link to the active text space."""
        space: EmbeddingSpace | None = row.text_space  # type: ignore[attr-defined]
        if space is None:
            return show_label(_("none yet"), "busy")
        return show_link(page_of(space), space)
