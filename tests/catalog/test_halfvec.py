"""What is written of a halfvec here is what Postgres reads, and the other way round."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from catalog.bulk import StagingTable, pack_rows, stage_blocks
from catalog.halfvec import distance_sql, pack_vectors, scale_rows, similarity_sql, unpack_vectors

TABLE = StagingTable("staged_vector", {"place": "bigint", "vector": "halfvec"})


@pytest.mark.django_db
@pytest.mark.parametrize("width", [1, 3, 384])
def test_vectors_come_back_in_half_precision(width: int):
    matrix = np.random.default_rng(width).normal(size=(5, width)).astype(np.float32)
    block = pack_rows(np.arange(5, dtype=">i8"), pack_vectors(matrix))
    with connection.cursor() as cursor, stage_blocks(cursor, TABLE, [block]):
        cursor.execute("SELECT halfvec_send(vector) FROM staged_vector ORDER BY place")
        sent = [row for (row,) in cursor.fetchall()]
    np.testing.assert_array_equal(unpack_vectors(sent), matrix.astype(np.float16).astype(np.float32))


@pytest.mark.django_db
@pytest.mark.parametrize(("metric", "similarity"), [("cosine", 0.6), ("inner_product", 3.0)])
def test_the_similarity_is_that_of_the_metric(metric: str, similarity: float):
    distance = distance_sql("'[3,4]'", "'[1,0]'::halfvec(2)", dimensions=2, metric=metric)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {similarity_sql(distance, metric=metric)}")
        assert cursor.fetchone()[0] == pytest.approx(similarity)


def test_rows_are_scaled_to_unit_length_and_zeros_stay():
    scaled = scale_rows(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32))
    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)
    assert scaled.dtype == np.float32
