"""The parquet importer."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from catalog.extensions import load_options
from catalog.importers import ImportSourceError, Table, importers
from catalog.item_rows import check_item_row
from catalog.records import ItemRecord, RowError, SourceRow


def read(source: Path, table: Table = "items", **options: Any) -> list[SourceRow | RowError]:
    component = importers.get("parquet")
    return list(component(load_options(component.Options, options)).read_rows(source, table))


def write(folder: Path, columns: Any, **options: Any) -> Path:
    source = folder / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), source, **options)
    return source


def test_types_arrive_as_the_checks_want_them(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        {
            "key": pyarrow.array([5]),
            "title": pyarrow.array(["Five"]).dictionary_encode(),
            "categories": pyarrow.array([["a", "b"]]),
            "published_at": pyarrow.array([1714564800_000000123], pyarrow.timestamp("ns")),
            "available": pyarrow.array([False]),
            "price": pyarrow.array([Decimal("9.50")]),
            "day": pyarrow.array([date(2024, 5, 1)]),
            "size": pyarrow.array([{"wide": 1, "seen": datetime(2024, 5, 1)}]),
            "nothing": pyarrow.array([None], pyarrow.string()),
        },
    )
    (row,) = read(source)
    assert isinstance(row, SourceRow)
    assert check_item_row(row) == ItemRecord(
        key="5",
        title="Five",
        categories=("a", "b"),
        published_at=datetime(2024, 5, 1, 12, tzinfo=UTC),
        available=False,
        attributes={"price": 9.5, "day": "2024-05-01", "size": {"wide": 1, "seen": "2024-05-01T00:00:00"}},
    )


def test_batches_and_row_groups_do_not_show(tmp_path: Path) -> None:
    source = write(tmp_path, {"id": list(range(1000))}, row_group_size=300)
    rows = read(source, mapping=["key=id"], batch_rows=7)
    assert [(row.line, row.fields["key"]) for row in rows if isinstance(row, SourceRow)] == [
        (number + 1, number) for number in range(1000)
    ]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    source = write(tmp_path, {"id": [1]})
    with pytest.raises(ImportSourceError, match=r"no column for 'key' \(columns: id\)"):
        read(source)


def test_a_file_that_is_none_or_is_cut_is_named(tmp_path: Path) -> None:
    source = write(tmp_path, {"key": list(range(1000))})
    source.write_bytes(source.read_bytes()[:-20])
    with pytest.raises(ImportSourceError, match=r"rows\.parquet: cannot be read"):
        read(source)
    source.write_bytes(b"")
    with pytest.raises(ImportSourceError, match=r"rows\.parquet: cannot be read"):
        read(source)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path, {"key": [1]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportSourceError, match=r"reading Parquet needs pyarrow; install recsite\[parquet\]"):
        read(source)


def test_a_row_group_is_read_piece_by_piece(tmp_path: Path) -> None:
    text = "A description of a few hundred characters, neither long nor short. " * 30
    texts = [f"{number} {text}" for number in range(30_000)]
    source = write(
        tmp_path,
        {"key": list(range(30_000)), "text": texts},
        row_group_size=30_000,
        use_dictionary=False,
        compression="none",
    )
    del texts
    assert source.stat().st_size > 60_000_000
    component = importers.get("parquet")
    pyarrow.default_memory_pool().release_unused()
    before = pyarrow.total_allocated_bytes()
    peak = count = 0
    for _ in component(load_options(component.Options, {"batch_rows": 500})).read_rows(source, "items"):
        count += 1
        if count % 500 == 1:
            peak = max(peak, pyarrow.total_allocated_bytes() - before)
    assert count == 30_000
    assert peak < 10_000_000
