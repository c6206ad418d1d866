"""What the files become: a dataset, keys, records, and notes on what did not fit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.lines import FileError
from benchmarks.accuracy.plain_data import ORDER_ONLY, read_given_data, read_rating_data, read_sequence_data
from catalog.records import ItemRecord


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_sequences_become_a_dataset_numbered_by_appearance(tmp_path: Path) -> None:
    data = read_sequence_data(write(tmp_path, "s.txt", "b i\na k\nb j\nb i\na i\n"))
    assert data.profile_keys == ("b", "a")
    assert data.item_keys == ("i", "k", "j")
    train = data.train
    assert train.profile_ids.tolist() == [1, 2]
    assert train.item_ids.tolist() == [1, 2, 3]
    assert train.profiles.tolist() == [0, 0, 0, 1, 1]
    assert train.items.tolist() == [0, 2, 0, 1, 0]
    assert train.times.tolist() == [0.0, 1.0, 2.0, 0.0, 1.0]
    assert train.strengths.tolist() == [1.0] * 5
    assert np.isnan(train.values).all()
    assert train.kind_names == ("view",)
    assert train.until == datetime.fromtimestamp(3, UTC)
    assert data.counts == {"users": 2, "items": 3, "interactions": 5}
    assert data.notes == (ORDER_ONLY,)


def test_ratings_become_a_dataset_in_the_order_of_time(tmp_path: Path) -> None:
    data = read_rating_data(write(tmp_path, "u.data", "a\tx\t3\t90\nb\tx\t1\t50\na\ty\t5\t20\n"))
    assert data.train.items.tolist() == [1, 0, 0]
    assert data.train.times.tolist() == [20.0, 90.0, 50.0]
    assert data.train.values.tolist() == [5.0, 3.0, 1.0]
    assert data.train.kind_names == ("rating",)
    assert data.notes == ()


def test_given_files_share_one_catalogue_and_tell_who_is_new(tmp_path: Path) -> None:
    train = write(tmp_path, "train.txt", "u 1 2\nv 2 3\n")
    data = read_given_data(train, write(tmp_path, "test.txt", "u 3 4\nw 1 2\nv\n"))
    assert data.test is not None
    assert data.item_keys == ("1", "2", "3", "4")
    assert data.test.item_ids.tolist() == data.train.item_ids.tolist() == [1, 2, 3, 4]
    assert data.test.profile_ids.tolist() == data.train.profile_ids.tolist() == [1, 2, 3]
    assert data.counts["test_interactions"] == 4
    assert data.notes[1:] == (
        "test.txt: 1 user without an item",
        "test.txt: 1 user that the file to train on does not have",
        "test.txt: 1 item that the file to train on does not have",
    )


def test_items_are_read_and_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    rows = [
        {"id": 7, "title": "Seven", "categories": [["Films", "Crime"]], "attributes": ["a"], "year": 1995},
        {"id": "nobody", "title": "Never met"},
        {"id": "7", "title": "Se7en", "categories": "Crime", "text": "Rain."},
    ]
    items = write(tmp_path, "items.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n\n")
    data = read_sequence_data(write(tmp_path, "s.txt", "a 7 8\nb 8 7\n"), item_path=items)
    assert data.records == (ItemRecord(key="7", title="Se7en", categories=("Crime",), text="Rain."), None)
    assert data.notes[1:] == (
        "items.jsonl: 1 item of the interactions absent",
        "items.jsonl: 1 item without an interaction left out",
        "items.jsonl: 1 item twice: the later line counts",
    )


def test_nested_categories_and_free_attributes_are_kept(tmp_path: Path) -> None:
    row = {"id": "x", "title": None, "categories": [["A", "B"], ["A"]], "brand": "OPI"}
    items = write(tmp_path, "items.jsonl", json.dumps(row))
    data = read_sequence_data(write(tmp_path, "s.txt", "a x y\n"), item_path=items)
    assert data.records is not None
    assert data.records[0] == ItemRecord(key="x", categories=("A", "B"), attributes={"brand": "OPI"})


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: no JSON"),
        ("[1]", "line 2: a JSON object is needed, not list"),
        ('{"title": "No id"}', "line 2: an id is needed, a text or a whole number, not None"),
        ('{"id": true}', "line 2: an id is needed"),
        ('{"id": "y", "title": ["T"]}', "line 2: the title is no text but list"),
        ('{"id": "y", "categories": {"a": 1}}', "line 2: a category is no text but dict"),
    ],
)
def test_a_malformed_item_is_named_by_line(tmp_path: Path, line: str, complaint: str) -> None:
    items = write(tmp_path, "items.jsonl", f'{{"id": "x"}}\n{line}\n')
    with pytest.raises(FileError, match=complaint):
        read_sequence_data(write(tmp_path, "s.txt", "a x y\n"), item_path=items)


def test_a_file_of_other_items_is_refused(tmp_path: Path) -> None:
    items = write(tmp_path, "items.jsonl", '{"id": "other"}\n')
    with pytest.raises(FileError, match="not one of the 2 items of the interactions is in the file"):
        read_sequence_data(write(tmp_path, "s.txt", "a x y\n"), item_path=items)


def test_a_single_item_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="only one item: nothing can be ranked"):
        read_sequence_data(write(tmp_path, "s.txt", "a x x x\nb x x x\n"))


def test_a_single_user_is_told(tmp_path: Path) -> None:
    data = read_sequence_data(write(tmp_path, "s.txt", "a x y z\n"))
    assert data.notes[-1] == "there is only one user: the figures say nothing about others"


@pytest.mark.shared_data
def test_public_files_have_the_published_counts(shared_data: Path) -> None:
    films = read_sequence_data(shared_data / "ml-1m" / "sequences.txt.gz")
    assert films.counts == {"users": 6040, "items": 3416, "interactions": 999_611}
    beauty = read_sequence_data(
        shared_data / "amazon-beauty" / "sequences.txt.gz", item_path=shared_data / "amazon-beauty" / "items.jsonl.gz"
    )
    assert beauty.counts == {"users": 22_363, "items": 12_101, "interactions": 198_502}
    assert beauty.notes == (ORDER_ONLY,)
    places = read_given_data(shared_data / "gowalla" / "train.txt.gz", shared_data / "gowalla" / "test.txt.gz")
    assert places.counts == {
        "users": 29_858,
        "items": 40_981,
        "interactions": 810_128,
        "test_interactions": 217_242,
    }
    assert read_rating_data(shared_data / "ml-100k" / "u.data.gz").counts == {
        "users": 943,
        "items": 1_682,
        "interactions": 100_000,
    }
