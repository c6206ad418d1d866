from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection, transaction

from catalog.bulk import StagingTable, stage_rows, text_array

TABLE = StagingTable("staged_test", {"place": "integer", "names": "text[]", "body": "text", "at": "timestamptz"})
WILD = ["", "a,b", 'say "hi"', "back\\slash", "{curly}", "NULL", "tab\tnew\nline", "红楼梦", "🙂", "עברית", " spaces "]


def stage(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    with transaction.atomic(), connection.cursor() as cursor, stage_rows(cursor, TABLE, rows):
        cursor.execute("SELECT place, names, body, at FROM staged_test ORDER BY place")
        return cursor.fetchall()


@pytest.mark.django_db
def test_values_come_back_as_they_went_in():
    now = datetime(2024, 5, 1, 12, tzinfo=UTC)
    rows = [(place, text_array([text, text]), text, now) for place, text in enumerate(WILD)]

    staged = stage([*rows, (99, text_array([]), "\\N", None)])

    assert staged == [*((place, [text, text], text, now) for place, text in enumerate(WILD)), (99, [], "\\N", None)]


@pytest.mark.django_db
def test_no_rows_are_fine():
    assert stage([]) == []


@pytest.mark.django_db
def test_two_batches_fit_into_one_transaction():
    with transaction.atomic():
        assert len(stage([(1, "{}", "a", None)])) == 1
        assert len(stage([(2, "{}", "b", None)])) == 1


@pytest.mark.django_db
def test_a_value_of_the_wrong_type_is_a_database_error_and_leaves_no_table_behind():
    with pytest.raises(DataError, match="invalid input syntax"):
        stage([("no number", "{}", "", None)])

    assert stage([(1, "{}", "a", None)]) == [(1, [], "a", None)]


@pytest.mark.django_db
def test_the_number_of_statements_does_not_depend_on_the_rows(django_assert_num_queries):
    for count in (1, 500):
        with django_assert_num_queries(6):  # savepoint, create, copy, select, drop, release
            stage([(place, "{}", "x", None) for place in range(count)])
