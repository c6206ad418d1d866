"""Live filters on items: Django lookups on whitelisted columns and on attributes."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldError, ValidationError
from django.db.models import JSONField
from django.db.models.fields.json import KeyTransform
from django.utils.dateparse import parse_datetime

from catalog.field_values import MAX_JSON_DEPTH, FieldProblem, read_text
from catalog.models import Item

COLUMNS = frozenset({"key", "kind", "title", "url", "language", "categories", "published_at", "expires_at"})
LOOKUPS = frozenset(
    {
        "exact",
        "iexact",
        "in",
        "lt",
        "lte",
        "gt",
        "gte",
        "range",
        "isnull",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "overlap",
        "contained_by",
        "has_key",
    }
)
_LISTS = frozenset({"in", "range", "overlap", "contained_by"})
_TEXTS = frozenset({"iexact", "icontains", "startswith", "istartswith", "has_key"})
_MOMENTS = frozenset({"exact", "in", "lt", "lte", "gt", "gte", "range", "isnull"})
_LOOKUPS_OF = {
    "categories": frozenset({"exact", "contains", "overlap", "contained_by", "isnull"}),
    "published_at": _MOMENTS,
    "expires_at": _MOMENTS,
}
"""What Django would let through to a column whose type the database then finds wrong."""
_NO_LOOKUPS = frozenset({*JSONField.get_class_lookups(), *KeyTransform.get_class_lookups()}) - LOOKUPS
"""What Django would take for a lookup of an attribute: regular expressions, which may keep the database busy."""
_MAX_FILTERS = 20
_MAX_VALUES = 1000
_MAX_TEXT = 1000
_MAX_NAME = 500
_MAX_DEPTH = MAX_JSON_DEPTH + 1


class FilterError(ValueError):
    """A filter is not allowed or does not fit; ``field`` is the lookup as it was given."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"filter {field!r}: {reason}")
        self.field = field
        self.reason = reason


def check_filters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``filters`` as keyword arguments for ``Item.objects.filter``; raise FilterError naming the bad one.

    A name is a column (``kind``, ``categories__overlap``) or a path into the attributes
    (``attributes__year__gte``); several filters must all hold.
    """
    if len(filters) > _MAX_FILTERS:
        raise FilterError("filters", f"{_MAX_FILTERS} at most, not {len(filters)}")
    checked = {}
    for name, value in filters.items():
        _check_name(name)
        _check_value(name, value)
        try:
            Item.objects.filter(**{name: value}).values("pk").query.sql_with_params()
        except EmptyResultSet:
            pass
        except (FieldError, ValueError, TypeError, ValidationError) as error:
            reason = error.messages[0] if isinstance(error, ValidationError) else str(error)
            raise FilterError(name, reason) from error
        checked[name] = value
    return checked


def _check_name(name: str) -> None:
    try:
        read_text(name, longest=_MAX_NAME)
    except FieldProblem as problem:
        raise FilterError(ascii(name[:100]), f"the name: {problem.reason}") from None
    column, *rest = name.split("__")
    if column == "attributes":
        if not rest or not all(rest) or (len(rest) == 1 and rest[0] in LOOKUPS - {"has_key"}):
            raise FilterError(name, "name an attribute, as in attributes__year__gte")
        if rest[-1] in _NO_LOOKUPS:
            raise FilterError(name, f"unknown lookup (known: {', '.join(sorted(LOOKUPS))})")
        if len(rest) > _MAX_DEPTH:
            raise FilterError(name, f"deeper than attributes are ({MAX_JSON_DEPTH})")
        return
    if column not in COLUMNS:
        raise FilterError(name, f"unknown column (known: {', '.join(sorted(COLUMNS))}, attributes__…)")
    lookups = _LOOKUPS_OF.get(column, LOOKUPS)
    if len(rest) > 1 or (rest and rest[0] not in lookups):
        raise FilterError(name, f"unknown lookup (known: {', '.join(sorted(lookups))})")


def _check_value(name: str, value: Any) -> None:
    lookup = name.rsplit("__", 1)[-1]
    if lookup == "isnull" and not isinstance(value, bool):
        raise FilterError(name, "must be true or false")
    many = isinstance(value, list | tuple)
    if lookup in _TEXTS and not isinstance(value, str):
        raise FilterError(name, "must be text")
    texts = many and all(isinstance(entry, str) for entry in value)
    if name.split("__")[0] == "categories" and lookup != "isnull" and not texts:
        raise FilterError(name, "must be a list of texts")
    if lookup in _LISTS and not many:
        raise FilterError(name, "must be a list")
    if lookup == "range" and len(value) != 2:
        raise FilterError(name, "must be a list of two")
    entries = list(value) if many else [value]
    if len(entries) > _MAX_VALUES:
        raise FilterError(name, f"{_MAX_VALUES} values at most")
    for entry in entries:
        _check_scalar(name, entry)


def _check_scalar(name: str, entry: Any) -> None:
    if isinstance(entry, float) and not math.isfinite(entry):
        raise FilterError(name, "must be a finite number")
    if isinstance(entry, str) and ("\x00" in entry or len(entry) > _MAX_TEXT):
        raise FilterError(name, f"text must be without NUL and {_MAX_TEXT} characters at most")
    if isinstance(entry, int) and not isinstance(entry, bool) and abs(entry) >= 2**63:
        raise FilterError(name, "number too large")
    if not isinstance(entry, str | int | float | bool | date | datetime | None):
        raise FilterError(name, "must be text, a number, true, false, null or a list of those")
    if name.split("__")[0] in ("published_at", "expires_at") and isinstance(entry, str):
        moment = parse_datetime(entry)
        if moment is None or moment.tzinfo is None:
            raise FilterError(name, "must be a date and time with a zone, as in 2026-01-31T12:00:00Z")
