"""The plug-in mechanism: registries, discovery by file name, typed options.

Nothing here knows what an item, a profile or a slate is.
"""

from catalog.extensions.building import build_or_default
from catalog.extensions.discovery import discover
from catalog.extensions.faults import describe_fault, make_storable
from catalog.extensions.option_texts import read_option_texts
from catalog.extensions.options import OptionError, OptionField, describe_options, dump_options, load_options
from catalog.extensions.registry import Registry, RegistryError

__all__ = [
    "OptionError",
    "OptionField",
    "Registry",
    "RegistryError",
    "build_or_default",
    "describe_fault",
    "describe_options",
    "discover",
    "dump_options",
    "load_options",
    "make_storable",
    "read_option_texts",
]
