"""The importer family: what reads a file format as a stream of raw rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from catalog.extensions import Registry
from catalog.records import RowError, SourceRow

Table = Literal["items", "interactions", "friendships"]
ALL_TABLES: tuple[Table, ...] = ("items", "interactions", "friendships")


class Importer(Protocol):
    """Reads one file format, built by ``Component(options)``.

    An importer only names fields: it yields rows whose ``fields`` carry the field names of
    ItemRecord (catalog/item_rows.py), of an interaction row (profiles/interaction_rows.py) or of a friendship row
    (profiles/friendship_rows.py), values as found (text, numbers, lists). Checking values is not its business.

    An optional member of the class, read with getattr: ``tables``, those that it reads; items and interactions where it
    does not say.
    """

    Options: ClassVar[Any]

    def __init__(self, options: Any) -> None: ...

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield the rows of ``source`` in constant memory; a row that cannot be read is a RowError.

        Raise ImportSourceError when nothing more can be read (missing file, wrong layout,
        truncated gzip): rows yielded before it stand.
        """
        ...


class ImportSourceError(Exception):
    """The source as a whole cannot be read (further); the message names file, place and reason."""


importers: Registry[Importer] = Registry("importers", members=("read_rows",))
