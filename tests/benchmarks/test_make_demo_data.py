"""The demo catalogue is made from facts, the same way every time."""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.demo_ratings import END, SPAN_MINUTES, choose_readers, invent_order
from benchmarks.make_demo_data import OUT, choose_books, compose_facts, make_demo_data


def make_book(ratings: int = 5_000_000, **attributes: Any) -> dict[str, Any]:
    return {"categories": ["fantasy"], "attributes": {"authors": ["A"], "ratings_count": ratings, **attributes}}


def test_volumes_of_a_series_follow_one_another_by_number() -> None:
    books = {str(number): make_book() for number in range(20)}
    books |= {
        key: make_book(series="Saga", volume=volume) for key, volume in (("99", 1), ("98", 2), ("50", 2.5), ("97", 3))
    }
    mine = dict.fromkeys(books, "5")
    for seed in range(20):
        order = [rating.book for rating in invent_order({"7": mine}, books, seed=seed)]
        begun = order.index("99")
        assert order[begun : begun + 4] == ["99", "98", "50", "97"]
        assert sorted(order) == sorted(books)


def test_times_rise_within_a_reader_and_stay_in_the_year() -> None:
    books = {str(number): make_book() for number in range(300)}
    rated = {str(user): dict.fromkeys(books, "3") for user in range(20)}
    ratings = invent_order(rated, books, seed=1)
    assert len(ratings) == 6_000
    assert ratings == sorted(ratings, key=lambda rating: rating.occurred_at)
    for user in rated:
        times = [rating.occurred_at for rating in ratings if rating.user == user]
        assert len(set(times)) == 300
        assert END - timedelta(minutes=SPAN_MINUTES) <= times[0] < times[-1] < END


def test_readers_are_those_with_enough_ratings_of_chosen_books() -> None:
    books = {str(number): make_book() for number in range(5)}
    rows = [("1", str(number), "4") for number in range(5)] + [("2", "0", "5"), ("3", "99", "5")]
    rows += [("1", "0", "2")]
    rated = choose_readers(rows, books, readers=10, fewest=2, seed=0)
    assert rated == {"1": {"0": "2", "1": "4", "2": "4", "3": "4", "4": "4"}}


def test_less_popular_books_keep_fewer_ratings_and_other_languages_keep_all() -> None:
    books = {
        "1": make_book(5_000_000),
        "2": make_book(60_000),
        "3": make_book(100),
        "4": make_book(100) | {"language": "ar"},
    }
    rows = [(str(user), book, "4") for user in range(2_000) for book in books]
    rated = choose_readers(rows, books, readers=2_000, fewest=1, seed=0)
    counts = {book: sum(book in mine for mine in rated.values()) for book in books}
    assert counts["1"] == counts["4"] == 2_000
    assert 1_250 < counts["2"] < 1_370
    assert 940 < counts["3"] < 1_060


def test_books_are_the_first_with_categories_then_other_languages() -> None:
    described = [{"key": str(number), "categories": ["x"], "language": "en"} for number in range(2_100)]
    described[3]["categories"] = []
    for number in (10, 2_050, 2_060):
        described[number]["language"] = "es"
    chosen = choose_books(described)
    assert list(chosen)[:4] == ["0", "1", "2", "4"]
    assert list(chosen)[-3:] == ["1960", "2050", "2060"]


def test_facts_read_as_sentences() -> None:
    book = make_book(authors=["A", "B", "C", "D"], year=-720, series="S", volume=2) | {"categories": ["x", "y"]}
    assert compose_facts(book) == "By A, B and C, from about 720 BC. Volume 2 of S. Readers shelve it under x and y."
    assert compose_facts(make_book(year=1999)) == "By A, first published in 1999. Readers shelve it under fantasy."


@pytest.mark.shared_data
def test_the_bundled_files_are_what_the_source_gives(shared_data: Path, tmp_path: Path) -> None:
    make_demo_data(shared_data / "goodbooks-10k", tmp_path, seed=0)
    for name in ("books.jsonl.gz", "ratings.csv.gz"):
        made, bundled = (tmp_path / name).read_bytes(), (OUT / name).read_bytes()
        assert gzip.decompress(made) == gzip.decompress(bundled)
        assert made[4:8] == bundled[4:8] == b"\x00" * 4  # no time in the header: the same bytes every day
    assert (tmp_path / "LICENSE").read_bytes() == (OUT / "LICENSE").read_bytes()
