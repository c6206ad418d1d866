"""Reads options from ``name=value`` texts, as a command line has them."""

from collections.abc import Iterable
from typing import Any

from catalog.extensions.options import OptionError, OptionField, describe_options

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def read_option_texts(cls: type[Any], texts: Iterable[str]) -> dict[str, Any]:
    """Return plain values for load_options(cls, …) from texts like ``["quotes=no", "mapping=title=Name"]``.

    A list option is given once for each of its entries, any other once; ``none`` is None where that is allowed.
    Raise OptionError for a text without ``=``, a repeat, or a value that its type cannot have.
    """
    fields = {field.name: field for field in describe_options(cls)}
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OptionError(text, "write name=value")
        field = fields.get(name)
        if field is not None and field.kind == "list":
            values.setdefault(name, []).append(value)
        elif name in values:
            raise OptionError(name, "given twice")
        else:
            values[name] = value if field is None else _read_value(field, value)
    return values


def _read_value(field: OptionField, text: str) -> Any:
    if field.optional and text.lower() == "none":
        return None
    if field.kind == "bool":
        if text.lower() in _TRUE or text.lower() in _FALSE:
            return text.lower() in _TRUE
        raise OptionError(field.name, f"must be true or false, not {text!r}")
    if field.kind in ("int", "float"):
        try:
            return int(text) if field.kind == "int" else float(text)
        except ValueError:
            raise OptionError(field.name, f"must be a number, not {text!r}") from None
    return text
