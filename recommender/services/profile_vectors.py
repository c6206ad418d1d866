"""Writes the query vectors that a learner computed for profiles."""

from datetime import datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.bulk import StagingTable, stage_blocks
from catalog.models import EmbeddingSpace
from recommender.services.publication_rows import pack_profile_vectors


def write_profile_vectors(
    space: EmbeddingSpace,
    profile_ids: NDArray[np.int64],
    matrix: NDArray[np.float32] | None,
    *,
    until: datetime | None,
) -> int:
    """Insert or replace the vectors of profiles, which know of what happened until ``until``; return how many.

    Rows of zeros (nothing known) and profiles that have been deleted or merged meanwhile are left out.
    """
    if matrix is None or not len(profile_ids):
        return 0
    known = (matrix.astype(np.float16) != 0).any(axis=1)
    staged = StagingTable("staged_profile_vectors", {"profile_id": "bigint", "vector": "halfvec"})
    rows = pack_profile_vectors(profile_ids[known], matrix[known])
    with connection.cursor() as cursor, stage_blocks(cursor, staged, rows):
        cursor.execute(
            "INSERT INTO recommender_profilevector (space_id, profile_id, interaction_id, vector) "
            "SELECT %s, s.profile_id, COALESCE((SELECT max(x.id) FROM profiles_interaction x "
            "WHERE x.profile_id = s.profile_id AND x.occurred_at <= COALESCE(%s, 'infinity'::timestamptz)), 0), s.vector "
            f"FROM {staged.name} s JOIN profiles_profile p ON p.id = s.profile_id "
            "WHERE p.catalog_id = %s AND p.merged_into_id IS NULL FOR KEY SHARE OF p SKIP LOCKED "
            "ON CONFLICT (space_id, profile_id) DO UPDATE "
            "SET vector = EXCLUDED.vector, interaction_id = EXCLUDED.interaction_id",
            [space.pk, until, space.catalog_id],
        )
        return int(cursor.rowcount)
