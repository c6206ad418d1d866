"""Reads the vectors of given items: what re-rankers compare."""

import numpy as np
from django.db import connection

from recommender.records import FloatMatrix, Ids, SpaceRef

_HEADER_BYTES = 4


def read_item_vectors(space: SpaceRef, item_ids: Ids) -> FloatMatrix:
    """Return float32 (m, dimensions) unit rows for ``item_ids`` (m,); a zero row where an item has no vector.

    ``halfvec_send`` gives pgvector's wire form: a header of two 16-bit numbers, then big-endian float16.
    """
    matrix = np.zeros((len(item_ids), space.dimensions), dtype=np.float32)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, halfvec_send(vector) FROM catalog_embedding "
            "WHERE space_id = %s AND item_id = ANY(%s) AND vector IS NOT NULL",
            [space.id, item_ids.tolist()],
        )
        places = {item_id: place for place, item_id in enumerate(item_ids.tolist())}
        for item_id, sent in cursor.fetchall():
            matrix[places[item_id]] = np.frombuffer(sent, dtype=">f2", offset=_HEADER_BYTES)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    np.divide(matrix, norms, out=matrix, where=norms > 0)
    return matrix
