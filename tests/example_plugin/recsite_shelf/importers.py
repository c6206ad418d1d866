"""An importer of lines like ``key = title`` and ``person -> key``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from catalog.importers import ImportSourceError, Table, importers
from catalog.records import RowError, SourceRow


@dataclass(frozen=True, slots=True)
class ArrowsOptions:
    """What an arrow means."""

    kind: str = field(default="like", metadata={"help": "Kind of the interactions."})


@importers.register("arrows")
class ArrowsImporter:
    """One line a row."""

    Options = ArrowsOptions

    def __init__(self, options: ArrowsOptions) -> None:
        self.options = options

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield a row a line; a line without the sign is an error of that line."""
        sign = "=" if table == "items" else "->"
        try:
            with source.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    left, found, right = (part.strip() for part in line.partition(sign))
                    if not found:
                        yield RowError(number, "line", f"no {sign!r} in it")
                    elif table == "items":
                        yield SourceRow(number, {"key": left, "title": right})
                    else:
                        yield SourceRow(number, {"user_id": left, "item": right, "kind": self.options.kind})
        except OSError as error:
            raise ImportSourceError(f"{source}: {error.strerror}") from error
