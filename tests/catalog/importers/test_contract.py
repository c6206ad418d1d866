"""Every built-in importer keeps the contract."""

import gzip
from pathlib import Path

import pyarrow
import pyarrow.parquet

from catalog.importers import Table
from catalog.testing.importers import GzipImporterContract, ImporterContract

ITEMS = "key,title,text,categories\n1,One,First,a|b\n2,Two,,\n3,Drei,Dritter,c\n"
INTERACTIONS = "user_id,item,kind,occurred_at\nu,1,view,2024-05-01\nu,2,view,2024-05-02\nv,1,view,2024-05-03\n"


class TestCsv(GzipImporterContract):
    key = "csv"

    def write_source(self, folder: Path, table: Table) -> Path:
        path = folder / "rows.csv"
        path.write_text(ITEMS if table == "items" else INTERACTIONS)
        return path


class TestTsv(GzipImporterContract):
    key = "tsv"

    def write_source(self, folder: Path, table: Table) -> Path:
        path = folder / "rows.tsv"
        path.write_text((ITEMS if table == "items" else INTERACTIONS).replace(",", "\t"))
        return path


class TestJsonl(GzipImporterContract):
    key = "jsonl"

    def write_source(self, folder: Path, table: Table) -> Path:
        path = folder / "rows.jsonl"
        if table == "items":
            path.write_text('{"key":"1","title":"One","year":1990}\n\n{"key":2}\n{"key":"3","attributes":{"a":1}}')
        else:
            path.write_text('{"user_id":"u","kind":"view","item":"1"}\n' * 3)
        return path


class TestParquet(ImporterContract):
    key = "parquet"

    def write_source(self, folder: Path, table: Table) -> Path:
        path = folder / "rows.parquet"
        if table == "items":
            columns = {"key": [1, 2, 3], "title": ["One", "Two", None], "categories": [["a"], [], ["b", "c"]]}
        else:
            columns = {"user_id": ["u", "u", "v"], "kind": ["view"] * 3, "item": [1, 2, 3]}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        return path


class TestMovieLens(ImporterContract):
    key = "movielens"

    def write_source(self, folder: Path, table: Table) -> Path:
        (folder / "movies.csv").write_text('movieId,title,genres\n1,A (1999),Drama\n2,"B, The",Drama|War\n3,C,War\n')
        ratings = "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,2,3.5,964982704\n2,1,5.0,964982705\n"
        (folder / "ratings.csv.gz").write_bytes(gzip.compress(ratings.encode()))
        return folder


class TestGoodbooks(ImporterContract):
    key = "goodbooks"

    def write_source(self, folder: Path, table: Table) -> Path:
        (folder / "books.csv").write_text("id,book_id,authors,title\n1,11,A,One\n2,12,B,Two\n3,13,C,Three\n")
        ratings = "book_id,user_id,rating\n1,7,5\n2,7,4\n3,8,3\n"
        (folder / "ratings.csv.gz").write_bytes(gzip.compress(ratings.encode()))
        return folder
