"""Reads files of sequences: ``user item item …`` a line, or ``user item`` lines in time order."""

from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.lines import FileError, read_lines
from benchmarks.accuracy.logs import Keys, PlainLog, show_count


def read_sequences(path: Path, *, profiles: Keys, items: Keys, allow_empty: bool = False) -> PlainLog:
    """Read a file of either form; which one is found out from the file itself.

    Ids are any text without white space. Where every user has one line, a line is a user's whole history; where users
    come again and most lines have two words, a line is one interaction. A user without items is an error unless
    ``allow_empty`` (files of test items have such). Blank lines are passed over. Raise FileError naming the line.
    """
    lines = read_lines(path)
    counts = np.array([len(line.split()) for line in lines], dtype=np.int64)
    numbers = np.flatnonzero(counts)
    if not len(numbers):
        raise FileError(path, "the file is empty")
    if (counts[numbers] == 2).all():
        log = _read_pairs(lines, profiles, items)
    else:
        users = [lines[number].split(None, 1)[0] for number in numbers]
        if len(set(users)) < len(users):
            _refuse(path, counts, users)
        log = _read_histories(path, lines, profiles, items, allow_empty=allow_empty)
    if not len(log):
        raise FileError(path, "no user has an item")
    return log


def _read_pairs(lines: list[str], profiles: Keys, items: Keys) -> PlainLog:
    words = " ".join(lines).split()
    return PlainLog(profiles=profiles.number(words[::2]), items=items.number(words[1::2]))


def _read_histories(path: Path, lines: list[str], profiles: Keys, items: Keys, *, allow_empty: bool) -> PlainLog:
    rows = [line.split() for line in lines]
    if not allow_empty:
        for number, row in enumerate(rows, start=1):
            if len(row) == 1:
                raise FileError(path, f"no item after the user {row[0]!r}", line=number)
    full = [row for row in rows if len(row) > 1]
    empty = sum(len(row) == 1 for row in rows)
    lengths = [len(row) - 1 for row in full]
    return PlainLog(
        profiles=np.repeat(profiles.number(row[0] for row in full), lengths),
        items=items.number(chain.from_iterable(row[1:] for row in full)),
        notes=(f"{path.name}: {show_count(empty, 'user')} without an item",) if empty else (),
    )


def _refuse(path: Path, counts: NDArray[np.int64], users: list[str]) -> None:
    """Say which line does not fit: users come again, and not every line has two words."""
    numbers = np.flatnonzero(counts)
    if 2 * (counts[numbers] == 2).sum() >= len(numbers):
        wrong = numbers[counts[numbers] != 2][0]
        raise FileError(
            path, f"{counts[wrong]} words where the other lines have two, a user and an item", line=int(wrong) + 1
        )
    first: dict[str, int] = {}
    for number, user in zip(numbers.tolist(), users, strict=True):
        if user in first:
            raise FileError(path, f"user {user!r} has a line already (line {first[user]})", line=number + 1)
        first[user] = number + 1
