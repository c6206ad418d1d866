"""Reads the named values of a request: query parameters (text) and JSON bodies (typed), both strictly."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from catalog.api.errors import ApiError
from catalog.field_values import FieldProblem, read_json_object, read_key, read_number

_WHOLE = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldReader:
    """How one field is read; ``many``: a query parameter that may be repeated, so its value is a list."""

    read: Callable[[Any], Any]
    many: bool = False


Readers = Mapping[str, FieldReader]


def read_fields(values: Mapping[str, Any], readers: Readers, *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the values checked; raise ApiError naming the first field that is unknown, wrong or missing.

    A value of None counts as not given.
    """
    checked = {}
    for name, value in values.items():
        if name not in readers:
            known = ", ".join(readers) or "none"
            raise ApiError("unknown_field", f"Unknown field (known: {known}).", field=name[:100])
        if value is None:
            continue
        try:
            checked[name] = readers[name].read(value)
        except FieldProblem as problem:
            raise ApiError(problem.code, problem.reason, field=name) from None
    for name in required:
        if name not in checked:
            raise ApiError("required", "required", field=name)
    return checked


def read_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it came; raise ApiError for anything else."""
    if not isinstance(value, dict):
        raise ApiError("invalid", "The body must be a JSON object.")
    return value


def read_whole_number(value: Any) -> int:
    """Return a whole number from JSON."""
    if type(value) is not int:
        raise FieldProblem("must be a whole number")
    return value


def read_whole_text(value: Any) -> int:
    """Return a whole number from a query parameter."""
    if not _WHOLE.fullmatch(value):
        raise FieldProblem("must be a whole number")
    return int(value)


def read_json_number(value: Any) -> float:
    """Return a finite number from JSON, where text is not one."""
    if isinstance(value, str):
        raise FieldProblem("must be a number, not text")
    return read_number(value)


def read_json_text(value: Any) -> Mapping[str, Any]:
    """Return the JSON object that a query parameter spells."""
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise FieldProblem(f"not JSON: {error}") from None
    return read_json_object(parsed)


def read_key_list(value: Any) -> tuple[str, ...]:
    """Return a list of external ids."""
    if not isinstance(value, list):
        raise FieldProblem("must be a list of keys")
    return tuple(read_key(entry) for entry in value)


def read_choice(*choices: str) -> Callable[[Any], str]:
    """Return a reader of one of a few words."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise FieldProblem(f"must be one of: {', '.join(choices)}")
        return value

    return read
