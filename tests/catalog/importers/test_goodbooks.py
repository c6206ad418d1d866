"""The goodbooks importer: every layout in circulation, and the data itself where it is at hand."""

from pathlib import Path
from typing import Any

import pytest

from catalog.extensions import load_options
from catalog.importers import Importer, ImportSourceError, importers
from catalog.importers.book_shelves import pick_categories
from catalog.item_rows import check_item_row
from catalog.records import ItemRecord, SourceRow

TAGS = "tag_id,tag_name\n30,to-read\n31,fantasy\n32,sci-fi\n33,science-fiction\n34,owned\n35,ya\n"
KAGGLE_BOOKS = (
    "id,book_id,authors,original_publication_year,original_title,title,language_code,average_rating,ratings_count\n"
    '1,3,"J.K. Rowling, Mary GrandPré",1997.0,Harry Potter and the Philosopher\'s Stone,'
    '"Harry Potter and the Sorcerer\'s Stone (Harry Potter, #1)",eng,4.44,4602479\n'
    "2,77,Homer,-720.0,Ὀδύσσεια,The Odyssey,,3.73,670326\n"
)
KAGGLE_TAGS = "goodreads_book_id,tag_id,count\n3,30,9000\n3,31,100\n3,32,40\n3,33,80\n3,35,1\n77,34,5\n"


def build(**options: Any) -> Importer:
    component = importers.get("goodbooks")
    return component(load_options(component.Options, options))


def read_fields(source: Path, **options: Any) -> list[Any]:
    return [row.fields for row in build(**options).read_rows(source, "items") if isinstance(row, SourceRow)]


def write(folder: Path, books: str, links: str) -> Path:
    (folder / "books.csv").write_text(books)
    (folder / "book_tags.csv").write_text(links)
    (folder / "tags.csv").write_text(TAGS)
    return folder


def test_books_with_an_id_join_their_tags_on_the_goodreads_id(tmp_path: Path) -> None:
    potter, odyssey = read_fields(write(tmp_path, KAGGLE_BOOKS, KAGGLE_TAGS))
    assert potter == {
        "key": "1",
        "kind": "book",
        "title": "Harry Potter and the Sorcerer's Stone",
        "categories": ["science fiction", "fantasy"],
        "language": "en",
        "published_at": "1997-01-01",
        "attributes": {
            "authors": ["J.K. Rowling", "Mary GrandPré"],
            "series": "Harry Potter",
            "volume": 1,
            "year": 1997,
            "average_rating": 4.44,
            "ratings_count": 4602479,
            "original_title": "Harry Potter and the Philosopher's Stone",
        },
    }
    assert odyssey["attributes"]["year"] == -720
    assert "published_at" not in odyssey
    assert odyssey["categories"] == []


def test_tags_that_carry_the_dense_id_join_on_it(tmp_path: Path) -> None:
    links = "tag_id,book_id,goodreads_book_id,count\n31,1,3,10\n31,2,77,10\n"
    assert [book["categories"] for book in read_fields(write(tmp_path, KAGGLE_BOOKS, links))] == [["fantasy"]] * 2


def test_books_in_the_later_public_layout(tmp_path: Path) -> None:
    books = "book_id,goodreads_book_id,authors,title\n1,3,A,One\n2,77,B,Two\n"
    first, second = read_fields(write(tmp_path, books, KAGGLE_TAGS))
    assert (first["key"], first["categories"]) == ("1", ["science fiction", "fantasy"])
    assert (second["key"], second["categories"]) == ("2", [])


def test_without_tag_files_there_are_no_categories(tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_text(KAGGLE_BOOKS)
    assert [book["categories"] for book in read_fields(tmp_path / "books.csv")] == [[], []]


def test_the_number_of_categories_is_an_option(tmp_path: Path) -> None:
    assert read_fields(write(tmp_path, KAGGLE_BOOKS, KAGGLE_TAGS), categories=1)[0]["categories"] == ["science fiction"]


@pytest.mark.parametrize(
    "header", ["book_id,user_id,rating\n1,314,5\n9,2,3\n", "user_id,book_id,rating\n314,1,5\n2,9,3\n"]
)
def test_ratings_in_either_column_order_get_times_in_file_order(tmp_path: Path, header: str) -> None:
    (tmp_path / "ratings.csv").write_text(header)
    fields = {"user_id": "314", "item": "1", "kind": "rating", "value": "5"}
    assert next(build().read_rows(tmp_path, "interactions")) == SourceRow(2, {**fields, "occurred_at": 1420070402})
    assert next(build(order="none").read_rows(tmp_path, "interactions")) == SourceRow(2, fields)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("book,user_id\n")
    with pytest.raises(ImportSourceError, match=r"no column book_id, rating \(columns: book, user_id\)"):
        list(build().read_rows(tmp_path, "interactions"))


def test_shelves_of_state_author_and_series_are_no_categories() -> None:
    shelves = [("to-read", 900), ("stephen-king", 80), ("horror", 50), ("scary-stuff", 40), ("ya", 1), ("owned", 3)]
    assert pick_categories(shelves, most=8) == ("horror", "young adult")
    assert pick_categories([("horror", 500), ("ya", 9)], most=8) == ("horror",)
    assert pick_categories([("to-read", 5)], most=8) == ()


@pytest.mark.shared_data
def test_the_data_itself(shared_data: Path) -> None:
    source = shared_data / "goodbooks-10k"
    records = [check_item_row(row) for row in build().read_rows(source, "items") if isinstance(row, SourceRow)]
    books = [record for record in records if isinstance(record, ItemRecord)]
    assert len(books) == len(records) == 10_000
    assert sum(bool(book.categories) for book in books) == 9_071
    assert {book.language for book in books} > {"en", "en-US", "ar", "fr", "es"}
    readers = set()
    count = 0
    for row in build().read_rows(source, "interactions"):
        assert isinstance(row, SourceRow)
        readers.add(row.fields["user_id"])
        count += 1
    assert (count, len(readers)) == (981_756, 53_424)
