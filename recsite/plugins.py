"""Plug-ins: ordinary Django apps that other packages bring by an entry point.

A package names its app config in the entry-point group ``recsite.plugins``; settings append it to
``INSTALLED_APPS``. Discovery by file name does the rest.
"""

from collections.abc import Collection
from importlib.metadata import entry_points, version
from typing import ClassVar

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

GROUP = "recsite.plugins"


class PluginConfig(AppConfig):
    """The app config that a plug-in derives from; the range of versions is checked at start."""

    minimum_version: ClassVar[str] = ""
    """First recsite version that the plug-in works with; empty: any."""

    below_version: ClassVar[str] = ""
    """First recsite version that it no longer works with; empty: none known."""

    def ready(self) -> None:
        """Refuse to start beside an incompatible recsite."""
        check_version(self.name, minimum=self.minimum_version, below=self.below_version, current=version("recsite"))


def find_plugins(*, disabled: Collection[str] = ()) -> list[str]:
    """Return the app configs (dotted paths) of the installed plug-ins, in the order of their names."""
    found = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    unknown = set(disabled) - {entry.name for entry in found}
    if unknown:
        raise ImproperlyConfigured(f"RECSITE_DISABLED_PLUGINS: no plug-in {', '.join(sorted(unknown))}")
    return [entry.value.replace(":", ".") for entry in found if entry.name not in disabled]


def check_version(plugin: str, *, minimum: str, below: str, current: str) -> None:
    """Raise ImproperlyConfigured, naming plug-in, range and version, when ``current`` is outside."""
    number = _parse(current)
    if (minimum and number < _parse(minimum)) or (below and number >= _parse(below)):
        wanted = " and ".join(([f">= {minimum}"] if minimum else []) + ([f"< {below}"] if below else []))
        raise ImproperlyConfigured(f"plug-in {plugin}: needs recsite {wanted}; this is {current}")


def _parse(text: str) -> tuple[int, ...]:
    try:
        numbers = [int(part) for part in text.split("+")[0].split(".")]
    except ValueError:
        raise ImproperlyConfigured(f"{text!r} is not a version like 1.2 or 1.2.3") from None
    while numbers and numbers[-1] == 0:  # 2, 2.0 and 2.0.0 are one version
        numbers.pop()
    return tuple(numbers)
