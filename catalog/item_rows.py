"""Checks a raw item row, from a file or a JSON body, and turns it into an ItemRecord."""

from collections.abc import Callable, Mapping
from typing import Any

from catalog.field_values import (
    FieldProblem,
    read_bool,
    read_json_object,
    read_key,
    read_language,
    read_slug,
    read_text,
    read_url,
)
from catalog.records import ItemRecord, RowError, SourceRow
from catalog.times import read_time

MAX_TITLE = 1_000
MAX_CATEGORY = 200
MAX_CATEGORIES = 100
_MAX_ERRORS = 20


def check_item_row(row: SourceRow) -> ItemRecord | tuple[RowError, ...]:
    """Return the item that ``row`` describes, or every reason why it is not taken.

    An unknown field is an error; a field that is None counts as not given. The rules of each field
    are those of its reader below and in ``field_values`` and ``times``.
    """
    values: dict[str, Any] = {}
    errors: list[RowError] = []
    for name, raw in row.fields.items():
        read = _READERS.get(name)
        if read is None:
            errors.append(RowError(row.line, str(name)[:100], f"unknown field (known: {_KNOWN})", "unknown_field"))
        elif raw is not None:
            try:
                values[name] = read(raw)
            except FieldProblem as problem:
                errors.append(RowError(row.line, name, problem.reason, problem.code))
    if row.fields.get("key") is None:
        errors.append(RowError(row.line, "key", "required", "required"))
    published, expires = values.get("published_at"), values.get("expires_at")
    if published is not None and expires is not None and expires <= published:
        errors.append(RowError(row.line, "expires_at", "must be later than published_at"))
    return tuple(errors[:_MAX_ERRORS]) if errors else ItemRecord(**values)


def read_title(value: Any) -> str:
    """Return a title of at most 1,000 characters on one line: runs of white space become one space."""
    return " ".join(read_text(value, longest=MAX_TITLE).split())


def read_categories(value: Any) -> tuple[str, ...]:
    """Return the categories, trimmed, without repeats, in order.

    A list is taken as it is. Text is split at ``|``, or at ``;`` where it has no ``|``; never at a
    comma, which category names hold.
    """
    if isinstance(value, str):
        entries: list[Any] = value.split("|") if "|" in value else value.split(";")
        entries = [entry for entry in entries if entry and not entry.isspace()]
    elif isinstance(value, list | tuple):
        entries = list(value)
    else:
        raise FieldProblem("must be a list of texts, or one text separated by '|' or ';'")
    if len(entries) > MAX_CATEGORIES:
        raise FieldProblem(f"{len(entries):,} categories; at most {MAX_CATEGORIES} are taken", "too_long")
    names = []
    for index, entry in enumerate(entries):
        try:
            name = read_key(entry, longest=MAX_CATEGORY)
        except FieldProblem as problem:
            raise FieldProblem(f"entry {index}: {problem.reason}", problem.code) from None
        names.append(name.strip())
    return tuple(dict.fromkeys(names))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "key": read_key,
    "kind": read_slug,
    "title": read_title,
    "text": read_text,
    "url": read_url,
    "image_url": read_url,
    "language": read_language,
    "categories": read_categories,
    "attributes": read_json_object,
    "published_at": read_time,
    "expires_at": read_time,
    "available": read_bool,
}
ITEM_FIELDS = frozenset(_READERS)
_KNOWN = ", ".join(_READERS)
