"""Files of ratings in their forms, and what is wrong in a line of one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks.accuracy.lines import FileError
from benchmarks.accuracy.logs import Keys, PlainLog
from benchmarks.accuracy.rating_file import read_ratings


def read(folder: Path, text: str | bytes) -> tuple[PlainLog, list[tuple[str, str, float]]]:
    path = folder / "u.data"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    profiles, items = Keys(), Keys()
    log = read_ratings(path, profiles=profiles, items=items)
    assert log.values is not None
    rows = [
        (profiles.list()[profile], items.list()[item], float(value))
        for profile, item, value in zip(log.profiles, log.items, log.values, strict=True)
    ]
    return log, rows


ROWS = [("u1", "m1", 4.0), ("u2", "m1", 2.5)]


@pytest.mark.parametrize(
    "text",
    [
        "u1\tm1\t4\t100\nu2\tm1\t2.5\t200\n",
        "u1::m1::4::100\nu2::m1::2.5::200\n",
        "u1 m1 4 100\nu2 m1 2.5 200\n",
        "u1,m1,4,100\nu2,m1,2.5,200\n",
        "userId,movieId,rating,timestamp\r\nu1,m1,4,100\r\nu2,m1,2.5,200\r\n",
        'rating,"item",time,comment,user_id\n4,m1,100,"a, b",u1\n2.5,m1,200,,u2\n',
        gzip.compress(b"u1\tm1\t4\t100\nu2\tm1\t2.5\t200\n"),
    ],
)
def test_every_form_gives_the_same_ratings(tmp_path: Path, text: str | bytes) -> None:
    log, rows = read(tmp_path, text)
    assert rows == ROWS
    assert log.times is not None
    assert log.times.tolist() == [100.0, 200.0]
    assert log.notes == ()


def test_a_file_without_times_has_none(tmp_path: Path) -> None:
    log, rows = read(tmp_path, "user_id,item_id,rating\nu1,m1,4\nu2,m1,2.5\n")
    assert rows == ROWS
    assert log.times is None


def test_times_that_are_left_empty_are_taken_as_the_earliest_and_told(tmp_path: Path) -> None:
    log, _ = read(tmp_path, "user,item,rating,time\na,x,1,\na,y,2,7\na,z,3,5\n")
    assert log.times is not None
    assert log.times.tolist() == [5.0, 7.0, 5.0]
    assert log.notes == ("u.data: 1 rating without a time, taken as the earliest",)


def test_of_several_ratings_of_a_pair_the_latest_counts(tmp_path: Path) -> None:
    log, rows = read(tmp_path, "a\tx\t1\t9\na\ty\t2\t5\na\tx\t5\t3\n")
    assert rows == [("a", "x", 1.0), ("a", "y", 2.0)]
    assert log.notes == ("u.data: 1 rating left out: a later one of the same pair counts",)


def test_without_times_the_last_line_of_a_pair_counts(tmp_path: Path) -> None:
    _, rows = read(tmp_path, "a x 1\na x 5\n")
    assert rows == [("a", "x", 5.0)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a\tx\tnan\t1\n", "line 1: the rating is nan"),
        ("a\tx\t1\t1\n\na\ty\tinf\t1\n", "line 3: the rating is inf"),
        ("a\tx\t1\t1\na\ty\tgood\t1\n", "line 2: the rating 'good' is not a number"),
        ("a,x,1\na,y,\n", "line 2: the rating '' is not a number"),
        ("a\tx\t1\t1\na\ty\t2\tsoon\n", "line 2: the time 'soon' is not a number"),
        ("a\tx\t1\t1\na\ty\n", "line 2: 2 fields where 4 are needed"),
        ("a\tx\t1\t1\na\t\t2\t2\n", "line 2: no item"),
        ("user,film,rating\na,x,1\n", r"line 1: no column for the item \(known: item, item_id"),
        ("user,item,rating\n", "there is no rating"),
        ("", "the file is empty"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(FileError, match=complaint):
        read(tmp_path, text)
