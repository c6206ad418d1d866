"""The one admin class that all others derive from: fast on large tables, no unbounded selects."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.admin.paging import LimitedPaginator
from catalog.admin.theme import ThemedChangeList, ThemedModelAdmin

M = TypeVar("M", bound=Model)
A = TypeVar("A")
T = TypeVar("T")


def once(show: Callable[[A, M], T]) -> Callable[[A, M], T]:
    """Make a column or field that reads the database do so once a row: the theme asks for each several times."""

    @wraps(show)
    def show_once(admin: A, row: M) -> T:
        kept = row.__dict__.setdefault("_shown", {})
        if show.__name__ not in kept:
            kept[show.__name__] = show(admin, row)
        return cast(T, kept[show.__name__])

    return show_once


class LeanChangeList(ThemedChangeList):
    """A list that leaves heavy columns in the database and takes what the page's rows need in one go."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows of the list, without the columns that no list shows."""
        rows = super().get_queryset(request, exclude_parameters)
        admin: Any = self.model_admin
        return rows.defer(*admin.list_defer) if admin.list_defer else rows

    def get_results(self, request: HttpRequest) -> None:
        """Read the page's rows, then let the admin class fetch what belongs to them."""
        super().get_results(request)
        admin: Any = self.model_admin
        self.full_result_count = self.result_count  # or the theme prints a second count above the list
        self.result_list = list(self.result_list)
        admin.prepare_rows(self.result_list)


class ModelAdmin(ThemedModelAdmin[M]):
    """An admin class that costs the same on a table of any size."""

    paginator = LimitedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_fullwidth = True
    list_disable_select_all = True
    list_filter_submit = True
    warn_unsaved_form = True
    show_facets = ThemedModelAdmin.show_facets.NEVER
    list_defer: ClassVar[Sequence[str]] = ()
    """Heavy columns that lists leave out."""
    small_relations: ClassVar[Sequence[str]] = ()
    """Foreign keys to tables that stay small, shown as a drop-down. All others are completed as one types."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Take the object that the theme passes to every permission of a button."""
        return super().has_add_permission(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        """Return the list class."""
        return LeanChangeList

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Return every foreign key that is not said to be small."""
        names = [field.name for field in self.model._meta.fields if isinstance(field, ForeignKey)]
        return [name for name in names if name not in self.small_relations]

    def prepare_rows(self, rows: list[M]) -> None:
        """Fetch what the columns need beyond the rows themselves; one statement or none."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Name what goes, without walking through the thousands of rows that go with it."""
        names = [str(entry) for entry in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []

    def change_url(self, object_id: object) -> str:
        """Return the address of an object's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])

    def list_url(self) -> str:
        """Return the address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def render_page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        """Render a page of our own inside the admin."""
        request.current_app = self.admin_site.name
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "model_admin": self}
        return TemplateResponse(request, template, {**shared, **context})

    def confirm(
        self,
        request: HttpRequest,
        *,
        title: str,
        question: str,
        label: str,
        run: Callable[[], str],
        back: str,
        refused: tuple[type[Exception], ...] = (ValueError,),
    ) -> HttpResponse:
        """Ask before doing: a page with a form, and on its POST ``run``, whose answer is the message shown."""
        if request.method != "POST":
            context = {"title": title, "question": question, "label": label, "back": back}
            return self.render_page(request, "recsite/admin/confirm.html", context)
        try:
            messages.success(request, run())
        except refused as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)


class MadeOnceAdmin(ModelAdmin[M]):
    """An admin class of rows that are made by hand, and then change by buttons alone."""

    warn_unsaved_form = False

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> tuple[str, ...]:
        """Show everything of a row that exists and let nothing be edited."""
        return tuple(flatten_fieldsets(self.get_fieldsets(request, obj))) if obj else ()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave out the buttons that save."""
        saving = ("show_save", "show_save_and_continue", "show_save_and_add_another")
        return super().change_view(
            request, object_id, form_url, {**dict.fromkeys(saving, False), **(extra_context or {})}
        )


class ReadOnlyAdmin(ModelAdmin[M]):
    """An admin class that shows and never writes."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nothing is deleted by hand."""
        return False
