from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog.extensions import load_options
from catalog.importers import Importer, ImportSourceError, importers
from catalog.models import Catalog, Item
from catalog.records import RowError, SourceRow, WriteReport
from catalog.services import imports
from catalog.services.imports import ImportReport, RowDoor, import_items, import_rows


def build(key: str, **options: Any) -> Importer:
    component = importers.get(key)
    return component(load_options(component.Options, options))


@pytest.fixture
def catalog(db: None) -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def write_csv(tmp_path: Path):
    def write(text: str | bytes, name: str = "items.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def run(catalog: Catalog, source: Path, **options: Any) -> tuple[ImportReport, list[RowError]]:
    errors: list[RowError] = []
    report = import_items(catalog.pk, build("csv"), source, on_errors=errors.extend, **options)
    return report, errors


def test_good_rows_land_and_bad_ones_are_reported_with_line_field_and_reason(catalog, write_csv):
    source = write_csv(
        "key,title,url,published_at,available\n"
        "1,红楼梦 🙂,,2024-05-01,yes\n"
        ",No key,,,\n"
        "3,Bad date,,05/04/2024,\n"
        "4,Twice wrong,javascript:alert(1),,maybe\n"
        "a/b c,שלום,/x,,\n"
        f"{'k' * 300},Long key,,,\n"
        f"{'k' * 600},Too long a key,,,\n"
    )

    report, errors = run(catalog, source)

    assert report == ImportReport(rows=7, counts=WriteReport(created=3, rejected=4))
    assert [(error.line, error.field, error.code) for error in errors] == [
        (3, "key", "required"),
        (4, "published_at", "ambiguous_time"),
        (5, "url", "invalid"),
        (5, "available", "invalid"),
        (8, "key", "too_long"),
    ]
    assert sorted(Item.objects.values_list("title", flat=True)) == ["Long key", "שלום", "红楼梦 🙂"]


def test_importing_again_changes_nothing_and_an_edited_title_changes_that_item(catalog, write_csv):
    rows = [f"{place},Title {place}\n" for place in range(25)]
    source = write_csv("key,title\n" + "".join(rows))
    assert run(catalog, source, batch_size=10)[0].counts == WriteReport(created=25)
    before = list(Item.objects.order_by("pk").values())

    assert run(catalog, source, batch_size=10)[0].counts == WriteReport(unchanged=25)
    assert list(Item.objects.order_by("pk").values()) == before

    rows[7] = "7,Edited\n"
    assert run(catalog, write_csv("key,title\n" + "".join(rows)))[0].counts == WriteReport(updated=1, unchanged=24)
    changed = [row for row, old in zip(Item.objects.order_by("pk").values(), before, strict=True) if row != old]
    assert [row["title"] for row in changed] == ["Edited"]
    assert changed[0]["content_digest"] != before[7]["content_digest"]


def test_duplicate_keys_in_one_file(catalog, write_csv):
    source = write_csv("key,title\n1,First\n2,Other\n1,Last\n1,Later batch\n")
    report, errors = run(catalog, source, batch_size=3)
    assert (report.counts, errors) == (WriteReport(created=2, duplicates=1, updated=1), [])
    assert Item.objects.get(key="1").title == "Later batch"


def test_a_dry_run_says_what_would_be_and_writes_nothing(catalog, write_csv):
    run(catalog, write_csv("key,title\n1,One\n2,Two\n"))
    source = write_csv("key,title\n1,One\n2,Changed\n3,New\n,Bad\n")
    before = list(Item.objects.order_by("pk").values())
    report, errors = run(catalog, source, dry_run=True)
    assert report.counts == WriteReport(created=1, updated=1, unchanged=1, rejected=1)
    assert len(errors) == 1
    assert list(Item.objects.order_by("pk").values()) == before


def test_an_empty_table_is_no_error(catalog, write_csv):
    assert run(catalog, write_csv("key,title\n")) == (ImportReport(), [])


@pytest.mark.parametrize(
    ("name", "content", "rows", "told"),
    [
        ("gone.csv", None, 0, "gone.csv"),
        ("empty.csv", b"", 0, "empty"),
        ("latin.csv", "key,title\n1,One\n2,caf\xe9\n".encode("latin-1"), None, "utf-8"),
        (
            "cut.csv.gz",
            gzip.compress(b"key,title\n" + b"".join(b"%d,Title %d\n" % (n, n * n) for n in range(50_000)))[:-4000],
            None,
            "cut.csv.gz",
        ),
        ("no-key.csv", b"name\nOne\n", 0, "key"),
    ],
)
def test_a_source_that_cannot_be_read_on_says_why_and_keeps_what_was_read(
    catalog, write_csv, tmp_path, name, content, rows, told
):
    source = write_csv(content, name) if content is not None else tmp_path / name
    report, errors = run(catalog, source)
    assert told.lower() in report.failure.lower() or any(told in error.reason.lower() for error in errors)
    assert Item.objects.count() == report.counts.created
    if rows is not None:
        assert report.rows == rows
    if name.startswith("cut"):
        assert report.counts.created > 40_000


def test_a_folder_is_no_csv(catalog, tmp_path):
    report, _ = run(catalog, tmp_path)
    assert (report.rows, bool(report.failure)) == (0, True)


def take_all(batches: list[int]) -> RowDoor[str]:
    def write(records: Sequence[str]) -> tuple[WriteReport, Sequence[RowError]]:
        batches.append(len(records))
        return WriteReport(created=len(records)), ()

    return RowDoor(check=lambda row: row.fields["key"], write=write)


def make_rows(count: int, *, text: str = "") -> Iterator[SourceRow]:
    return (SourceRow(line, {"key": str(line), "text": text, "extra": {"a": [1]}}) for line in range(1, count + 1))


def test_rows_are_written_in_batches_and_progress_is_told_after_each():
    batches: list[int] = []
    seen: list[tuple[int, int]] = []
    import_rows(
        make_rows(25),
        take_all(batches),
        on_errors=lambda errors: None,
        on_progress=lambda report: seen.append((report.rows, report.counts.created)),
        batch_size=10,
    )
    assert batches == [10, 10, 5]
    assert seen == [(10, 10), (20, 20), (25, 25)]


def test_long_rows_make_small_batches(monkeypatch):
    monkeypatch.setattr(imports, "LARGEST_BATCH", 1000)
    batches: list[int] = []
    import_rows(make_rows(10, text="x" * 300), take_all(batches), on_errors=lambda errors: None)
    assert batches == [4, 4, 2]


def test_errors_of_a_write_get_the_line_of_their_row():
    def write(records: Sequence[str]) -> tuple[WriteReport, Sequence[RowError]]:
        return WriteReport(created=len(records) - 1), [RowError(1, "item", f"not {records[1]}", "unknown_item")]

    errors: list[RowError] = []
    rows: list[SourceRow | RowError] = list(make_rows(6))
    rows[3] = RowError(4, "", "broken")
    report = import_rows(
        rows, RowDoor(check=lambda row: row.fields["key"], write=write), on_errors=errors.extend, batch_size=3
    )
    assert [(error.line, error.reason) for error in errors] == [(2, "not 2"), (4, "broken"), (6, "not 6")]
    assert (report.rows, report.counts.created, report.counts.rejected) == (6, 3, 3)


def test_rows_before_the_end_of_a_broken_source_are_written():
    def break_off() -> Iterator[SourceRow]:
        yield from make_rows(3)
        raise ImportSourceError("file: line 4: cut off")

    batches: list[int] = []
    report = import_rows(break_off(), take_all(batches), on_errors=lambda errors: None)
    assert (batches, report.rows, report.failure) == ([3], 3, "file: line 4: cut off")


def test_memory_does_not_grow_with_the_source():
    import tracemalloc

    def measure_peak(count: int) -> int:
        tracemalloc.start()
        import_rows(make_rows(count), take_all([]), on_errors=lambda errors: None, batch_size=500)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    measure_peak(1000)
    assert measure_peak(50_000) < 1.5 * measure_peak(5_000)
