"""Binary COPY out of arrays: blocks of any number make one stream."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from catalog.bulk import StagingTable, stage_blocks
from recommender.learners import Scores, Vectors
from recommender.services import publication_rows
from recommender.services.publication_rows import pack_lists, pack_scores, pack_vectors

pytestmark = pytest.mark.django_db


def copy(columns: str, blocks: list[bytes]) -> list[tuple[object, ...]]:
    table = StagingTable("packed", dict(column.split() for column in columns.split(", ")))
    with connection.cursor() as cursor, stage_blocks(cursor, table, blocks):
        cursor.execute("SELECT * FROM packed ORDER BY 1")
        return cursor.fetchall()


def test_scores_keep_every_bit() -> None:
    values = [0.1 + 0.2, -1.7e308, 5e-324, 0.0]
    scores = Scores(np.array([1, 2, 3, 2**62]), np.array(values))
    assert copy("item bigint, score float8", list(pack_scores(scores))) == list(
        zip([1, 2, 3, 2**62], values, strict=True)
    )


@pytest.mark.parametrize("block", [1, 5, 10_000])
def test_lists_of_any_length_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(publication_rows, "_ROWS_A_BLOCK", block)
    dice = np.random.default_rng(1)
    lengths = [0, 1, 7, 0, 200, 3]
    offsets = np.cumsum([0, *lengths])
    ids, weights = dice.integers(2**40, size=offsets[-1]), dice.random(offsets[-1])
    owners = np.arange(6) + 10
    rows = copy("owner bigint, ids bigint[], weights float8[]", list(pack_lists(owners, offsets, ids, weights)))
    assert rows == [
        (owner, ids[start:stop].tolist(), weights[start:stop].tolist())
        for owner, start, stop in zip(owners.tolist(), offsets[:-1], offsets[1:], strict=True)
        if stop > start
    ]


@pytest.mark.parametrize("block", [1, 2, 10_000])
def test_vectors_are_rounded_to_half_precision(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(publication_rows, "_ROWS_A_BLOCK", block)
    matrix = np.random.default_rng(2).normal(size=(3, 5)).astype(np.float32)
    rows = copy("item bigint, vector halfvec", list(pack_vectors(Vectors(np.array([4, 5, 6]), matrix))))
    read = [[float(number) for number in str(vector).strip("[]").split(",")] for _, vector in rows]
    np.testing.assert_array_equal(np.array(read, dtype=np.float16), matrix.astype(np.float16))


def test_nothing_is_an_empty_stream() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert copy("item bigint, score float8", list(pack_scores(Scores(empty, np.empty(0))))) == []
