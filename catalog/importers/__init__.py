"""Importers: components that read a file format as a stream of raw rows."""

from catalog.importers.base import Importer, ImportSourceError, Table, importers

__all__ = ["ImportSourceError", "Importer", "Table", "importers"]
