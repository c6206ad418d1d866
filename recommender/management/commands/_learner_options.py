"""Options of a component as given in a terminal: ``name=value``."""

import json
from typing import Any

from django.core.management.base import CommandError


def parse_options(given: list[str]) -> dict[str, Any]:
    """Return the options; a value is JSON where it can be read as such (``7``, ``true``), else text."""
    options: dict[str, Any] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise CommandError(f"--option {text}: give it as name=value")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options
