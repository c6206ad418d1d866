"""Importers: components that read a file format as a stream of raw rows."""

from catalog.importers.base import ALL_TABLES, Importer, ImportSourceError, Table, importers

__all__ = ["ALL_TABLES", "ImportSourceError", "Importer", "Table", "importers"]
