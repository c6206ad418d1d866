"""Compares two spaces of a catalog by the neighbours that items have in them."""

from collections.abc import Iterator

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.encoders import FloatMatrix
from catalog.halfvec import scale_rows, unpack_vectors
from catalog.models import EmbeddingSpace

ROWS_A_CHUNK = 5_000

_SAMPLE = """
SELECT e.item_id FROM catalog_embedding e JOIN catalog_embedding o ON o.item_id = e.item_id
WHERE e.space_id = %(space)s AND o.space_id = %(other)s AND e.vector IS NOT NULL AND o.vector IS NOT NULL
ORDER BY md5(%(seed)s || ':' || e.item_id), e.item_id LIMIT %(sample)s
"""
_CHUNK = """
SELECT e.item_id, halfvec_send(e.vector), halfvec_send(o.vector)
FROM catalog_embedding e JOIN catalog_embedding o ON o.item_id = e.item_id
WHERE e.space_id = %(space)s AND o.space_id = %(other)s AND e.vector IS NOT NULL AND o.vector IS NOT NULL
AND e.item_id > %(after)s ORDER BY e.item_id LIMIT %(limit)s
"""
_VECTORS = """
SELECT halfvec_send(e.vector), halfvec_send(o.vector)
FROM unnest(%(items)s::bigint[]) WITH ORDINALITY s(item_id, place)
JOIN catalog_embedding e ON e.space_id = %(space)s AND e.item_id = s.item_id
JOIN catalog_embedding o ON o.space_id = %(other)s AND o.item_id = s.item_id
ORDER BY s.place
"""


def compare_spaces(space_id: int, other_id: int, *, k: int = 10, sample: int = 100, seed: int = 0) -> float:
    """Return the mean overlap@k of two spaces: which share of an item's ``k`` nearest is the same in both.

    Over ``sample`` items drawn by ``seed``, among the items with a vector in both spaces, by exact search in one
    pass in constant memory. NaN where fewer than two items have both. Raise ValueError for spaces of two
    catalogs, and for k or sample below 1.
    """
    if k < 1 or sample < 1:
        raise ValueError("k and sample must be at least 1")
    spaces = [EmbeddingSpace.objects.get(pk=pk) for pk in (space_id, other_id)]
    if spaces[0].catalog_id != spaces[1].catalog_id:
        raise ValueError("the spaces belong to two catalogs")
    pair = {"space": space_id, "other": other_id}
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {**pair, "seed": str(seed), "sample": sample})
        chosen = np.array([item_id for (item_id,) in cursor.fetchall()], dtype=np.int64)
        cursor.execute(_VECTORS, {**pair, "items": chosen.tolist()})
        queries = [unpack_vectors(column) for column in zip(*cursor.fetchall(), strict=True)]
    if len(chosen) < 2:
        return float("nan")
    cosine = [space.metric == EmbeddingSpace.Metric.COSINE for space in spaces]
    best = [_Nearest(chosen, query, k=k, cosine=flag) for query, flag in zip(queries, cosine, strict=True)]
    for item_ids, *vectors in _read_chunks(pair):
        for nearest, matrix in zip(best, vectors, strict=True):
            nearest.add(item_ids, matrix)
    shares = [
        len(mine & theirs) / max(1, len(mine))
        for mine, theirs in zip(best[0].list_items(), best[1].list_items(), strict=True)
    ]
    return float(np.mean(shares))


class _Nearest:
    """The k nearest items so far of each query (q, d) among those added; an item is no neighbour of its own."""

    def __init__(self, query_ids: NDArray[np.int64], queries: FloatMatrix, *, k: int, cosine: bool) -> None:
        self._query_ids, self._k, self._cosine = query_ids, k, cosine
        self._queries = self._scale(queries)
        self._ids = np.empty((len(query_ids), 0), dtype=np.int64)
        self._similarities = np.empty((len(query_ids), 0), dtype=np.float32)

    def add(self, item_ids: NDArray[np.int64], vectors: FloatMatrix) -> None:
        """Take n more items (n,) with their vectors (n, d) into account."""
        similarities = self._queries @ self._scale(vectors).T
        similarities[self._query_ids[:, None] == item_ids[None, :]] = -np.inf
        similarities = np.concatenate([self._similarities, similarities], axis=1)
        ids = np.concatenate([self._ids, np.broadcast_to(item_ids, (len(self._query_ids), len(item_ids)))], axis=1)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, : self._k]
        self._ids = np.take_along_axis(ids, order, axis=1)
        self._similarities = np.take_along_axis(similarities, order, axis=1)

    def list_items(self) -> list[set[int]]:
        """Return the items nearest to each query."""
        return [set(row[kept].tolist()) for row, kept in zip(self._ids, np.isfinite(self._similarities), strict=True)]

    def _scale(self, vectors: FloatMatrix) -> FloatMatrix:
        return scale_rows(vectors) if self._cosine else vectors


def _read_chunks(pair: dict[str, int]) -> Iterator[tuple[NDArray[np.int64], FloatMatrix, FloatMatrix]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CHUNK, {**pair, "after": after, "limit": ROWS_A_CHUNK})
            rows = cursor.fetchall()
        if not rows:
            return
        item_ids, left, right = zip(*rows, strict=True)
        yield np.array(item_ids, dtype=np.int64), unpack_vectors(left), unpack_vectors(right)
        after = item_ids[-1]
