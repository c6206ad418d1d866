"""Typed options of a component: one frozen dataclass is form, database row and training log.

Supported field types: ``bool``, ``int``, ``float``, ``str``, ``tuple[str, ...]``, ``Literal`` of
strings, and any of these ``| None``. Field metadata may carry ``help``, ``minimum`` and ``maximum``.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

O = TypeVar("O")  # noqa: E741


class OptionError(ValueError):
    """An option is unknown, missing or of the wrong type; ``field`` names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"option {field!r}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option as a form or a page shows it; ``kind`` is the type's short name."""

    name: str
    kind: str
    required: bool
    default: Any
    help: str
    choices: tuple[str, ...]
    optional: bool


def load_options(cls: type[O], values: Mapping[str, Any]) -> O:
    """Build ``cls`` from plain JSON values; raise OptionError on the first that does not fit."""
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = get_type_hints(cls)
    for name in values:
        if name not in fields:
            raise OptionError(name, f"unknown (known: {', '.join(fields) or 'none'})")
    loaded = {}
    for name, field in fields.items():
        if name in values:
            loaded[name] = _check_bounds(field, _convert(name, hints[name], values[name]))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise OptionError(name, "required")
    return cls(**loaded)


def dump_options(options: Any) -> dict[str, Any]:
    """Return the options as plain JSON values: what load_options takes back."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(options).items()
    }


def describe_options(cls: type[Any]) -> tuple[OptionField, ...]:
    """Describe every option of ``cls``, in order, for a form."""
    hints = get_type_hints(cls)
    described = []
    for field in dataclasses.fields(cls):
        inner, optional = _split_optional(hints[field.name])
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None if required else field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        literal = get_origin(inner) is Literal
        described.append(
            OptionField(
                name=field.name,
                kind="choice" if literal else "list" if get_origin(inner) is tuple else inner.__name__,
                required=required,
                default=list(default) if isinstance(default, tuple) else default,
                help=str(field.metadata.get("help", "")),
                choices=tuple(get_args(inner)) if literal else (),
                optional=optional,
            )
        )
    return tuple(described)


def _split_optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, UnionType):
        inner = [arg for arg in get_args(hint) if arg is not NoneType]
        if len(inner) == 1:
            return inner[0], True
    return hint, False


def _convert(name: str, hint: Any, value: Any) -> Any:
    inner, optional = _split_optional(hint)
    if value is None and optional:
        return None
    if get_origin(inner) is Literal:
        if value in get_args(inner):
            return value
        raise OptionError(name, f"must be one of {', '.join(map(str, get_args(inner)))}, not {value!r}")
    if get_origin(inner) is tuple:
        if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise OptionError(name, "must be a list of strings")
    if inner is float and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an int of more than 300 digits
            number = math.inf
        if math.isfinite(number):
            return number
        raise OptionError(name, "must be a finite number")
    if inner in (bool, int, str) and type(value) is inner:
        return value
    raise OptionError(name, f"must be of type {getattr(inner, '__name__', inner)}, not {value!r}")


def _check_bounds(field: dataclasses.Field[Any], value: Any) -> Any:
    minimum, maximum = field.metadata.get("minimum"), field.metadata.get("maximum")
    if value is not None and minimum is not None and value < minimum:
        raise OptionError(field.name, f"must be at least {minimum}, not {value!r}")
    if value is not None and maximum is not None and value > maximum:
        raise OptionError(field.name, f"must be at most {maximum}, not {value!r}")
    return value
