"""Turns the columns of a file into the fields of a row, by name and by a mapping."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from catalog.importers.base import ImportSourceError, Table

FIELDS: dict[Table, frozenset[str]] = {
    "items": frozenset(
        [
            "key",
            "kind",
            "title",
            "text",
            "url",
            "image_url",
            "language",
            "categories",
            "attributes",
            "published_at",
            "expires_at",
            "available",
        ]
    ),
    "interactions": frozenset(
        [
            "interaction_id",
            "user_id",
            "item",
            "kind",
            "value",
            "occurred_at",
            "query",
            "context",
            "recommendation_id",
            "position",
        ]
    ),
    "friendships": frozenset(["user_id", "friend_id"]),
}
_BAG: dict[Table, str] = {"items": "attributes", "interactions": "context", "friendships": ""}
_REQUIRED: dict[Table, tuple[str, ...]] = {
    "items": ("key",),
    "interactions": ("user_id", "kind"),
    "friendships": ("user_id", "friend_id"),
}


class ColumnMap:
    """Names fields: ``mapping`` holds ``field=column`` or ``attributes.name=column`` (``context.name=column``).

    A column whose name is a field's is that field, unless the mapping takes the field from elsewhere.
    Any other column becomes an attribute (of an interaction: context) under its own name, unless it
    is in ``ignore``; a friendship keeps none. Text of a column that is ``attributes`` (``context``) as a
    whole is read as JSON. Values of columns in ``numbers`` are read as numbers. ``kind`` fills a missing kind.
    """

    def __init__(
        self,
        table: Table,
        *,
        mapping: Sequence[str] = (),
        ignore: Sequence[str] = (),
        numbers: Sequence[str] = (),
        kind: str = "",
    ) -> None:
        self._bag = _BAG[table]
        self._table: Table = table
        self._ignore = frozenset(ignore)
        self._numbers = frozenset(numbers)
        self._kind = kind
        self._targets: dict[str, list[tuple[str, str]]] = {}
        taken = set()
        for entry in mapping:
            target, equals, column = entry.partition("=")
            field, _, name = target.strip().partition(".")
            column = column.strip()
            if not equals or not column or field not in FIELDS[table] or (name and field != self._bag):
                others = f" or {self._bag}.name=column" if self._bag else ""
                raise ImportSourceError(f"mapping {entry!r}: write field=column{others} for {table}")
            if (field, name) in taken:
                raise ImportSourceError(f"mapping {entry!r}: {target} is mapped twice")
            taken.add((field, name))
            self._targets.setdefault(column, []).append((field, name))
        for field in FIELDS[table]:
            if (field, "") not in taken and field not in self._targets and field not in self._ignore:
                self._targets[field] = [(field, "")]
        self._mapped = tuple(column for column in self._targets if column not in FIELDS[table])

    def check_columns(self, columns: Sequence[str], *, where: str) -> None:
        """Raise ImportSourceError if the file repeats a column, or lacks one that is mapped or required."""
        listed = ", ".join(columns)
        repeated = sorted({column for column in columns if columns.count(column) > 1})
        if repeated:
            raise ImportSourceError(f"{where}: column {', '.join(map(repr, repeated))} appears more than once")
        for column in (*self._mapped, *self._numbers):
            if column not in columns:
                raise ImportSourceError(f"{where}: no column {column!r} (columns: {listed})")
        present = {field for column in columns for field, name in self._targets.get(column, ()) if not name}
        if self._kind:
            present.add("kind")
        for field in _REQUIRED[self._table]:
            if field not in present:
                hint = " or give the option kind" if field == "kind" else ""
                raise ImportSourceError(
                    f"{where}: no column for {field!r} (columns: {listed}); map {field}=COLUMN{hint}"
                )

    def name_fields(self, cells: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """Return the fields of one row from its (column, value) pairs; raise ValueError for a bad number."""
        fields: dict[str, Any] = {}
        bag: dict[str, Any] = {}
        for column, value in cells:
            if column in self._numbers:
                value = _read_number(column, value)
            targets = self._targets.get(column)
            if targets is None:
                if column not in self._ignore:
                    bag[column] = value
                continue
            for field, name in targets:
                if name:
                    bag[name] = value
                else:
                    fields[field] = value
        if isinstance(fields.get(self._bag), str):
            fields[self._bag] = _read_object(fields[self._bag])
        if bag and self._bag:
            given = fields.get(self._bag, {})
            fields[self._bag] = {**bag, **given} if isinstance(given, dict) else given
        if self._kind and "kind" not in fields:
            fields["kind"] = self._kind
        return fields


def _read_object(text: str) -> Any:
    # Text that is no JSON stays text: the check of the field then says that it must be an object.
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _read_number(column: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"column {column!r}: {value[:60]!r} is not a number") from None
