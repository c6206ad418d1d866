"""The parquet importer; pyarrow comes with the extra of the same name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from catalog.importers.base import ALL_TABLES, ImportSourceError, Table, importers
from catalog.importers.columns import ColumnMap
from catalog.importers.file_order import ORDER_HELP, ORDER_START, Order, keep_order
from catalog.records import RowError, SourceRow


@dataclass(frozen=True)
class ParquetOptions:
    """Options of the parquet importer."""

    mapping: tuple[str, ...] = field(
        default=(), metadata={"help": "field=column, attributes.name=column or context.name=column"}
    )
    ignore: tuple[str, ...] = field(default=(), metadata={"help": "columns to leave out"})
    kind: str = field(default="", metadata={"help": "the kind of rows that have none, for example rating"})
    batch_rows: int = field(default=2048, metadata={"help": "rows held at a time", "minimum": 1, "maximum": 100_000})
    order: Order = field(default="none", metadata={"help": ORDER_HELP})
    order_start: str = field(default=ORDER_START, metadata={"help": "the time before the first row, for order=file"})


@importers.register("parquet")
class Parquet:
    """Reads a Parquet file batch by batch; ``line`` is the number of the row, from 1; null counts as not given.

    Times and decimals among the attributes become ISO text and numbers, as JSON has neither.
    """

    Options: ClassVar[type[Any]] = ParquetOptions
    tables: ClassVar[tuple[Table, ...]] = ALL_TABLES

    def __init__(self, options: ParquetOptions) -> None:
        self.options = options

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield every row of the file."""
        rows = self._read_rows(source, table)
        return keep_order(rows, table, order=self.options.order, start=self.options.order_start)

    def _read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            message = f"{source}: reading Parquet needs pyarrow; install recsite[parquet] ({error})"
            raise ImportSourceError(message) from error
        options = self.options
        column_map = ColumnMap(table, mapping=options.mapping, ignore=options.ignore, kind=options.kind)
        line = 0
        try:
            # A memory map and no read-ahead: a row group is decoded piece by piece, not held whole.
            with pyarrow.parquet.ParquetFile(source, memory_map=True, pre_buffer=False) as opened:
                columns = opened.schema_arrow.names
                column_map.check_columns(columns, where=str(source))
                for batch in opened.iter_batches(batch_size=options.batch_rows, use_threads=False):
                    values = [_list_values(pyarrow, column) for column in batch.columns]
                    for cells in zip(*values, strict=True):
                        line += 1
                        pairs = ((name, cell) for name, cell in zip(columns, cells, strict=True) if cell is not None)
                        fields = column_map.name_fields(pairs)
                        for name in ("attributes", "context"):
                            if name in fields:
                                fields[name] = _to_json(fields[name])
                        yield SourceRow(line, fields)
        except (pyarrow.ArrowException, OSError) as error:
            where = f" after row {line}" if line else ""
            raise ImportSourceError(f"{source}: cannot be read{where}: {error}") from error


def _list_values(pyarrow: Any, column: Any) -> list[Any]:
    if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's times end at microseconds; pyarrow refuses the rest or asks for pandas.
        column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return list(column.to_pylist())


def _to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _to_json(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_to_json(entry) for entry in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value
