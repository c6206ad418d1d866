"""Form fields of the admin: lists by the line, JSON objects, components of a registry."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from catalog.admin.theme import RowForm, Select, TextArea
from catalog.extensions import OptionError, Registry, describe_options, load_options

M = TypeVar("M", bound=Model)


class LinesField(forms.CharField):
    """A list of texts, one a line; what is empty is left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": TextArea(attrs={"rows": 4}), "strip": False, "required": False, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Show one text a line."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Return the list of texts."""
        if isinstance(value, list | tuple):
            return list(value)
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists, not their layout."""
        return bool(list(initial or []) != self.to_python(data))


class ObjectField(forms.JSONField):
    """A JSON object, laid out to be read; empty means ``{}``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": TextArea(attrs={"rows": 6, "spellcheck": "false"}), "required": False, **kwargs})
        self.widget.attrs["class"] = f"{self.widget.attrs.get('class', '')} rs-mono"

    def prepare_value(self, value: Any) -> Any:
        """Indent the JSON; leave alone what could not be read."""
        if value is None:
            return "{}"
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        """Return the object; refuse other JSON, and numbers that JSON does not know."""
        loaded = super().to_python(value)
        if loaded is None:
            return {}
        if not isinstance(loaded, dict):
            raise ValidationError(_("Write a JSON object, as in {…}."), code="object")
        try:
            json.dumps(loaded, allow_nan=False)
        except ValueError:
            raise ValidationError(_("NaN and Infinity are not JSON."), code="object") from None
        return loaded


class ComponentField(forms.ChoiceField):
    """A component of a plug-in family; a key that is no longer registered stays choosable, marked."""

    def __init__(self, registry: Registry[Any], **kwargs: Any) -> None:
        self.registry = registry
        super().__init__(**{"widget": Select(), **kwargs})

    def fill_choices(self, current: str) -> None:
        """List what is registered now, and the key that the row has."""
        known = [(key, getattr(component, "label", key)) for key, component in self.registry]
        if current and current not in self.registry:
            known.append((current, _("%(key)s (not installed)") % {"key": current}))
        self.choices = ([] if self.required else [("", _("none"))]) + known


class TidyForm(RowForm[M]):
    """A form whose own fields are labelled as those of the model are: with a capital."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label)


class ComponentForm(TidyForm[M]):
    """A form some of whose fields choose components; ``option_fields`` maps such a field to that of its options."""

    option_fields: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, ComponentField):
                field.fill_choices(str(self.initial.get(name) or ""))

    def clean(self) -> dict[str, Any] | None:
        """Check the options against what the chosen components take; nothing is built."""
        cleaned = super().clean() or self.cleaned_data
        for name, options_name in self.option_fields.items():
            field = self.fields.get(name)
            if isinstance(field, ComponentField) and name in cleaned and options_name in cleaned:
                check_component_options(field.registry, cleaned[name], cleaned[options_name], field=options_name)
        return cleaned


def check_component_options(registry: Registry[Any], key: str, options: dict[str, Any], *, field: str) -> None:
    """Raise a ValidationError on ``field`` when ``options`` do not fit the component; build nothing."""
    if not key or key not in registry:
        return
    try:
        load_options(registry.get(key).Options, options)
    except OptionError as error:
        message = _("%(option)s: %(reason)s") % {"option": error.field, "reason": error.reason}
        raise ValidationError({field: message}, code="option") from error


def list_components(families: Sequence[tuple[Any, Registry[Any]]]) -> list[dict[str, Any]]:
    """Describe every component of the families with its options, for the table beside a form."""
    return [
        {"family": family, "key": key, "options": describe_options(component.Options)}
        for family, registry in families
        for key, component in registry
    ]
