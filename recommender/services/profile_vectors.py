"""Writes the query vectors that a learner computed for profiles."""

from datetime import datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.bulk import StagingTable, stage_blocks
from catalog.models import EmbeddingSpace
from recommender.models import ProfileVector
from recommender.services.publication_rows import pack_profile_vectors

# Without counts nobody can say which rows a vector knows of; what is sure is that it was made before a merge.
_WRITE = """
INSERT INTO recommender_profilevector (space_id, profile_id, interaction_id, vector)
SELECT %(space)s, s.profile_id, log.newest, s.vector
FROM {staged} s
JOIN profiles_profile p ON p.id = s.profile_id
LEFT JOIN unnest(%(ids)s::bigint[], %(counts)s::bigint[]) AS read(profile_id, rows) ON read.profile_id = p.id
CROSS JOIN LATERAL (
    SELECT COALESCE(max(x.id), 0) AS newest, count(x.item_id) AS rows FROM profiles_interaction x
    WHERE x.profile_id = p.id AND x.occurred_at <= COALESCE(%(until)s, 'infinity'::timestamptz)
) log
WHERE p.catalog_id = %(catalog)s AND p.merged_into_id IS NULL AND (read.rows IS NULL OR read.rows = log.rows)
    AND NOT EXISTS (
        SELECT 1 FROM profiles_profile a WHERE a.merged_into_id = p.id AND a.id = ANY(%(ids)s::bigint[])
    )
FOR KEY SHARE OF p SKIP LOCKED
ON CONFLICT (space_id, profile_id) DO UPDATE
SET vector = EXCLUDED.vector, interaction_id = EXCLUDED.interaction_id
"""


def write_profile_vectors(
    space: EmbeddingSpace,
    profile_ids: NDArray[np.int64],
    matrix: NDArray[np.float32] | None,
    *,
    until: datetime | None,
    row_counts: NDArray[np.int64] | None = None,
) -> int:
    """Insert or replace the vectors of profiles, which know of what happened until ``until``; return how many.

    A row of zeros says that nothing is known of somebody: readers go by the history then. Left out are profiles that
    have been deleted or merged since they were read, and, where ``row_counts`` (p,) gives how many rows of each were
    read, those whose log is another by now: a vector never claims to know what it has not seen.
    """
    if matrix is None or not len(profile_ids):
        return 0
    staged = StagingTable("staged_profile_vectors", {"profile_id": "bigint", "vector": "halfvec"})
    params = {
        "space": space.pk,
        "catalog": space.catalog_id,
        "until": until,
        "ids": profile_ids.tolist(),
        "counts": [None] * len(profile_ids) if row_counts is None else row_counts.tolist(),
    }
    with connection.cursor() as cursor, stage_blocks(cursor, staged, pack_profile_vectors(profile_ids, matrix)):
        cursor.execute(_WRITE.format(staged=staged.name), params)
        return int(cursor.rowcount)


def drop_profile_vectors(*profile_ids: int) -> int:
    """Delete the vectors of profiles that have become others than they were; return how many there were."""
    return ProfileVector.objects.filter(profile__in=profile_ids).delete()[0]
