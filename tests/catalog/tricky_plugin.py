"""Enters the tricky encoder where a test's worker process imports it."""

from tests.catalog.encoding import register_tricky

register_tricky()
