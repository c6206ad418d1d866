"""Checks a raw interaction row, from a file or a JSON body, and turns it into an InteractionRecord."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from catalog.field_values import FieldProblem, read_json_object, read_key, read_number, read_slug, read_text
from catalog.records import RowError, SourceRow
from catalog.times import read_time
from profiles.records import InteractionRecord

ALLOWED_LEAD = timedelta(minutes=5)
"""How far a client's clock may run ahead of ours."""
MAX_INTERACTION_ID = 128
MAX_QUERY = 2_000
_MAX_ERRORS = 20


def check_interaction_row(
    row: SourceRow, *, now: datetime, kinds: Collection[str]
) -> InteractionRecord | tuple[RowError, ...]:
    """Return the interaction that ``row`` describes, or every reason why it is not taken.

    Rule of time: without ``occurred_at`` it happened at ``now``. A time more than five minutes after
    ``now`` is refused with code ``future``; any earlier time is taken, and histories are ordered by it
    however late the row came. A row with a time but without an ``interaction_id`` gets a derived one, so
    sending it again changes nothing.

    ``search`` needs ``query``, ``rating`` needs ``value``, every kind but ``search`` needs ``item``.
    ``kinds`` are those that the site knows. A field that is None counts as not given.
    """
    values: dict[str, Any] = {}
    errors: list[RowError] = []

    def refuse(name: str, reason: str, code: str) -> None:
        errors.append(RowError(row.line, name, reason, code))

    for name, raw in row.fields.items():
        read = _READERS.get(name)
        if read is None:
            refuse(str(name)[:100], f"unknown field (known: {_KNOWN})", "unknown_field")
        elif raw is not None:
            try:
                values[name] = read(raw)
            except FieldProblem as problem:
                refuse(name, problem.reason, problem.code)
    failed = {error.field for error in errors}
    kind = values.get("kind")
    if kind is not None and kind not in kinds:
        refuse("kind", f"{kind!r} is not known (known: {', '.join(sorted(kinds))})", "unknown_kind")
    for name in _list_required(kind):
        if not values.get(name) and values.get(name) != 0.0 and name not in failed:
            refuse(name, f"required for kind {kind!r}" if name not in _ALWAYS else "required", "required")
    occurred_at = values.setdefault("occurred_at", now)
    if occurred_at > now + ALLOWED_LEAD:
        refuse("occurred_at", f"{occurred_at.isoformat()} lies in the future", "future")
    if errors:
        return tuple(errors[:_MAX_ERRORS])
    record = InteractionRecord(**values)
    if record.interaction_id is None and row.fields.get("occurred_at") is not None:
        return replace(record, interaction_id=derive_interaction_id(record))
    return record


def derive_interaction_id(record: InteractionRecord) -> str:
    """Return ``auto-`` and 32 hex digits, the same for the same user, item, kind, time, value and query."""
    digest = blake2b(digest_size=16)
    for part in (record.user_id, record.item, record.kind, record.occurred_at, record.value, record.query):
        text = "" if part is None else part.isoformat() if isinstance(part, datetime) else str(part)
        encoded = text.encode()
        digest.update(b"%d:%s" % (len(encoded), encoded))
    return f"auto-{digest.hexdigest()}"


def _list_required(kind: str | None) -> tuple[str, ...]:
    if kind is None:
        return _ALWAYS
    if kind == "search":
        return (*_ALWAYS, "query")
    return (*_ALWAYS, "item", "value") if kind == "rating" else (*_ALWAYS, "item")


def _read_interaction_id(value: Any) -> str:
    return read_key(value, longest=MAX_INTERACTION_ID)


def _read_query(value: Any) -> str:
    return " ".join(read_text(value, longest=MAX_QUERY).split())


def _read_uuid(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(read_text(value, longest=45))
    except FieldProblem:
        raise
    except ValueError:
        raise FieldProblem(f"{value!r}: must be a UUID") from None


def _read_position(value: Any) -> int:
    number = read_number(value)
    if not (number.is_integer() and 0 <= number <= 32_767):
        raise FieldProblem(f"{value!r}: must be a whole number from 0 to 32767")
    return int(number)


_ALWAYS = ("user_id", "kind")
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "interaction_id": _read_interaction_id,
    "user_id": read_key,
    "item": read_key,
    "kind": read_slug,
    "value": read_number,
    "occurred_at": read_time,
    "query": _read_query,
    "context": read_json_object,
    "recommendation_id": _read_uuid,
    "position": _read_position,
}
INTERACTION_FIELDS = frozenset(_READERS)
_KNOWN = ", ".join(_READERS)
