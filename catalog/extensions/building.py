"""Builds a component that a row names, whatever has become of it since the row was written."""

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from catalog.extensions.options import OptionError, load_options
from catalog.extensions.registry import Registry

T = TypeVar("T")
logger = logging.getLogger(__name__)


def build_or_default(registry: Registry[T], key: str, options: Mapping[str, Any], *, default: str) -> T:
    """Build the component; a key or options that no longer fit fall back to the default, and the log says so."""
    if key in registry:
        component = registry.get(key)
        try:
            return component(load_options(component.Options, options))  # type: ignore[call-arg, attr-defined]
        except OptionError as error:
            logger.warning("%s %s: %s; its defaults are used", registry.family, key, error)
    else:
        logger.warning("%s: no %r; %s is used", registry.family, key, default)
        component = registry.get(default)
    return component(component.Options())  # type: ignore[call-arg, attr-defined]
