"""The csv and tsv importers: delimited text with a header line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from catalog.importers.base import ALL_TABLES, ImportSourceError, Table, importers
from catalog.importers.columns import ColumnMap
from catalog.importers.delimited_rows import split_rows
from catalog.importers.file_order import ORDER_HELP, ORDER_START, Order, keep_order
from catalog.importers.source_lines import read_lines
from catalog.records import RowError, SourceRow


@dataclass(frozen=True)
class CsvOptions:
    """Options of the csv importer."""

    mapping: tuple[str, ...] = field(
        default=(), metadata={"help": "field=column, attributes.name=column or context.name=column"}
    )
    ignore: tuple[str, ...] = field(default=(), metadata={"help": "columns to leave out"})
    numbers: tuple[str, ...] = field(default=(), metadata={"help": "columns to read as numbers, for attributes"})
    kind: str = field(default="", metadata={"help": "the kind of rows that have none, for example rating"})
    delimiter: str = field(default=",", metadata={"help": "one character between cells"})
    quotes: bool = field(default=True, metadata={"help": 'whether cells may be quoted with "'})
    encoding: str = field(default="utf-8", metadata={"help": "utf-8, latin-1, gb18030, …"})
    order: Order = field(default="none", metadata={"help": ORDER_HELP})
    order_start: str = field(default=ORDER_START, metadata={"help": "the time before the first row, for order=file"})


@dataclass(frozen=True)
class TsvOptions(CsvOptions):
    """Options of the tsv importer: those of csv, a tab between cells."""

    delimiter: str = field(default="\t", metadata={"help": "one character between cells"})


@importers.register("csv")
class Csv:
    """Reads delimited text whose first line names the columns; an empty cell counts as not given."""

    Options: ClassVar[type[Any]] = CsvOptions
    tables: ClassVar[tuple[Table, ...]] = ALL_TABLES

    def __init__(self, options: CsvOptions) -> None:
        if len(options.delimiter) != 1 or options.delimiter in '"\r\n\x00':
            raise ImportSourceError(f"delimiter {options.delimiter!r}: must be one character, no quote and no line end")
        self.options = options

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield the rows after the header; see ColumnMap for names and split_rows for broken rows."""
        rows = self._read_rows(source, table)
        return keep_order(rows, table, order=self.options.order, start=self.options.order_start)

    def _read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        options = self.options
        column_map = ColumnMap(
            table, mapping=options.mapping, ignore=options.ignore, numbers=options.numbers, kind=options.kind
        )
        lines = read_lines(source, encoding=options.encoding)
        rows = split_rows(lines, delimiter=options.delimiter, quotes=options.quotes)
        header = next(rows, None)
        if header is None:
            raise ImportSourceError(f"{source}: empty, not even a header line")
        if isinstance(header, RowError):
            raise ImportSourceError(f"{source}: line {header.line}, the header: {header.reason}")
        columns = [column.strip() for column in header.cells]
        column_map.check_columns(columns, where=f"{source}, line {header.line}")
        for row in rows:
            if isinstance(row, RowError):
                yield row
                continue
            try:
                fields = column_map.name_fields(
                    (column, cell) for column, cell in zip(columns, row.cells, strict=True) if cell
                )
            except ValueError as error:
                yield RowError(row.line, "", str(error))
                continue
            yield SourceRow(row.line, fields)


@importers.register("tsv")
class Tsv(Csv):
    """Reads tab-separated text whose first line names the columns."""

    Options: ClassVar[type[Any]] = TsvOptions
