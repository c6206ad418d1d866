"""The HNSW index of a space: used by the planner, right under filters, rebuilt after a kill."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from catalog.models import Catalog, EmbeddingSpace
from catalog.selectors import nearest_items
from catalog.services.spaces import delete_space
from catalog.vector_index import build_index, drop_index, has_index, name_index

pytestmark = pytest.mark.django_db(transaction=True)

ROWS, WIDTH = 6000, 16


def run_sql(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def fill_space(*, metric: str = "cosine", rows: int = ROWS) -> EmbeddingSpace:
    """A space with random vectors, beside another one with as many, all made in the database."""
    catalog = Catalog.objects.create(key=f"c{Catalog.objects.count()}", name="Random")
    run_sql(
        "INSERT INTO catalog_item (catalog_id, key, kind, title, text, url, image_url, language, categories, "
        "attributes, available, hidden, content_digest, created_at, updated_at) "
        f"SELECT {catalog.pk}, 'k' || n, 'item', 'item ' || n, '', '', '', '', '{{}}', '{{}}', true, false, "
        f"md5(n::text)::uuid, now(), now() FROM generate_series(1, {rows}) n"
    )
    spaces = [
        EmbeddingSpace.objects.create(catalog=catalog, dimensions=WIDTH, metric=metric, state="building")
        for _ in range(2)
    ]
    for space in spaces:
        run_sql(
            f"SELECT setseed(0.{space.pk}); "
            "INSERT INTO catalog_embedding (space_id, item_id, vector, content_digest) "
            f"SELECT {space.pk}, i.id, v.vector, i.content_digest FROM catalog_item i CROSS JOIN LATERAL "
            f"(SELECT array_agg(random() - 0.5)::vector({WIDTH})::halfvec AS vector "
            f"FROM generate_series(1, {WIDTH}) WHERE i.id > 0) v WHERE i.catalog_id = {catalog.pk}"
        )
    run_sql("ANALYZE catalog_embedding; ANALYZE catalog_item")
    return spaces[0]


@pytest.fixture
def space() -> Iterator[EmbeddingSpace]:
    space = fill_space()
    yield space
    drop_index(space.pk)


def explain(sql: str) -> str:
    return "\n".join(line for (line,) in run_sql(f"EXPLAIN {sql}"))


def order_by_distance(space: EmbeddingSpace, *, operator: str = "<=>", where: str = "") -> str:
    """The k nearest to one of the vectors, as readers ask for them."""
    cast = f"vector::halfvec({WIDTH})"
    query = f"(SELECT {cast} FROM catalog_embedding WHERE space_id = {space.pk} ORDER BY item_id LIMIT 1)"
    return (
        f"SELECT e.item_id FROM catalog_embedding e WHERE e.space_id = {space.pk} {where} "
        f"ORDER BY e.{cast} {operator} {query}"
    )


@pytest.mark.parametrize(("metric", "operator"), [("cosine", "<=>"), ("inner_product", "<#>")])
def test_the_planner_uses_the_index_for_the_nearest(metric: str, operator: str) -> None:
    space = fill_space(metric=metric)
    statement = order_by_distance(space, operator=operator) + " LIMIT 10"
    assert "hnsw" not in explain(statement)

    assert build_index(space)

    assert f"Index Scan using {name_index(space.pk)}" in explain(statement)
    drop_index(space.pk)


def test_the_planner_uses_the_index_though_its_statistics_are_older_than_the_vectors(space: EmbeddingSpace) -> None:
    run_sql(f"CREATE TEMPORARY TABLE kept AS SELECT item_id, vector FROM catalog_embedding WHERE space_id = {space.pk}")
    run_sql("UPDATE catalog_embedding SET vector = NULL, content_digest = NULL; ANALYZE catalog_embedding")
    run_sql(
        "UPDATE catalog_embedding e SET vector = kept.vector FROM kept "
        f"WHERE kept.item_id = e.item_id AND e.space_id = {space.pk}; DROP TABLE kept"
    )

    build_index(space)

    statement = order_by_distance(space, where="AND e.vector IS NOT NULL") + " LIMIT 10"
    assert f"Index Scan using {name_index(space.pk)}" in explain(statement)


def test_another_spaces_query_does_not_use_the_index(space: EmbeddingSpace) -> None:
    build_index(space)
    other = EmbeddingSpace.objects.exclude(pk=space.pk).get()

    assert "hnsw" not in explain(order_by_distance(other) + " LIMIT 10")


def test_the_index_finds_what_an_exact_scan_finds(space: EmbeddingSpace) -> None:
    exact = {item for (item,) in run_sql(order_by_distance(space) + " LIMIT 20")}
    build_index(space)

    found = {item for (item,) in run_sql(order_by_distance(space) + " LIMIT 20")}

    assert len(found) == 20
    assert len(found & exact) >= 18


def test_a_filter_that_lets_one_in_a_hundred_pass_still_gives_all_that_are_asked_for(space: EmbeddingSpace) -> None:
    build_index(space)
    statement = order_by_distance(space, where="AND e.item_id % 100 = 7") + " LIMIT 50"

    run_sql("SET enable_sort = off")  # left alone, the planner ranks so few rows exactly
    try:
        assert f"Index Scan using {name_index(space.pk)}" in explain(statement)
        assert len(run_sql(statement)) == 50
    finally:
        run_sql("RESET enable_sort")


def test_connections_scan_iteratively() -> None:
    assert run_sql("SHOW hnsw.iterative_scan") in ([("strict_order",)], [("relaxed_order",)])


def test_building_again_changes_nothing(space: EmbeddingSpace) -> None:
    build_index(space)
    before = run_sql(f"SELECT '{name_index(space.pk)}'::regclass::oid")

    assert build_index(space)

    assert run_sql(f"SELECT '{name_index(space.pk)}'::regclass::oid") == before


def test_what_a_killed_build_left_is_rebuilt(space: EmbeddingSpace) -> None:
    build_index(space)
    name = name_index(space.pk)
    run_sql(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{name}'::regclass")
    assert not has_index(space.pk)
    before = run_sql(f"SELECT '{name}'::regclass::oid")

    assert build_index(space)

    assert has_index(space.pk)
    assert run_sql(f"SELECT '{name}'::regclass::oid") != before


def test_memory_is_given_back_after_the_build(space: EmbeddingSpace, settings) -> None:
    settings.RECSITE_ENCODING = {"index_memory_mb": 4096}
    before = run_sql("SHOW maintenance_work_mem")

    build_index(space)

    assert run_sql("SHOW maintenance_work_mem") == before
    assert run_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_a_small_space_gets_no_index() -> None:
    space = fill_space(rows=100)

    assert not build_index(space)
    assert not has_index(space.pk)


def test_a_space_without_a_width_gets_no_index() -> None:
    catalog = Catalog.objects.create(key="books", name="Books")

    assert not build_index(EmbeddingSpace.objects.create(catalog=catalog))


def test_the_index_goes_with_its_space(space: EmbeddingSpace) -> None:
    build_index(space)

    assert delete_space(space.pk) == ROWS

    assert run_sql("SELECT relname FROM pg_class WHERE relname LIKE 'embedding_space_%'") == []


def test_nearest_items_are_the_same_with_and_without_the_index(space: EmbeddingSpace) -> None:
    [(item_id,)] = run_sql("SELECT min(id) FROM catalog_item")
    exact = nearest_items(item_id, space_id=space.pk, k=5)
    build_index(space)

    found = nearest_items(item_id, space_id=space.pk, k=5)

    assert len({near.item_id for near in exact} & {near.item_id for near in found}) >= 4
    assert found[0].similarity == pytest.approx(exact[0].similarity, abs=0.01)
    assert [near.similarity for near in found] == sorted((near.similarity for near in found), reverse=True)
