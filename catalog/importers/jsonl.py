"""The jsonl importer: one JSON object a line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import orjson

from catalog.importers.base import ALL_TABLES, ImportSourceError, Table, importers
from catalog.importers.columns import ColumnMap
from catalog.importers.file_order import ORDER_HELP, ORDER_START, Order, keep_order
from catalog.importers.source_lines import read_lines
from catalog.records import RowError, SourceRow


@dataclass(frozen=True)
class JsonlOptions:
    """Options of the jsonl importer."""

    mapping: tuple[str, ...] = field(
        default=(), metadata={"help": "field=name, attributes.name=name or context.name=name"}
    )
    ignore: tuple[str, ...] = field(default=(), metadata={"help": "names to leave out"})
    kind: str = field(default="", metadata={"help": "the kind of rows that have none, for example rating"})
    encoding: str = field(default="utf-8", metadata={"help": "utf-8, latin-1, gb18030, …"})
    order: Order = field(default="none", metadata={"help": ORDER_HELP})
    order_start: str = field(default=ORDER_START, metadata={"help": "the time before the first row, for order=file"})


@importers.register("jsonl")
class Jsonl:
    """Reads one JSON object a line, names at its top level being columns; null counts as not given."""

    Options: ClassVar[type[Any]] = JsonlOptions
    tables: ClassVar[tuple[Table, ...]] = ALL_TABLES

    def __init__(self, options: JsonlOptions) -> None:
        self.options = options

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield a row for every line that is not blank; one that is no JSON object is a RowError."""
        rows = self._read_rows(source, table)
        return keep_order(rows, table, order=self.options.order, start=self.options.order_start)

    def _read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        options = self.options
        column_map = ColumnMap(table, mapping=options.mapping, ignore=options.ignore, kind=options.kind)
        begun = False
        for line in read_lines(source, encoding=options.encoding):
            text = line.text.strip()
            if line.problem:
                yield RowError(line.number, "", line.problem, "unreadable")
                continue
            if not text:
                continue
            if not begun and text.startswith("["):
                raise ImportSourceError(f"{source}: a JSON array; write one object a line")
            begun = True
            try:
                value = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                yield RowError(line.number, "", f"not JSON: {error.msg} at character {error.pos + 1}", "malformed")
                continue
            if not isinstance(value, dict):
                yield RowError(line.number, "", "not a JSON object", "malformed")
                continue
            cells = ((name, entry) for name, entry in value.items() if entry is not None)
            yield SourceRow(line.number, column_map.name_fields(cells))
