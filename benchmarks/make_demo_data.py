"""Makes the bundled demo catalogue from the goodbooks-10k files.

``python -m benchmarks.make_demo_data --source DIR [--out recsite/demo_data] [--seed 0] [--json OUT]``

The same source and seed give the same bytes (with the same zlib). What is chosen and what is invented is said in
``ATTRIBUTION.md`` beside the files.
"""

import argparse
import gzip
import io
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks.demo_ratings import DemoRating, choose_readers, invent_order, is_english
from benchmarks.report import add_json_argument, write_report
from catalog.importers.goodbooks import Goodbooks, GoodbooksOptions
from catalog.records import SourceRow

OUT = Path(__file__).resolve().parent.parent / "recsite" / "demo_data"
BOOKS = 2_000
OTHER_LANGUAGES = 40
READERS = 2_000
FEWEST_RATINGS = 20

Books = dict[str, Mapping[str, Any]]


def main() -> None:
    """Write the files and print what is in them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--source", type=Path, required=True, help="folder of the goodbooks-10k files")
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write to")
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    arguments = parser.parse_args()
    rows = make_demo_data(arguments.source, arguments.out, seed=arguments.seed)
    write_report(
        rows,
        protocol=f"Demo catalogue: {BOOKS} popular books, {READERS} readers with {FEWEST_RATINGS} ratings or more",
        data=str(arguments.source),
        seed=arguments.seed,
        json_path=arguments.json_path,
    )


def make_demo_data(source: Path, out: Path, *, seed: int) -> list[dict[str, Any]]:
    """Write books.jsonl.gz, ratings.csv.gz and LICENSE to ``out``; return a row of figures for each data file."""
    importer = Goodbooks(GoodbooksOptions(order="none"))
    books = choose_books(row.fields for row in importer.read_rows(source, "items") if isinstance(row, SourceRow))
    triples = (
        (row.fields["user_id"], row.fields["item"], row.fields["value"])
        for row in importer.read_rows(source, "interactions")
        if isinstance(row, SourceRow)
    )
    rated = choose_readers(triples, books, readers=READERS, fewest=FEWEST_RATINGS, seed=seed)
    ratings = invent_order(rated, books, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    figures = [
        {"name": "books.jsonl.gz", "rows": len(books), "bytes": _write(out / "books.jsonl.gz", _list_books(books))},
        {
            "name": "ratings.csv.gz",
            "rows": len(ratings),
            "bytes": _write(out / "ratings.csv.gz", _list_ratings(ratings)),
            "readers": len(rated),
            "books rated": len({rating.book for rating in ratings}),
        },
    ]
    shutil.copyfile(source / "LICENSE", out / "LICENSE")
    return figures


def choose_books(described: Iterable[Mapping[str, Any]]) -> Books:
    """Return the first 2,000 books that have a category, by key; the last 40 of them are in other languages.

    The source lists books from the most rated to the least.
    """
    usable: Books = {fields["key"]: fields for fields in described if fields["categories"]}
    chosen = dict(list(usable.items())[: BOOKS - OTHER_LANGUAGES])
    others = (key for key, fields in usable.items() if key not in chosen and not is_english(fields))
    for key, _ in zip(others, range(OTHER_LANGUAGES), strict=False):
        chosen[key] = usable[key]
    return chosen


def compose_facts(fields: Mapping[str, Any]) -> str:
    """Return a sentence or three of facts: who, when, which series, which shelves."""
    attributes = fields["attributes"]
    sentences = [f"By {_join(attributes['authors'][:3])}{_say_year(attributes.get('year'))}."]
    if "series" in attributes:
        sentences.append(f"Volume {attributes['volume']} of {attributes['series']}.")
    sentences.append(f"Readers shelve it under {_join(fields['categories'])}.")
    return " ".join(sentences)


def _say_year(year: int | None) -> str:
    if year is None:
        return ""
    return f", first published in {year}" if year > 0 else f", from about {-year} BC"


def _join(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _list_books(books: Books) -> Iterator[bytes]:
    for key, fields in books.items():
        book = {**fields, "key": f"book-{key}", "text": compose_facts(fields), "url": f"/demo/items/book-{key}"}
        yield orjson.dumps(book, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _list_ratings(ratings: Iterable[DemoRating]) -> Iterator[bytes]:
    yield b"user_id,item,kind,value,occurred_at\n"
    for rating in ratings:
        moment = f"{rating.occurred_at:%Y-%m-%dT%H:%MZ}"
        yield f"reader-{rating.user},book-{rating.book},rating,{rating.value},{moment}\n".encode()


def _write(path: Path, lines: Iterable[bytes]) -> int:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.writelines(lines)
    path.write_bytes(packed.getvalue())
    return len(packed.getvalue())


if __name__ == "__main__":
    main()
