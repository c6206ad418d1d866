"""Splits delimited text (CSV, TSV and their kin) into rows, and gets back on its feet after a broken one."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from catalog.importers.source_lines import MAX_ROW, SourceLine
from catalog.records import RowError


class Cells(NamedTuple):
    """The cells of one row and the line on which it begins."""

    line: int
    cells: list[str]


class _RowTooLongError(Exception):
    pass


class _LineFeed:
    """Hands lines to the csv reader, remembering those of the current row so that they can be put back."""

    def __init__(self, lines: Iterator[SourceLine]) -> None:
        self._lines = lines
        self._put_back: deque[SourceLine] = deque()
        self.taken: list[SourceLine] = []
        self.size = 0

    def __iter__(self) -> "_LineFeed":
        return self

    def __next__(self) -> str:
        line = self._put_back.popleft() if self._put_back else next(self._lines)
        self.taken.append(line)
        self.size += len(line.text)
        if self.size > MAX_ROW:
            raise _RowTooLongError
        return line.text

    def begin_row(self) -> None:
        self.taken.clear()
        self.size = 0

    def put_back_all_but_first(self) -> None:
        self._put_back.extendleft(reversed(self.taken[1:]))


def split_rows(
    lines: Iterator[SourceLine], *, delimiter: str, quotes: bool, width: int | None = None
) -> Iterator[Cells | RowError]:
    """Yield rows of cells; with quotes a cell may hold delimiters and line ends, and ``""`` is a quote.

    Every row must have as many cells as the first, or ``width`` if given; empty lines are passed over. A broken row
    (unclosed quote, wrong number of cells, undecodable bytes) is a RowError at the line where it begins. Reading goes
    on at the line after that, so that an unclosed quote costs one row and not the rows that it swallowed; memory
    stays under a few times MAX_ROW.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
    feed = _LineFeed(lines)
    reader = _build_reader(feed, delimiter, quotes)
    while True:
        feed.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = _explain(error)
        except _RowTooLongError:
            reason = f"a row of more than {MAX_ROW:,} characters (a quote that is never closed?)"
        else:
            first = feed.taken[0]
            problem = next((line.problem for line in feed.taken if line.problem), "")
            if not cells and not problem:
                continue
            if width is None:
                width = len(cells)
            if len(cells) == width and not problem:
                yield Cells(first.number, cells)
                continue
            if problem and (len(feed.taken) == 1 or len(cells) == width):
                yield RowError(first.number, "", problem, "unreadable")
                continue
            reason = problem or f"{len(cells)} cells where {width} are expected"
        yield RowError(feed.taken[0].number, "", reason, "malformed")
        # A line inside the swallowed stretch cannot itself open a quote, so this reads no line more than twice.
        feed.put_back_all_but_first()
        reader = _build_reader(feed, delimiter, quotes)


def _build_reader(feed: _LineFeed, delimiter: str, quotes: bool) -> Iterator[list[str]]:
    if quotes:
        return csv.reader(feed, delimiter=delimiter, quotechar='"', strict=True)
    return csv.reader(feed, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)


def _explain(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote is never closed"
    if "expected after" in str(error):
        return "text after a closing quote (a quote inside a cell is written twice, or turn the option quotes off)"
    if "new-line character" in str(error):
        return "a carriage return inside a cell that is not quoted"
    return str(error)
