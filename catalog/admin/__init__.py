"""The catalogue's pages for editors."""

from catalog.admin import api_keys, catalogs, failures, items, spaces

__all__ = ["api_keys", "catalogs", "failures", "items", "spaces"]
