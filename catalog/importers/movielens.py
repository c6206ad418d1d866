"""The movielens importer: the 100k, 1M (10M) and latest layouts of GroupLens, plain or gzipped."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from catalog.importers.base import ImportSourceError, Table, importers
from catalog.importers.delimited_rows import Cells, split_rows
from catalog.importers.file_order import ORDER_START, read_start
from catalog.importers.source_files import find_file
from catalog.importers.source_lines import SourceLine, read_lines
from catalog.records import RowError, SourceRow

_FILES: dict[Table, tuple[str, ...]] = {
    "items": ("u.item", "movies.dat", "movies.csv"),
    "interactions": ("u.data", "ratings.dat", "ratings.csv"),
}
_GENRES = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_YEAR = re.compile(r"\((\d{4})(?:-\d{4})?\)\s*$")


@dataclass(frozen=True)
class MovieLensOptions:
    """Options of the movielens importer."""

    order_start: str = field(
        default=ORDER_START, metadata={"help": "the time before the first rating, where a file has ranks and no times"}
    )


@importers.register("movielens")
class MovieLens:
    """Reads a folder, or one file of it, by its name: u.item, u.data, movies.dat, ratings.csv, ….

    Items are movies: genres are the categories, the year in the title is ``attributes.year``, and
    ``published_at`` is the release date or, in layouts without one, 1 January of that year. Ratings are
    interactions of kind ``rating``. A ratings.csv with ``time_rank`` in place of ``timestamp`` (the order
    within a user's ratings, times withheld) gets ``order_start`` plus that many minutes; an empty rank is 0.
    """

    Options: ClassVar[type[Any]] = MovieLensOptions

    def __init__(self, options: MovieLensOptions) -> None:
        self.options = options

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield the movies or the ratings."""
        path, name = find_file(source, _FILES[table])
        if name == "u.item":
            return _build_rows(_split_lines(read_lines(path, encoding="latin-1"), "|", 24), _read_u_item)
        if name == "movies.dat":
            return _build_rows(_split_lines(_read_dat_lines(path), "::", 3), _read_movie)
        if name == "u.data":
            return _build_rows(_split_lines(read_lines(path), "\t", 4), _read_rating)
        if name == "ratings.dat":
            return _build_rows(_split_lines(read_lines(path), "::", 4), _read_rating)
        return self._read_csv(path, table)

    def _read_csv(self, path: Path, table: Table) -> Iterator[SourceRow | RowError]:
        rows = split_rows(read_lines(path), delimiter=",", quotes=True)
        header = next(rows, None)
        names = [name.lower().replace("_", "") for name in header.cells] if isinstance(header, Cells) else []
        if table == "items" and names == ["movieid", "title", "genres"]:
            yield from _build_rows(rows, _read_movie)
        elif table == "interactions" and names == ["userid", "movieid", "rating", "timestamp"]:
            yield from _build_rows(rows, _read_rating)
        elif table == "interactions" and names == ["userid", "movieid", "rating", "timerank"]:
            start = read_start(self.options.order_start)
            yield from _build_rows(rows, lambda cells: _read_ranked_rating(cells, start))
        else:
            raise ImportSourceError(f"{path}: not a MovieLens header: {', '.join(names) or 'the file is empty'}")


def _read_dat_lines(path: Path) -> Iterator[SourceLine]:
    # movies.dat is Latin-1 in the 1M archive and UTF-8 in the 10M one and in many copies: told line by line.
    latin = read_lines(path, encoding="latin-1")
    for line in latin:
        try:
            yield line._replace(text=line.text.encode("latin-1").decode())
        except UnicodeDecodeError:
            yield line


def _split_lines(lines: Iterator[SourceLine], separator: str, width: int) -> Iterator[Cells | RowError]:
    for line in lines:
        text = line.text.rstrip("\r\n")
        if line.problem:
            yield RowError(line.number, "", line.problem, "unreadable")
        elif text:
            cells = text.split(separator)
            if len(cells) == width:
                yield Cells(line.number, cells)
            else:
                reason = f"{len(cells)} cells where {width} are expected"
                yield RowError(line.number, "", reason, "malformed")


def _build_rows(
    rows: Iterator[Cells | RowError], read: Callable[[list[str]], dict[str, Any]]
) -> Iterator[SourceRow | RowError]:
    for row in rows:
        yield row if isinstance(row, RowError) else SourceRow(row.line, read(row.cells))


def _read_u_item(cells: list[str]) -> dict[str, Any]:
    key, title, released, _, url, *flags = cells
    fields = _describe_movie(key, title)
    fields["categories"] = [genre for genre, flag in zip(_GENRES, flags, strict=True) if flag == "1"]
    day, _, rest = released.partition("-")
    month, _, year = rest.partition("-")
    if month in _MONTHS:
        fields["published_at"] = f"{year}-{_MONTHS.index(month) + 1:02}-{day:0>2}"
    if url:
        fields["url"] = quote(url, safe=":/?#[]@!$&'()*+,;=%~")
    return fields


def _read_movie(cells: list[str]) -> dict[str, Any]:
    key, title, genres = cells
    fields = _describe_movie(key, title)
    fields["categories"] = [genre for genre in genres.split("|") if genre and genre != "(no genres listed)"]
    return fields


def _describe_movie(key: str, title: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"key": key, "kind": "movie", "title": title}
    year = _YEAR.search(title)
    if year:
        fields["attributes"] = {"year": int(year.group(1))}
        fields["published_at"] = f"{year.group(1)}-01-01"
    return fields


def _read_rating(cells: list[str]) -> dict[str, Any]:
    user, movie, rating, seconds = cells
    return {"user_id": user, "item": movie, "kind": "rating", "value": rating, "occurred_at": seconds}


def _read_ranked_rating(cells: list[str], start: int) -> dict[str, Any]:
    user, movie, rating, rank = cells
    moment = start + 60 * int(rank or 0) if not rank.strip("0123456789") else rank
    return {"user_id": user, "item": movie, "kind": "rating", "value": rating, "occurred_at": moment}
