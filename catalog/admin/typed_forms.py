"""A model form that says which model it is of: Django's own takes no type argument at run time."""

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.db.models import Model

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:

    class TypedForm(forms.ModelForm[M]):
        """A form of the model ``M``."""

else:

    class TypedForm(forms.ModelForm):
        """A form of the model given in brackets, which only type checkers read."""

        def __class_getitem__(cls, _: Any) -> "type[TypedForm]":
            return cls
