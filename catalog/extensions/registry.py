"""A typed registry of plug-in components, filled while modules are imported."""

import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
C = TypeVar("C", bound=type)

_KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")


class RegistryError(Exception):
    """A component was refused, or a key is not known; the message names family, key and reason."""


class Registry(Generic[T]):
    """The components of one plug-in family, each under a unique key.

    ``family`` is the family's module name ("encoders"): discovery imports the module of that name
    from every installed app. ``members`` are the attributes that a component must carry. Every
    component has an ``Options`` dataclass and is built by calling it with an instance of that.
    """

    def __init__(self, family: str, *, members: tuple[str, ...]) -> None:
        self.family = family
        self._members = members
        self._components: dict[str, type[T]] = {}

    def register(self, key: str) -> Callable[[C], C]:
        """Return a class decorator that enters the class under ``key``, or refuses it at import time."""

        def enter(component: C) -> C:
            where = f"{self.family}: {component.__module__}.{component.__qualname__} as {key!r}"
            if not _KEY.fullmatch(key):
                raise RegistryError(f"{where}: a key is lower-case letters, digits and underscores, 50 at most")
            if key in self._components:
                taken = self._components[key]
                raise RegistryError(f"{where}: the key is taken by {taken.__module__}.{taken.__qualname__}")
            options = getattr(component, "Options", None)
            if not (isinstance(options, type) and is_dataclass(options)):
                raise RegistryError(f"{where}: needs a dataclass named Options")
            missing = [name for name in self._members if not hasattr(component, name)]
            if missing:
                raise RegistryError(f"{where}: lacks {', '.join(missing)}")
            self._components[key] = component
            return component

        return enter

    def get(self, key: str) -> type[T]:
        """Return the component registered under ``key``; raise RegistryError naming what is known."""
        try:
            return self._components[key]
        except KeyError:
            known = ", ".join(sorted(self._components)) or "none"
            raise RegistryError(f"{self.family}: no {key!r} (known: {known})") from None

    def keys(self) -> tuple[str, ...]:
        """Return the known keys in alphabetical order."""
        return tuple(sorted(self._components))

    def __contains__(self, key: object) -> bool:
        return key in self._components

    def __iter__(self) -> Iterator[tuple[str, type[T]]]:
        return iter(sorted(self._components.items()))

    def unregister(self, key: str) -> None:
        """Forget ``key``; for tests that register a component of their own."""
        del self._components[key]
