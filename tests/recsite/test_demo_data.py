"""The bundled demo catalogue: every row is good, and it is what its page says."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import recsite
from catalog.importers import importers
from catalog.item_rows import check_item_row
from catalog.records import ItemRecord, SourceRow
from profiles.interaction_rows import check_interaction_row
from profiles.records import InteractionRecord

FOLDER = Path(recsite.__file__).parent / "demo_data"


def read_books() -> list[ItemRecord]:
    component = importers.get("jsonl")
    rows = list(component(component.Options()).read_rows(FOLDER / "books.jsonl.gz", "items"))
    records = [check_item_row(row) for row in rows if isinstance(row, SourceRow)]
    books = [record for record in records if isinstance(record, ItemRecord)]
    assert len(books) == len(rows)
    return books


def read_ratings() -> list[InteractionRecord]:
    component = importers.get("csv")
    rows = list(component(component.Options()).read_rows(FOLDER / "ratings.csv.gz", "interactions"))
    now = datetime(2026, 11, 1, tzinfo=UTC)
    records = [check_interaction_row(row, now=now, kinds={"rating"}) for row in rows if isinstance(row, SourceRow)]
    ratings = [record for record in records if isinstance(record, InteractionRecord)]
    assert len(ratings) == len(rows)
    return ratings


def test_two_thousand_books_with_title_text_categories_and_authors() -> None:
    books = read_books()
    assert len({book.key for book in books}) == len(books) == 2_000
    for book in books:
        assert book.title
        assert book.text
        assert 1 <= len(book.categories) <= 8
        assert book.attributes["authors"]
        assert book.image_url == ""
    languages = Counter(book.language for book in books if book.language and not book.language.startswith("en"))
    assert languages.total() == 53
    assert set(languages) == {"ar", "da", "de", "es", "fr", "id", "it", "ja", "nl", "no", "pl", "pt", "vi"}


def test_a_hundred_thousand_ratings_of_those_books_once_each() -> None:
    ratings = read_ratings()
    keys = {book.key for book in read_books()}
    assert len(ratings) == 104_921
    assert {rating.item for rating in ratings} <= keys
    assert len({(rating.user_id, rating.item) for rating in ratings}) == len(ratings)
    assert len({rating.interaction_id for rating in ratings}) == len(ratings)
    histories = Counter(rating.user_id for rating in ratings)
    assert len(histories) == 2_000
    assert min(histories.values()) >= 20
    assert {rating.value for rating in ratings} == {1.0, 2.0, 3.0, 4.0, 5.0}
    times = [rating.occurred_at for rating in ratings]
    assert times == sorted(times)


def test_the_figures_of_the_page_hold_and_the_files_are_small() -> None:
    page = (FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert f"({len(read_books()):,} books)" in page
    assert f"({len(read_ratings()):,} ratings by 2,000 readers)" in page
    assert "creativecommons.org/licenses/by-sa/4.0" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in FOLDER.glob("*.gz")) < 3_000_000
