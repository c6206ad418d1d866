"""The movielens importer: three layouts, and the archives themselves where they are at hand."""

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from catalog.extensions import load_options
from catalog.importers import Importer, ImportSourceError, Table, importers
from catalog.item_rows import check_item_row
from catalog.records import ItemRecord, RowError, SourceRow


def build(**options: Any) -> Importer:
    component = importers.get("movielens")
    return component(load_options(component.Options, options))


def read(source: Path, table: Table, **options: Any) -> list[SourceRow | RowError]:
    return list(build(**options).read_rows(source, table))


def test_the_100k_layout(tmp_path: Path) -> None:
    flags = "0|0|0|1|1|1" + "|0" * 13
    lines = (
        f"1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy Story|{flags}\n"
        f"2|Misérables, Les (1995)|4-Feb-1996|||{flags}\n"
        f"267|unknown||||1{'|0' * 18}\n"
        "3|broken\n"
    )
    (tmp_path / "u.item").write_bytes(lines.encode("latin-1"))
    (tmp_path / "u.data").write_text("196\t242\t3\t881250949\n186\t302\t3\n")
    assert read(tmp_path, "items") == [
        SourceRow(
            1,
            {
                "key": "1",
                "kind": "movie",
                "title": "Toy Story (1995)",
                "attributes": {"year": 1995},
                "published_at": "1995-01-01",
                "categories": ["Animation", "Children's", "Comedy"],
                "url": "http://us.imdb.com/M/title-exact?Toy%20Story",
            },
        ),
        SourceRow(
            2,
            {
                "key": "2",
                "kind": "movie",
                "title": "Misérables, Les (1995)",
                "attributes": {"year": 1995},
                "published_at": "1996-02-04",
                "categories": ["Animation", "Children's", "Comedy"],
            },
        ),
        SourceRow(3, {"key": "267", "kind": "movie", "title": "unknown", "categories": ["unknown"]}),
        RowError(4, "", "2 cells where 24 are expected", "malformed"),
    ]
    assert read(tmp_path / "u.data", "interactions") == [
        SourceRow(1, {"user_id": "196", "item": "242", "kind": "rating", "value": "3", "occurred_at": "881250949"}),
        RowError(2, "", "3 cells where 4 are expected", "malformed"),
    ]


def test_the_1m_layout_in_latin_1_or_utf_8(tmp_path: Path) -> None:
    movies = b"1::Caf\xe9 (1995)::Drama|War\n2::Caf\xc3\xa9 (1996)::Drama\n"
    (tmp_path / "movies.dat.gz").write_bytes(gzip.compress(movies))
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n")
    titles = [row.fields["title"] for row in read(tmp_path, "items") if isinstance(row, SourceRow)]
    assert titles == ["Café (1995)", "Café (1996)"]
    (row,) = read(tmp_path, "interactions")
    assert row == SourceRow(
        1, {"user_id": "1", "item": "1193", "kind": "rating", "value": "5", "occurred_at": "978300760"}
    )


def test_the_latest_layout(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\r\n1,"American President, The (1995)",Comedy|Drama\r\n2,No Year,(no genres listed)\r\n'
    )
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n")
    first, second = (row.fields for row in read(tmp_path, "items") if isinstance(row, SourceRow))
    assert first["title"] == "American President, The (1995)"
    assert first["categories"] == ["Comedy", "Drama"]
    assert second == {"key": "2", "kind": "movie", "title": "No Year", "categories": []}
    (rating,) = read(tmp_path, "interactions")
    assert rating.line == 2


def test_ranks_become_minutes_after_the_start(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("user_id,movie_id,rating,time_rank\n1,7,5,9\n1,8,3,\n1,9,3,x\n")
    rows = read(tmp_path, "interactions", order_start="2024-05-01")
    times = [row.fields["occurred_at"] for row in rows if isinstance(row, SourceRow)]
    assert times == [1714521600 + 540, 1714521600, "x"]


def test_what_is_no_movielens_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImportSourceError, match=r"holds none of u\.item, movies\.dat, movies\.csv"):
        read(tmp_path, "items")
    other = tmp_path / "films.csv"
    other.write_text("a,b\n")
    with pytest.raises(
        ImportSourceError, match=r"expected u\.item, movies\.dat, movies\.csv \(or \.gz\), or the folder"
    ):
        read(other, "items")
    (tmp_path / "movies.csv").write_text("a,b\n")
    with pytest.raises(ImportSourceError, match="not a MovieLens header: a, b"):
        read(tmp_path, "items")
    (tmp_path / "ratings.csv").write_text("")
    with pytest.raises(ImportSourceError, match="not a MovieLens header: the file is empty"):
        read(tmp_path, "interactions")


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("folder", "items", "ratings", "users", "rated"),
    [("ml-100k", 1_682, 100_000, 943, 1_682), ("ml-1m", 3_883, 1_000_209, 6_040, 3_706)],
)
def test_the_archives_themselves(
    shared_data: Path, folder: str, items: int, ratings: int, users: int, rated: int
) -> None:
    checked = [
        check_item_row(row) for row in build().read_rows(shared_data / folder, "items") if isinstance(row, SourceRow)
    ]
    assert len(checked) == items
    assert all(isinstance(record, ItemRecord) for record in checked)
    people: Counter[str] = Counter()
    movies = set()
    for row in build().read_rows(shared_data / folder, "interactions"):
        assert isinstance(row, SourceRow)
        people[row.fields["user_id"]] += 1
        movies.add(row.fields["item"])
    assert (people.total(), len(people), len(movies)) == (ratings, users, rated)
