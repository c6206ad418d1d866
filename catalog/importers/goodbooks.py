"""The goodbooks importer: the goodbooks-10k files in the layouts in which they are handed around."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from catalog.importers.base import ImportSourceError, Table, importers
from catalog.importers.book_shelves import CATEGORY_OF_SHELF, pick_categories
from catalog.importers.delimited_rows import Cells, split_rows
from catalog.importers.file_order import ORDER_HELP, ORDER_START, Order, keep_order
from catalog.importers.source_files import find_file
from catalog.importers.source_lines import read_lines
from catalog.records import RowError, SourceRow

_SERIES = re.compile(
    r"^(?P<title>.+?)\s*\((?P<series>[^()]+?)(?:,\s*|\s+)#\s*(?P<volume>\d+(?:\.\d+)?)(?:[;,–-][^()]*)?\)$"
)
_LANGUAGES = {"eng": "en", "ara": "ar", "dan": "da", "fre": "fr", "ger": "de", "ind": "id", "ita": "it", "jpn": "ja"}
_LANGUAGES |= {"nor": "no", "per": "fa", "pol": "pl", "por": "pt", "rum": "ro", "rus": "ru", "spa": "es", "swe": "sv"}
_LANGUAGES |= {"tur": "tr", "vie": "vi"}


@dataclass(frozen=True)
class GoodbooksOptions:
    """Options of the goodbooks importer."""

    categories: int = field(default=8, metadata={"help": "categories a book at most", "minimum": 0, "maximum": 50})
    order: Order = field(default="file", metadata={"help": ORDER_HELP})
    order_start: str = field(default=ORDER_START, metadata={"help": "the time before the first rating, for order=file"})


@importers.register("goodbooks")
class Goodbooks:
    """Reads the folder (or its books.csv or ratings.csv alone), plain or gzipped.

    A book's key is the dense id 1 to 10,000 that the ratings use: column ``id`` of books.csv where it has
    one, else ``book_id``. Tags join on that id or on the Goodreads id, as the header of book_tags.csv says;
    those that name a genre or a subject become categories (without the tag files there are none).
    Ratings carry no time: by default the order in the file is made the order in time.
    """

    Options: ClassVar[type[Any]] = GoodbooksOptions

    def __init__(self, options: GoodbooksOptions) -> None:
        self.options = options

    def read_rows(self, source: Path, table: Table) -> Iterator[SourceRow | RowError]:
        """Yield the books or the ratings."""
        if table == "items":
            return self._read_books(source)
        rows = _read_ratings(find_file(source, ("ratings.csv",))[0])
        return keep_order(rows, table, order=self.options.order, start=self.options.order_start)

    def _read_books(self, source: Path) -> Iterator[SourceRow | RowError]:
        path, _ = find_file(source, ("books.csv",))
        columns, rows = _open_table(path, ("book_id", "title", "authors"))
        key = "id" if "id" in columns else "book_id"
        goodreads = "goodreads_book_id" if "goodreads_book_id" in columns else "book_id"
        join, categories = self._read_categories(path.parent, key=key, goodreads=goodreads)
        for row in rows:
            if isinstance(row, RowError):
                yield row
            else:
                cells = dict(zip(columns, row.cells, strict=True))
                yield SourceRow(row.line, _describe_book(cells[key], cells, categories.get(cells[join], ())))

    def _read_categories(self, folder: Path, *, key: str, goodreads: str) -> tuple[str, dict[str, tuple[str, ...]]]:
        """Return the column of books.csv that tags join on, and the categories by its value.

        Memory is that of the shelves kept, which grows with the number of books, never of ratings.
        """
        try:
            links_path, _ = find_file(folder, ("book_tags.csv",))
            names_path, _ = find_file(folder, ("tags.csv",))
        except ImportSourceError:
            return key, {}
        columns, rows = _open_table(names_path, ("tag_id", "tag_name"))
        named = _read_pairs(columns, rows, "tag_id", "tag_name")
        shelf_of_tag = {tag: name for tag, name in named if name in CATEGORY_OF_SHELF}
        columns, rows = _open_table(links_path, ("tag_id", "count"))
        dense = "book_id" in columns
        book = columns.index("book_id" if dense else "goodreads_book_id")
        tag, count = columns.index("tag_id"), columns.index("count")
        shelves: dict[str, list[tuple[str, int]]] = {}
        for row in rows:
            if isinstance(row, Cells) and row.cells[tag] in shelf_of_tag and row.cells[count].isdecimal():
                entry = (shelf_of_tag[row.cells[tag]], int(row.cells[count]))
                shelves.setdefault(row.cells[book], []).append(entry)
        most = self.options.categories
        return key if dense else goodreads, {
            name: pick_categories(entries, most=most) for name, entries in shelves.items()
        }


def _read_ratings(path: Path) -> Iterator[SourceRow | RowError]:
    columns, rows = _open_table(path, ("book_id", "user_id", "rating"))
    user, book, rating = columns.index("user_id"), columns.index("book_id"), columns.index("rating")
    for row in rows:
        if isinstance(row, RowError):
            yield row
        else:
            cells = row.cells
            fields = {"user_id": cells[user], "item": cells[book], "kind": "rating", "value": cells[rating]}
            yield SourceRow(row.line, fields)


def _open_table(path: Path, required: tuple[str, ...]) -> tuple[list[str], Iterator[Cells | RowError]]:
    rows = split_rows(read_lines(path), delimiter=",", quotes=True)
    header = next(rows, None)
    if not isinstance(header, Cells):
        raise ImportSourceError(f"{path}: no readable header line")
    missing = [name for name in required if name not in header.cells]
    if missing:
        raise ImportSourceError(f"{path}: no column {', '.join(missing)} (columns: {', '.join(header.cells)})")
    return header.cells, rows


def _read_pairs(
    columns: list[str], rows: Iterator[Cells | RowError], first: str, second: str
) -> Iterator[tuple[str, str]]:
    one, two = columns.index(first), columns.index(second)
    return ((row.cells[one], row.cells[two]) for row in rows if isinstance(row, Cells))


def _describe_book(key: str, cells: dict[str, str], categories: tuple[str, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {"key": key, "kind": "book", "title": cells["title"], "categories": list(categories)}
    authors = [name.strip() for name in cells["authors"].split(",") if name.strip()]
    attributes: dict[str, Any] = {"authors": authors}
    series = _SERIES.match(cells["title"])
    if series:
        fields["title"] = series["title"]
        attributes["series"] = series["series"]
        attributes["volume"] = float(series["volume"]) if "." in series["volume"] else int(series["volume"])
    year = _read_number(cells.get("original_publication_year", ""))
    if year is not None:
        attributes["year"] = int(year)
        if year >= 1:
            fields["published_at"] = f"{int(year):04}-01-01"
    for column in ("average_rating", "ratings_count"):
        number = _read_number(cells.get(column, ""))
        if number is not None:
            attributes[column] = int(number) if column == "ratings_count" else number
    original = cells.get("original_title", "").strip()
    if original and original != fields["title"]:
        attributes["original_title"] = original
    language = cells.get("language_code", "").strip()
    if language:
        fields["language"] = _LANGUAGES.get(language, language)
    fields["attributes"] = attributes
    return fields


def _read_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
