"""The csv and tsv importers: names, mapping, and every way in which a file can be broken."""

import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.extensions import load_options
from catalog.importers import ImportSourceError, Table, importers
from catalog.importers.source_lines import MAX_ROW
from catalog.records import RowError, SourceRow

Rows = list[SourceRow | RowError]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "rows of a file.csv"


def stream(source: Path, table: Table = "items", *, key: str = "csv", **options: Any) -> Iterator[SourceRow | RowError]:
    component = importers.get(key)
    return component(load_options(component.Options, options)).read_rows(source, table)


def read(source: Path, content: str | bytes, table: Table = "items", *, key: str = "csv", **options: Any) -> Rows:
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(stream(source, table, key=key, **options))


def list_keys(rows: Rows) -> list[str]:
    return [row.fields["key"] for row in rows if isinstance(row, SourceRow)]


def list_errors(rows: Rows) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, RowError)]


def test_columns_are_fields_and_others_become_attributes(source: Path) -> None:
    rows = read(source, "key, title ,colour,secret\r\n1,One,red,x\r\n2,,,x\r\n", ignore=["secret"])
    assert rows == [
        SourceRow(2, {"key": "1", "title": "One", "attributes": {"colour": "red"}}),
        SourceRow(3, {"key": "2"}),
    ]


def test_a_mapping_names_fields_and_attributes(source: Path) -> None:
    rows = read(
        source,
        "id,name,year,key\n7,Seven,1995,k\n",
        mapping=["key=id", "title=name", "text=name", "attributes.published=year"],
        numbers=["year"],
    )
    assert rows == [
        SourceRow(2, {"key": "7", "title": "Seven", "text": "Seven", "attributes": {"published": 1995, "key": "k"}})
    ]


def test_unknown_columns_of_interactions_become_context(source: Path) -> None:
    rows = read(
        source,
        "user,item,stars,page\nu,1,5,home\n",
        "interactions",
        kind="rating",
        mapping=["user_id=user", "value=stars"],
    )
    assert rows == [
        SourceRow(2, {"user_id": "u", "item": "1", "value": "5", "context": {"page": "home"}, "kind": "rating"})
    ]


def test_an_attributes_column_is_json_and_other_columns_join_it(source: Path) -> None:
    rows = read(source, 'key,attributes,year\n1,"{""a"": [1]}",1990\n2,nonsense,1990\n')
    assert [row.fields["attributes"] for row in rows if isinstance(row, SourceRow)] == [
        {"year": "1990", "a": [1]},
        "nonsense",
    ]


def test_a_number_column_that_holds_none_is_an_error_of_its_row(source: Path) -> None:
    rows = read(source, "key,year\n1,1990\n2,old\n3,19.5\n", numbers=["year"])
    assert list_errors(rows) == [(3, "column 'year': 'old' is not a number")]
    assert [row.fields["attributes"] for row in rows if isinstance(row, SourceRow)] == [{"year": 1990}, {"year": 19.5}]


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("key", "write field=column"),
        ("key=", "write field=column"),
        ("colour=c", "write field=column"),
        ("title.x=c", "write field=column"),
        ("context.x=c", "write field=column"),
        ("key=missing", "no column 'missing' (columns: key, title)"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(source: Path, mapping: str, reason: str) -> None:
    with pytest.raises(ImportSourceError) as caught:
        read(source, "key,title\n1,One\n", mapping=[mapping])
    assert reason in str(caught.value)


def test_a_field_mapped_twice_is_refused(source: Path) -> None:
    with pytest.raises(ImportSourceError, match="'key=b': key is mapped twice"):
        read(source, "a,b\n1,2\n", mapping=["key=a", "key=b"])


@pytest.mark.parametrize(
    ("content", "table", "reason"),
    [
        ("", "items", "empty, not even a header line"),
        ("\n\n", "items", "empty, not even a header line"),
        ("\ufeff", "items", "empty, not even a header line"),
        ("key,title,key\n", "items", "column 'key' appears more than once"),
        ("id,title\n", "items", "no column for 'key' (columns: id, title); map key=COLUMN"),
        ("key;title\n", "items", "no column for 'key' (columns: key;title)"),
        ("item,kind\n", "interactions", "no column for 'user_id'"),
        ("user_id,item\n", "interactions", "no column for 'kind' (columns: user_id, item); map kind=COLUMN or give"),
        ('key,"title\n1,One\n', "items", "line 1, the header: a quote is never closed"),
    ],
)
def test_a_header_that_cannot_be_used(source: Path, content: str, table: Table, reason: str) -> None:
    with pytest.raises(ImportSourceError) as caught:
        read(source, content, table)
    assert reason in str(caught.value)
    assert str(source) in str(caught.value)


def test_a_header_alone_gives_no_rows(source: Path) -> None:
    assert read(source, "key,title\n") == []


def test_lines_are_those_of_the_file_where_cells_hold_line_ends(source: Path) -> None:
    rows = read(source, 'key,text\n\n1,"a\nb\n\nc"\n2,"say ""x"", y"\r\n3\n4,d')
    assert rows == [
        SourceRow(3, {"key": "1", "text": "a\nb\n\nc"}),
        SourceRow(7, {"key": "2", "text": 'say "x", y'}),
        RowError(8, "", "1 cells where 2 are expected", "malformed"),
        SourceRow(9, {"key": "4", "text": "d"}),
    ]


def test_a_bom_is_not_part_of_the_first_column(source: Path) -> None:
    assert list_keys(read(source, "\ufeffkey,title\n1,One\n")) == ["1"]
    assert list_keys(read(source, '\ufeff"key","title"\n1,One\n')) == ["1"]


def test_an_unclosed_quote_costs_its_own_row_only(source: Path) -> None:
    rows = read(source, 'key,title\n1,One\n2,"Two\n3,Three\n4,"Four"\n5,Five\n')
    assert list_keys(rows) == ["1", "3", "4", "5"]
    assert [line for line, _ in list_errors(rows)] == [3]


def test_an_unclosed_quote_before_no_other_quote_costs_its_own_row_only(source: Path) -> None:
    rows = read(source, 'key,title\n1,One\n2,"Two\n3,Three\n4,Four\n')
    assert list_keys(rows) == ["1", "3", "4"]
    assert list_errors(rows) == [(3, "a quote is never closed")]


def test_text_after_a_closing_quote_is_refused(source: Path) -> None:
    rows = read(source, 'key,title\n1,"One" more\n2,Two "quoted" words\n')
    assert list_keys(rows) == ["2"]
    (error,) = list_errors(rows)
    assert error[0] == 2
    assert "after a closing quote" in error[1]


def test_an_unclosed_quote_in_a_large_file_keeps_memory_and_the_other_rows(source: Path) -> None:
    line = "{},An ordinary title of some fifty characters or so....,\n"
    with source.open("w") as file:
        file.write("key,title,text\n")
        file.write('bad,"never closed,\n')
        for number in range(650_000):
            file.write(line.format(number))
    assert source.stat().st_size > MAX_ROW
    count = 0
    errors = []
    for row in stream(source):
        if isinstance(row, RowError):
            errors.append((row.line, row.reason))
        else:
            count += 1
    assert count == 650_000
    assert errors == [(2, f"a row of more than {MAX_ROW:,} characters (a quote that is never closed?)")]


def test_a_file_of_nothing_but_unclosed_quotes_is_read_in_linear_time(source: Path) -> None:
    rows = read(source, "key,title\n" + "".join(f'{number},"a""b\n' for number in range(100_000)))
    assert [row.line for row in rows if isinstance(row, RowError)] == list(range(2, 100_002))


def test_a_ten_megabyte_text_is_a_row_like_any_other(source: Path) -> None:
    text = 'ten "megabytes"\n' * 655_360
    quoted = text.replace('"', '""')
    rows = read(source, f'key,text\n1,"{quoted}"\n2,short\n')
    assert rows == [SourceRow(2, {"key": "1", "text": text}), SourceRow(655_363, {"key": "2", "text": "short"})]


def test_a_line_beyond_all_bounds_is_passed_over(source: Path) -> None:
    rows = read(source, b"key,text\n1," + b"x" * (MAX_ROW + 5_000_000) + b"\n2,short\n")
    assert rows == [
        RowError(2, "", f"a line of more than {MAX_ROW:,} bytes", "unreadable"),
        SourceRow(3, {"key": "2", "text": "short"}),
    ]


def test_nul_bytes_reach_the_check_of_the_field(source: Path) -> None:
    assert read(source, b"key,title\n1,a\x00b\n") == [SourceRow(2, {"key": "1", "title": "a\x00b"})]


def test_wrong_encoding_names_line_and_byte_and_spares_the_other_rows(source: Path) -> None:
    rows = read(source, b"key,title\n1,One\n2,caf\xe9\n3,Three\n")
    assert list_keys(rows) == ["1", "3"]
    assert list_errors(rows) == [(3, "not utf-8: byte 6 of line 3 (0xE9); give the file's encoding")]


def test_wrong_encoding_within_a_cell_of_several_lines(source: Path) -> None:
    rows = read(source, b'key,title\n1,"a\nb\xff\nc"\n2,Two\n')
    assert list_keys(rows) == ["2"]
    assert list_errors(rows) == [(2, "not utf-8: byte 2 of line 3 (0xFF); give the file's encoding")]


@pytest.mark.parametrize(
    ("encoding", "title"), [("latin-1", "café"), ("gb18030", "红楼梦"), ("shift-jis", "吾輩は猫である")]
)
def test_other_encodings_can_be_named(source: Path, encoding: str, title: str) -> None:
    rows = read(source, f"key,title\n1,{title}\n".encode(encoding), encoding=encoding)
    assert rows == [SourceRow(2, {"key": "1", "title": title})]


@pytest.mark.parametrize("encoding", ["utf-16", "klingon", "base64", "a\x00b"])
def test_encodings_that_cannot_be_read_are_refused(source: Path, encoding: str) -> None:
    with pytest.raises(ImportSourceError, match="is not an encoding that can be read"):
        read(source, "key\n1\n", encoding=encoding)


def test_utf_16_is_told_by_its_mark(source: Path) -> None:
    with pytest.raises(ImportSourceError, match="UTF-16 or UTF-32 text; save it as UTF-8"):
        read(source, "key\n1\n".encode("utf-16"))


def test_truncated_gzip_gives_its_rows_and_then_an_error(source: Path) -> None:
    lines = "key,title\n" + "".join(f"{number},Title {number * 7919}\n" for number in range(50_000))
    packed = gzip.compress(lines.encode())
    source.write_bytes(packed[: len(packed) // 2])
    rows: Rows = []
    with pytest.raises(ImportSourceError, match=r"the gzip data ends early, after line (\d+)") as caught:
        rows.extend(stream(source))
    assert 20_000 < len(rows) < 30_000
    assert all(isinstance(row, SourceRow) for row in rows)
    assert f"line {rows[-1].line}" in str(caught.value)


def test_corrupt_gzip_and_trailing_rubbish_are_errors(source: Path) -> None:
    packed = gzip.compress(b"key,title\n" + b"1,One\n" * 1000)
    for broken in (packed[:30] + b"\x00\xff\x00" + packed[33:], packed + b"rubbish", packed[:-8] + b"\x00" * 8):
        source.write_bytes(broken)
        with pytest.raises(ImportSourceError, match="cannot be read on after line"):
            list(stream(source))


def test_gzip_is_told_by_its_bytes_not_by_the_name(tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv.gz"
    assert list_keys(read(plain, "key\n1\n")) == ["1"]
    assert list_keys(read(tmp_path / "packed.csv", gzip.compress(b"key\n1\n"))) == ["1"]


def test_a_folder_is_no_csv_file(tmp_path: Path) -> None:
    with pytest.raises(ImportSourceError, match="Is a directory"):
        list(stream(tmp_path))


def test_tabs_and_quotes_off(source: Path) -> None:
    content = 'key\ttitle\n1\t"Heroes" and more\n2\t5" disk\n'
    assert list_keys(read(source, content, key="tsv")) == ["2"]
    rows = read(source, content, key="tsv", quotes=False)
    assert [row.fields["title"] for row in rows if isinstance(row, SourceRow)] == ['"Heroes" and more', '5" disk']


def test_a_delimiter_of_choice(source: Path) -> None:
    assert read(source, "key;title\n1;One, two\n", delimiter=";") == [SourceRow(2, {"key": "1", "title": "One, two"})]
    for delimiter in ("", ",,", '"', "\n"):
        with pytest.raises(ImportSourceError, match="must be one character"):
            read(source, "key\n", delimiter=delimiter)


def test_order_in_the_file_can_become_order_in_time(source: Path) -> None:
    content = "user_id,item,occurred_at\nu,1,\nu,2,2020-01-01\nu,3,\n"
    options: dict[str, Any] = {"kind": "view", "order": "file", "order_start": "2024-05-01"}
    rows = read(source, content, "interactions", **options)
    times = [row.fields["occurred_at"] for row in rows if isinstance(row, SourceRow)]
    assert times == [1714521602, "2020-01-01", 1714521604]
    with pytest.raises(ImportSourceError, match="order_start 'then': not an ISO date"):
        read(source, content, "interactions", kind="view", order="file", order_start="then")


@pytest.mark.parametrize("packed", [False, True])
def test_sixty_megabytes_are_read_in_constant_memory(source: Path, packed: bool) -> None:
    text = "A description of a few hundred characters, neither long nor short. " * 30
    with gzip.open(source, "wt", compresslevel=1) if packed else source.open("w") as file:
        file.write("key,title,text\n")
        for number in range(30_000):
            file.write(f'{number},Title,"{text}\n{number}"\n')
    tracemalloc.start()
    try:
        count = sum(isinstance(row, SourceRow) for row in stream(source))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert count * len(text) > 60_000_000
    assert peak < 3_000_000
