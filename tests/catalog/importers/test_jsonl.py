"""The jsonl importer."""

from pathlib import Path
from typing import Any

import pytest

from catalog.extensions import load_options
from catalog.importers import ImportSourceError, Table, importers
from catalog.item_rows import check_item_row
from catalog.records import RowError, SourceRow


def read(folder: Path, content: bytes | str, table: Table = "items", **options: Any) -> list[SourceRow | RowError]:
    source = folder / "rows.jsonl"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    component = importers.get("jsonl")
    return list(component(load_options(component.Options, options)).read_rows(source, table))


def test_values_keep_their_types_and_unknown_names_become_attributes(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        '\ufeff{"key": 1, "title": "红楼梦 😀", "categories": ["a"], "year": 1791, "text": null, '
        '"attributes": {"x": [1]}}\n'
        '\n{"key": "2", "available": false, "secret": 1}\r\n',
        ignore=["secret"],
    )
    assert rows == [
        SourceRow(1, {"key": 1, "title": "红楼梦 😀", "categories": ["a"], "attributes": {"year": 1791, "x": [1]}}),
        SourceRow(3, {"key": "2", "available": False}),
    ]


def test_mapping_and_kind(tmp_path: Path) -> None:
    rows = read(tmp_path, '{"u":"a","movie":7}', "interactions", mapping=["user_id=u", "item=movie"], kind="view")
    assert rows == [SourceRow(1, {"user_id": "a", "item": 7, "kind": "view"})]


def test_broken_lines_are_errors_of_their_own(tmp_path: Path) -> None:
    rows = read(
        tmp_path, b'{"key": 1}\n{"key": \n[1]\n"x"\n{"key": NaN}\n{"key": "\xff"}\n{"key": "\\ud800"}\n{"key": 2}'
    )
    errors = [(row.line, row.code) for row in rows if isinstance(row, RowError)]
    assert errors == [
        (2, "malformed"),
        (3, "malformed"),
        (4, "malformed"),
        (5, "malformed"),
        (6, "unreadable"),
        (7, "malformed"),
    ]
    assert [row.fields["key"] for row in rows if isinstance(row, SourceRow)] == [1, 2]


def test_a_json_array_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ImportSourceError, match="a JSON array; write one object a line"):
        read(tmp_path, '[\n{"key": 1}\n]')


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "") == []


def test_deeply_nested_json_is_an_error_not_a_crash(tmp_path: Path) -> None:
    (row, other) = read(
        tmp_path, '{"a":' * 100_000 + "1" + "}" * 100_000 + '\n{"key": 1, "a": ' + "[" * 500 + "]" * 500 + "}"
    )
    assert isinstance(row, RowError)
    assert isinstance(other, SourceRow)
    checked = check_item_row(other)
    assert isinstance(checked, tuple)
    assert "nested deeper than 8" in checked[0].reason
