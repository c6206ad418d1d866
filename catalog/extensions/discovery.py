"""Imports one plug-in family's modules from every installed app, by file name."""

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

from catalog.extensions.registry import Registry


def discover(registry: Registry[Any]) -> None:
    """Import ``<app>.<family>`` (and, if it is a package, its direct modules) for each installed app.

    An app without such a module (or of one file only) is passed over; an import error inside one surfaces as itself.
    Sub-packages are left alone: they hold what a component loads on first use.
    """
    for app in apps.get_app_configs():
        name = f"{app.name}.{registry.family}"
        if not hasattr(app.module, "__path__") or find_spec(name) is None:
            continue
        module = import_module(name)
        for entry in pkgutil.iter_modules(getattr(module, "__path__", [])):
            if not entry.ispkg:
                import_module(f"{name}.{entry.name}")
