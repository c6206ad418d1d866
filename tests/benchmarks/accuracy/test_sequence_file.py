"""Files of sequences in their two forms, and what is wrong in a line of one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks.accuracy.lines import FileError
from benchmarks.accuracy.logs import Keys, PlainLog
from benchmarks.accuracy.sequence_file import read_sequences


def write(folder: Path, text: str | bytes, name: str = "sequences.txt") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def read(path: Path, *, allow_empty: bool = False) -> list[tuple[str, str]]:
    profiles, items = Keys(), Keys()
    return spell(read_sequences(path, profiles=profiles, items=items, allow_empty=allow_empty), profiles, items)


def spell(log: PlainLog, profiles: Keys, items: Keys) -> list[tuple[str, str]]:
    return [
        (profiles.list()[profile], items.list()[item]) for profile, item in zip(log.profiles, log.items, strict=True)
    ]


HISTORIES = [("anna", "x"), ("anna", "y"), ("bert", "y"), ("bert", "x"), ("bert", "z")]


@pytest.mark.parametrize(
    "text",
    [
        "anna x y\nbert y x z\n",
        "anna\tx\ty\nbert y  x z",
        "\ufeffanna x y\r\n\r\nbert y x z\r\n",
        "anna x\nanna y\nbert y\nbert x\nbert z\n",
    ],
)
def test_either_form_gives_the_same_interactions(tmp_path: Path, text: str) -> None:
    assert read(write(tmp_path, text)) == HISTORIES


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    packed = gzip.compress(b"anna x y\nbert y x z\n")
    assert read(write(tmp_path, packed, "sequences.txt")) == HISTORIES
    assert read(write(tmp_path, "anna x y\nbert y x z\n", "sequences.gz")) == HISTORIES


def test_lines_of_several_users_may_be_mixed_in_the_order_of_time(tmp_path: Path) -> None:
    assert read(write(tmp_path, "b 1\na 2\nb 3\n")) == [("b", "1"), ("a", "2"), ("b", "3")]


def test_repeated_items_stay(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a x x y x\n")) == [("a", "x"), ("a", "x"), ("a", "y"), ("a", "x")]


def test_one_item_a_user_reads_the_same_in_both_forms(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a x\nb y\n")) == [("a", "x"), ("b", "y")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a 1\na 2\nb 3 4\nb 5\n", "line 3: 3 words where the other lines have two"),
        ("a 1\na 2\n\nb\nb 5\n", "line 4: 1 words where the other lines have two"),
        ("a 1 2 3\nb 1 2\na 4 5 6\n", r"line 3: user 'a' has a line already \(line 1\)"),
        ("a 1 2\nb\nc 3 4\n", "line 2: no item after the user 'b'"),
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(FileError, match=complaint) as caught:
        read(write(tmp_path, text))
    assert str(caught.value).startswith(str(tmp_path / "sequences.txt"))


def test_a_user_without_items_is_counted_where_that_is_allowed(tmp_path: Path) -> None:
    profiles, items = Keys(), Keys()
    log = read_sequences(write(tmp_path, "a 1 2\nb\nc 3\n"), profiles=profiles, items=items, allow_empty=True)
    assert spell(log, profiles, items) == [("a", "1"), ("a", "2"), ("c", "3")]
    assert log.notes == ("sequences.txt: 1 user without an item",)


def test_only_users_without_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no user has an item"):
        read(write(tmp_path, "a\nb\n"), allow_empty=True)


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="line 2: not UTF-8"):
        read(write(tmp_path, b"a x y\nb \xff z\n"))


def test_cut_off_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the gzip data is broken"):
        read(write(tmp_path, gzip.compress(b"a x y\n" * 100)[:-9]))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.txt: No such file"):
        read(tmp_path / "none.txt")
