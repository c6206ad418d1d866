"""Reads files of ratings: tab separated, ``::``, spaces, or CSV with a header."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.lines import FileError, read_lines
from benchmarks.accuracy.logs import Keys, PlainLog, show_count

_NAMES = {
    "user": ("user", "user_id", "userid", "reviewerid", "reviewer_id"),
    "item": ("item", "item_id", "itemid", "movie_id", "movieid", "book_id", "bookid", "asin", "parent_asin"),
    "rating": ("rating", "value", "score", "stars", "overall"),
    "time": ("timestamp", "time", "time_rank", "unixreviewtime", "unix_time"),
}


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the fields are in a row; a file need not have times."""

    user: int = 0
    item: int = 1
    rating: int = 2
    time: int | None = None


def read_ratings(path: Path, *, profiles: Keys, items: Keys) -> PlainLog:
    """Read ``user item rating [timestamp]`` lines; a CSV header may name them in any order among other columns.

    Raise FileError naming the line for one that is malformed, or whose rating or time is no finite number. Of
    several ratings of one item by one user, the latest counts. A time that is left empty is taken as the earliest.
    """
    lines = read_lines(path)
    start = next((place for place, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise FileError(path, "the file is empty")
    separator = next((mark for mark in ("::", "\t", ",") if mark in lines[start]), None)
    rows = _split_rows(lines, separator)
    first = next(_split_rows(lines[start : start + 1], separator))[1]
    columns = _find_columns(path, first, line=start + 1) if _is_header(first) else None
    if columns is not None:
        next(rows)
    else:
        columns = _Columns(time=3 if len(first) > 3 else None)
    log = _read_rows(path, rows, columns, profiles, items)
    if not len(log):
        raise FileError(path, "there is no rating")
    return _keep_latest(log, path)


def _split_rows(lines: list[str], separator: str | None) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of every line that is not blank."""
    if separator == ",":
        reader = csv.reader(lines)
        for row in reader:
            if row and any(row):
                yield reader.line_num, row
    else:
        for number, line in enumerate(lines, start=1):
            if line and not line.isspace():
                yield number, line.split(separator)


def _is_header(fields: list[str]) -> bool:
    """Say whether the third field of a first line is a name, not a number."""
    try:
        float(fields[2] if len(fields) > 2 else "0")
    except ValueError:
        return any(_find_name(fields, field) is not None for field in _NAMES)
    return False


def _find_columns(path: Path, header: list[str], *, line: int) -> _Columns:
    places = {field: _find_name(header, field) for field in _NAMES}
    for field in ("user", "item", "rating"):
        if places[field] is None:
            raise FileError(path, f"no column for the {field} (known: {', '.join(_NAMES[field])})", line=line)
    user, item, rating = (places[field] or 0 for field in ("user", "item", "rating"))
    return _Columns(user, item, rating, places["time"])


def _find_name(header: list[str], field: str) -> int | None:
    names = [name.strip().lower() for name in header]
    return next((names.index(name) for name in _NAMES[field] if name in names), None)


def _read_rows(
    path: Path, rows: Iterator[tuple[int, list[str]]], columns: _Columns, profiles: Keys, items: Keys
) -> PlainLog:
    at_user, at_item, at_rating, at_time = columns.user, columns.item, columns.rating, columns.time
    width = 1 + max(at_user, at_item, at_rating, at_time or 0)
    users: list[str] = []
    things: list[str] = []
    ratings: list[float] = []
    times: list[float] = []
    for number, row in rows:
        if len(row) < width:
            raise FileError(path, f"{show_count(len(row), 'field')} where {width} are needed", line=number)
        user, item = row[at_user].strip(), row[at_item].strip()
        if not user or not item:
            raise FileError(path, "no user" if not user else "no item", line=number)
        users.append(user)
        things.append(item)
        ratings.append(_read_number(path, row[at_rating], "rating", line=number))
        if at_time is not None:
            time = row[at_time]
            times.append(_read_number(path, time, "time", line=number) if time else math.nan)
    moments, notes = _fill_times(times, path)
    return PlainLog(
        profiles=profiles.number(users),
        items=items.number(things),
        times=moments,
        values=np.array(ratings, dtype=np.float32),
        notes=notes,
    )


def _fill_times(times: list[float], path: Path) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Return the times with the earliest in place of those that are missing; None where no row has one."""
    moments = np.array(times, dtype=np.float64)
    missing = np.isnan(moments)
    if missing.all():
        return None, ()
    moments[missing] = moments[~missing].min()
    note = f"{path.name}: {show_count(int(missing.sum()), 'rating')} without a time, taken as the earliest"
    return moments, (note,) if missing.any() else ()


def _read_number(path: Path, text: str, name: str, *, line: int) -> float:
    try:
        number = float(text)
    except ValueError:
        raise FileError(path, f"the {name} {text!r} is not a number", line=line) from None
    if not math.isfinite(number):
        raise FileError(path, f"the {name} is {text.strip()}", line=line)
    return number


def _keep_latest(log: PlainLog, path: Path) -> PlainLog:
    """Drop all but the latest rating of an item by a user (the last line, where there are no times)."""
    order = np.lexsort((np.arange(len(log)) if log.times is None else log.times, log.items, log.profiles))
    pairs = log.profiles[order].astype(np.int64) << 32 | log.items[order]
    kept = np.sort(order[np.append(pairs[1:] != pairs[:-1], True)])
    dropped = len(log) - len(kept)
    if not dropped:
        return log
    assert log.values is not None
    return PlainLog(
        profiles=log.profiles[kept],
        items=log.items[kept],
        times=None if log.times is None else log.times[kept],
        values=log.values[kept],
        notes=(
            *log.notes,
            f"{path.name}: {show_count(dropped, 'rating')} left out: a later one of the same pair counts",
        ),
    )
