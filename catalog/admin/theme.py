"""What the admin takes from its theme, typed: no other module of the apps imports the theme."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)
F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    ThemedChangeList = ChangeList
    ThemedRelatedFilter = admin.RelatedFieldListFilter

    class ThemedModelAdmin(admin.ModelAdmin[M]):
        """The theme's model admin."""

        def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
            """Return the buttons at the top of a row's page."""
            return []

    class ThemedInline(admin.TabularInline[M, P]):
        """The theme's table of related rows."""

    class ThemedTextFilter(admin.SimpleListFilter):
        """A filter that the reader types into."""

    class TextInput(forms.TextInput):
        """A line to type in."""

    class NumberInput(forms.NumberInput):
        """A field for a number."""

    class TextArea(forms.Textarea):
        """Several lines to type in."""

    class Select(forms.Select):
        """A drop-down of choices."""

    class RowPaginator(Paginator[Any]):
        """Pages of rows."""

    class RowForm(forms.ModelForm[M]):
        """A form of one row."""

    class ActionVariant:
        """Looks of a button."""

        PRIMARY = "primary"

    def theme_action(**options: Any) -> Callable[[F], F]:
        """Make a method a button of the theme."""
        return lambda method: method

else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.contrib.filters.admin import AutocompleteSelectFilter as ThemedRelatedFilter
    from unfold.contrib.filters.admin import TextFilter as ThemedTextFilter
    from unfold.decorators import action as theme_action
    from unfold.enums import ActionVariant
    from unfold.views import ChangeList as ThemedChangeList
    from unfold.widgets import UnfoldAdminIntegerFieldWidget as NumberInput
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as TextArea
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

    RowPaginator = Paginator

    class RowForm(forms.ModelForm, Generic[M]):
        """A form of one row."""

    class ThemedModelAdmin(ModelAdmin, Generic[M]):
        """The theme's model admin."""

    class ThemedInline(TabularInline, Generic[M, P]):
        """The theme's table of related rows."""


__all__ = [
    "NumberInput",
    "RowForm",
    "RowPaginator",
    "Select",
    "TextArea",
    "TextInput",
    "ThemedChangeList",
    "ThemedInline",
    "ThemedModelAdmin",
    "ThemedRelatedFilter",
    "ThemedTextFilter",
    "button",
]


def button(
    *, description: Any, icon: str, permissions: tuple[str, ...] = ("change",), primary: bool = False
) -> Callable[[F], F]:
    """Make a method of an admin class a button at the top of its page, for those with the permissions."""
    options: dict[str, Any] = {"variant": ActionVariant.PRIMARY} if primary else {}
    return theme_action(description=description, icon=icon, permissions=permissions, **options)
