"""Reads the values of one field of a raw row: what is accepted, and the reason given when it is not.

Every function takes a value as an importer or a JSON body holds it and returns the value to store, or
raises FieldProblem. None and absent fields are the caller's business.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

MAX_KEY = 512
"""Characters of an external id (item, user)."""
MAX_TEXT_BYTES = 16 * 1024 * 1024
"""Bytes of UTF-8 in a long text."""
MAX_URL = 2048
MAX_JSON_DEPTH = 8
MAX_JSON_VALUES = 2_000
MAX_JSON_BYTES = 256 * 1024

_LARGE = 10**40
"""Whole numbers from here on are no ids, and Python refuses to write out the largest."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_URL = re.compile(r"(?i:https?)://[^\s/?#\\\x00-\x1f\x7f]+[^\s\\\x00-\x1f\x7f]*|/(?![/\\])[^\s\\\x00-\x1f\x7f]*")
_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0"))


class FieldProblem(ValueError):
    """A value cannot be taken; ``reason`` says why, ``code`` is for programs."""

    def __init__(self, reason: str, code: str = "invalid") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def read_key(value: Any, *, longest: int = MAX_KEY) -> str:
    """Return an external id: any characters but control ones, not blank; a whole number becomes text."""
    if type(value) is int and -_LARGE < value < _LARGE:
        value = str(value)
    text = read_text(value, longest=longest)
    if not text or text.isspace():
        raise FieldProblem("empty", "required")
    control = _CONTROL.search(text)
    if control:
        raise FieldProblem(f"holds the control character U+{ord(control.group()):04X}")
    return text


def read_text(value: Any, *, longest: int | None = None) -> str:
    """Return text that Postgres can hold: at most 16 MiB as UTF-8, no NUL, no lone surrogate.

    Such characters are refused, never dropped silently. ``longest`` bounds the characters further.
    """
    if not isinstance(value, str):
        raise FieldProblem(f"must be text, not {_name_type(value)}")
    if longest is not None and len(value) > longest:
        raise FieldProblem(f"{len(value):,} characters; at most {longest:,} are taken", "too_long")
    if "\x00" in value:
        raise FieldProblem("holds a NUL character, which the database cannot store")
    if value.isascii():
        size = len(value)
    else:
        try:
            size = len(value.encode())
        except UnicodeEncodeError as error:
            raise FieldProblem(f"holds a lone surrogate (U+{ord(value[error.start]):04X}), not a character") from None
    if size > MAX_TEXT_BYTES:
        raise FieldProblem(f"{size:,} bytes; at most {MAX_TEXT_BYTES:,} are taken", "too_long")
    return value


def read_slug(value: Any) -> str:
    """Return a kind: lower-case letters, digits, ``-`` and ``_``, 50 at most."""
    text = read_text(value)
    if not _SLUG.fullmatch(text):
        raise FieldProblem(f"{_shorten(text)}: lower-case letters, digits, '-' and '_' only, 1 to 50 of them")
    return text


def read_url(value: Any) -> str:
    """Return an http(s) URL or a path from the site's root; "" is allowed, any other scheme is not."""
    text = read_text(value, longest=MAX_URL)
    if text and not _URL.fullmatch(text):
        raise FieldProblem(f"{_shorten(text)}: must be http://…, https://… or a path such as /books/1, without spaces")
    return text


def read_language(value: Any) -> str:
    """Return a language tag such as ``en``, ``pt-BR`` or ``zh-Hans`` (``_`` is taken for ``-``); "" is allowed."""
    text = read_text(value).replace("_", "-")
    if text and (len(text) > 16 or not _LANGUAGE.fullmatch(text)):
        raise FieldProblem(
            f"{_shorten(text)}: must be a language tag such as en, pt-BR or zh-Hans, 16 characters at most"
        )
    return text


def read_bool(value: Any) -> bool:
    """Return a truth value from true/false, t/f, yes/no, y/n, on/off or 1/0, whatever the case."""
    if isinstance(value, bool):
        return value
    spelled = value.strip().lower() if isinstance(value, str) else str(value) if value in (0, 1) else ""
    if spelled in _TRUE:
        return True
    if spelled in _FALSE:
        return False
    raise FieldProblem(f"{_shorten(value)}: must be true or false (also yes/no, on/off, 1/0)")


def read_number(value: Any) -> float:
    """Return a finite number of at most a thousand million either way; text such as "4.5" is read."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise FieldProblem(f"{_shorten(value)}: must be a finite number")
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldProblem(f"must be a number, not {_name_type(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise FieldProblem(f"{value}: must be a finite number")
    if not -1e9 <= value <= 1e9:
        raise FieldProblem(f"{_shorten(value)}: must lie between -1e9 and 1e9")
    return float(value)


def read_json_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object within bounds: depth 8, 2,000 values, 256 KiB of text, finite 64-bit numbers."""
    if not isinstance(value, Mapping):
        raise FieldProblem(f"must be a JSON object, not {_name_type(value)}")
    values = size = 0
    waiting: list[tuple[str, Any, int]] = [("", value, 1)]
    while waiting:
        path, entry, depth = waiting.pop()
        values += 1
        if isinstance(entry, str):
            size += len(_check_json_text(path, entry))
        elif isinstance(entry, Mapping):
            for name, inner in entry.items():
                if not isinstance(name, str) or not name:
                    raise FieldProblem(f"{path or 'the object'}: a name must be text and not empty")
                size += len(_check_json_text(path, name))
                waiting.append((f"{path}.{name[:50]}" if path else name[:50], inner, depth + 1))
        elif isinstance(entry, list | tuple):
            waiting.extend((f"{path}[{index}]", inner, depth + 1) for index, inner in enumerate(entry))
        elif isinstance(entry, float):
            if not math.isfinite(entry):
                raise FieldProblem(f"{path}: {entry} is not a finite number")
        elif isinstance(entry, int):  # bool too: both its values pass
            if not -(2**63) <= entry < 2**63:
                raise FieldProblem(f"{path}: a whole number beyond 64 bits")
        elif entry is not None:
            raise FieldProblem(f"{path}: {_name_type(entry)} is not a JSON value")
        if depth > MAX_JSON_DEPTH + 1:
            raise FieldProblem(f"{path[:200]}: nested deeper than {MAX_JSON_DEPTH}")
        if values + len(waiting) > MAX_JSON_VALUES + 1:
            raise FieldProblem(f"more than {MAX_JSON_VALUES:,} values", "too_long")
        if size > MAX_JSON_BYTES:
            raise FieldProblem(f"more than {MAX_JSON_BYTES:,} bytes", "too_long")
    return value


def _check_json_text(path: str, text: str) -> bytes:
    if "\x00" in text:
        raise FieldProblem(f"{path or 'a name'}: holds a NUL character, which the database cannot store")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FieldProblem(f"{path or 'a name'}: holds a lone surrogate, not a character") from None


def _name_type(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _shorten(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= _LARGE:
        return "the number"
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
