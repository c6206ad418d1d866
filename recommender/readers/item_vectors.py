"""Reads the vectors of given items: what re-rankers compare."""

import numpy as np
from django.db import connection

from catalog.halfvec import scale_rows, unpack_vectors
from recommender.records import FloatMatrix, Ids, SpaceRef


def read_item_vectors(space: SpaceRef, item_ids: Ids) -> FloatMatrix:
    """Return float32 (m, dimensions) unit rows for ``item_ids`` (m,); a zero row where an item has no vector."""
    matrix = np.zeros((len(item_ids), space.dimensions), dtype=np.float32)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, halfvec_send(vector) FROM catalog_embedding "
            "WHERE space_id = %s AND item_id = ANY(%s) AND vector IS NOT NULL",
            [space.id, item_ids.tolist()],
        )
        rows = cursor.fetchall()
    if rows:
        places = {item_id: place for place, item_id in enumerate(item_ids.tolist())}
        found, sent = zip(*rows, strict=True)
        matrix[[places[item_id] for item_id in found]] = scale_rows(unpack_vectors(sent))
    return matrix
