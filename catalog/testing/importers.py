"""The contract that every importer keeps; inherit it, name the component and write a source."""

import gc
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from catalog.importers import Importer, ImportSourceError, Table, importers
from catalog.importers.columns import FIELDS
from catalog.item_rows import check_item_row
from catalog.records import ItemRecord, RowError, SourceRow
from catalog.testing.components import ComponentContract


class ImporterContract(ComponentContract):
    """Say ``key``, ``tables`` and ``write_source``; ``options`` where the defaults do not fit the source."""

    key: ClassVar[str]
    tables: ClassVar[tuple[Table, ...]] = ("items", "interactions")

    def write_source(self, folder: Path, table: Table) -> Path:
        """Write a source with at least three good rows for ``table`` into ``folder`` and return its path."""
        raise NotImplementedError

    def find_component(self) -> type[Any]:
        """Look the importer up by its key."""
        return importers.get(self.key)

    def build(self) -> Importer:
        """Build the component as the commands do: from its key and plain options."""
        built: Importer = self.construct(self.options)
        return built

    @pytest.fixture
    def sources(self, tmp_path: Path) -> Iterator[list[tuple[Table, Path]]]:
        """A source for each table."""
        made = []
        for table in self.tables:
            folder = tmp_path / table
            folder.mkdir()
            made.append((table, self.write_source(folder, table)))
        yield made
        gc.collect()  # a file left open warns here, inside this test

    def test_every_row_is_good_and_names_known_fields(self, sources: list[tuple[Table, Path]]) -> None:
        """Items pass the check of items; interactions name fields of interactions."""
        for table, source in sources:
            rows = list(self.build().read_rows(source, table))
            assert len(rows) >= 3
            for row in rows:
                assert isinstance(row, SourceRow), row
                assert set(row.fields) <= FIELDS[table]
                if table == "items":
                    assert isinstance(check_item_row(row), ItemRecord), check_item_row(row)

    def test_lines_rise_from_row_to_row(self, sources: list[tuple[Table, Path]]) -> None:
        """A line is where the row is in the file, from 1."""
        for table, source in sources:
            lines = [row.line for row in self.build().read_rows(source, table)]
            assert lines == sorted(set(lines))
            assert lines[0] >= 1

    def test_reading_twice_gives_the_same_rows(self, sources: list[tuple[Table, Path]]) -> None:
        """An importer keeps nothing between two calls."""
        for table, source in sources:
            importer = self.build()
            assert list(importer.read_rows(source, table)) == list(importer.read_rows(source, table))

    def test_a_reader_that_stops_early_leaves_no_file_open(self, sources: list[tuple[Table, Path]]) -> None:
        """A dry run of some rows costs no more than those."""
        for table, source in sources:
            rows = self.build().read_rows(source, table)
            assert isinstance(next(rows), SourceRow | RowError)
            del rows

    def test_a_missing_source_is_named(self, tmp_path: Path) -> None:
        """ImportSourceError says which file it was."""
        for table in self.tables:
            with pytest.raises(ImportSourceError, match="nowhere"):
                list(self.build().read_rows(tmp_path / "nowhere", table))


class GzipImporterContract(ImporterContract):
    """For importers that read one plain or gzipped file."""

    def test_a_gzipped_source_reads_as_the_plain_one(self, sources: list[tuple[Table, Path]]) -> None:
        """Told by its first bytes: the name is the same."""
        for table, source in sources:
            plain = list(self.build().read_rows(source, table))
            source.write_bytes(gzip.compress(source.read_bytes()))
            assert list(self.build().read_rows(source, table)) == plain

    def test_rows_before_a_truncation_are_read_and_then_it_is_named(self, sources: list[tuple[Table, Path]]) -> None:
        """A broken download lands what it holds."""
        for table, source in sources:
            packed = gzip.compress(source.read_bytes())
            source.write_bytes(packed[:-9])
            read: list[SourceRow | RowError] = []
            rows = self.build().read_rows(source, table)
            with pytest.raises(ImportSourceError, match=r"gzip data ends early"):
                read.extend(rows)
            assert len(read) >= 1
