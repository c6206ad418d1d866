"""What encoders read of an item, and its digest, by which an item whose vector is out of date is found."""

import uuid
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any


def compose_text(
    *,
    title: Any,
    text: Any = "",
    categories: Any = (),
    attributes: Any = None,
    embedded_attributes: Collection[str] | None = None,
) -> str:
    """Return the text of an item that encoders read: title, categories, attributes, text, a line each.

    Attributes count where their value is a string or a list with strings in it, in the order of their names:
    those named in ``embedded_attributes`` or, if that is empty, every one. Only values are read: a name that all items
    share would bring them all closer together. The text comes last, as encoders cut long inputs at the end. What
    holds no text (None, numbers, nested objects) is passed over, so a changed price leaves the result as it
    was; a title or text that is a number is read as its digits. Never raises.
    """
    parts = [_read_text(title), ", ".join(_read_strings(categories))]
    if isinstance(attributes, Mapping) and attributes:
        names = [name for name in attributes if isinstance(name, str)]
        if embedded_attributes:
            names = [name for name in names if name in embedded_attributes]
        parts.extend(", ".join(_read_strings(attributes[name])) for name in sorted(names))
    parts.append(_read_text(text))
    return "\n".join(filter(None, parts))


def digest_text(text: str) -> uuid.UUID:
    """Return the 128-bit BLAKE2b digest of a composed text, as the UUID that the database stores."""
    return uuid.UUID(bytes=blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())


def _read_text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""


def _read_strings(value: Any) -> list[str]:
    if isinstance(value, str):
        value = (value,)
    elif not isinstance(value, list | tuple):
        return []
    return [stripped for entry in value if isinstance(entry, str) and (stripped := entry.strip())]
