"""Writes what histories are summed up in: interests in the active text space."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from catalog.halfvec import scale_rows, unpack_vectors
from profiles.conf import get_conf
from profiles.interests import (
    InterestVector,
    TermCounts,
    count_terms,
    decay_weights,
    find_clusters,
    find_keywords,
    sum_by_item,
)
from profiles.kinds import half_lives, strengths
from profiles.models import Interest
from profiles.selectors import STALE_SQL, list_stale_profiles

CHUNK = 200
"""Profiles that are read, summed up and written together."""
_USUAL_ITEMS = 1000

_STALE = f"""
SELECT p.id, p.xmin::text, p.catalog_id, s.id
FROM profiles_profile p JOIN catalog_embeddingspace s ON s.catalog_id = p.catalog_id
WHERE p.id = ANY(%s) AND {STALE_SQL} ORDER BY p.id
"""

_HISTORIES = """
SELECT stale.profile_id, h.item_id, h.kind, h.value, h.occurred_at, halfvec_send(e.vector), i.title, i.categories
FROM unnest(%s::bigint[], %s::bigint[]) AS stale(profile_id, space_id)
CROSS JOIN LATERAL (
    SELECT item_id, kind, value, occurred_at, id FROM profiles_interaction
    WHERE profile_id = stale.profile_id ORDER BY occurred_at DESC, id DESC LIMIT %s
) h
JOIN catalog_item i ON i.id = h.item_id
JOIN catalog_embedding e ON e.space_id = stale.space_id AND e.item_id = h.item_id AND e.vector IS NOT NULL
ORDER BY stale.profile_id, h.occurred_at DESC, h.id DESC
"""

_USUAL = """
SELECT title, categories FROM catalog_item WHERE catalog_id = %s
ORDER BY published_at DESC NULLS LAST, id DESC LIMIT %s
"""

# xmin is the version of a profile's row, which every batch of interactions changes: a profile that did something
# since its history was read is passed over here, and stays stale.
_CLAIM = """
WITH locked AS (
    SELECT p.id FROM profiles_profile p
    JOIN unnest(%(ids)s::bigint[], %(versions)s::text[]) AS read(id, version) ON read.id = p.id
    WHERE p.xmin::text = read.version ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE profiles_profile p SET interests_refreshed_at = GREATEST(%(now)s, p.last_seen_at)
FROM locked WHERE p.id = locked.id RETURNING p.id
"""


@dataclass(frozen=True, slots=True)
class _StaleProfile:
    id: int
    version: str
    catalog_id: int
    space_id: int


def refresh_interests(profile_ids: Sequence[int]) -> int:
    """Sum up the histories of those of the given profiles whose interests are behind; return how many those were.

    Any number may be given; what is up to date, merged away, or in a catalog without an active text space is passed
    over, so doing it again does nothing.
    """
    ids = sorted(set(profile_ids))
    return sum(_refresh_chunk(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))


def refresh_stale_interests(*, limit: int = 10_000) -> int:
    """Refresh up to ``limit`` profiles whose interests are behind, whoever forgot to say so; return how many."""
    after = refreshed = 0
    for start in range(0, limit, CHUNK):
        ids = list_stale_profiles(after=after, limit=min(CHUNK, limit - start))
        if not ids:
            break
        refreshed += _refresh_chunk(ids)
        after = ids[-1]
    return refreshed


def _refresh_chunk(profile_ids: Sequence[int]) -> int:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_STALE, [list(profile_ids)])
        stale = [_StaleProfile(*row) for row in cursor.fetchall()]
        if not stale:
            return 0
        histories = _read_histories(stale)
        usual = {catalog_id: _count_usual(catalog_id) for catalog_id in {profile.catalog_id for profile in stale}}
    found = {
        profile.id: _sum_up(histories.get(profile.id, []), usual=usual[profile.catalog_id], now=now)
        for profile in stale
    }
    return _write_interests(stale, found, now=now)


def _read_histories(stale: Sequence[_StaleProfile]) -> dict[int, list[tuple[Any, ...]]]:
    ids, spaces = [profile.id for profile in stale], [profile.space_id for profile in stale]
    with connection.cursor() as cursor:
        cursor.execute(_HISTORIES, [ids, spaces, get_conf().history_length])
        rows = cursor.fetchall()
    return {profile_id: [row[1:] for row in group] for profile_id, group in groupby(rows, key=lambda row: row[0])}


def _count_usual(catalog_id: int) -> TermCounts:
    with connection.cursor() as cursor:
        cursor.execute(_USUAL, [catalog_id, _USUAL_ITEMS])
        return count_terms(cursor.fetchall())


def _sum_up(history: Sequence[tuple[Any, ...]], *, usual: TermCounts, now: datetime) -> tuple[InterestVector, ...]:
    if not history:
        return ()
    kinds = get_conf().kinds
    item_ids, names, values, times, vectors, titles, categories = zip(*history, strict=True)
    known = tuple(dict.fromkeys(names))
    codes = np.array([known.index(name) for name in names], dtype=np.int16)
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float32)
    weights = decay_weights(
        strengths(kinds, names=known, codes=codes, values=numbers).astype(np.float64),
        ages=np.array([(now - time).total_seconds() for time in times]),
        half_lives=half_lives(kinds, names=known)[codes],
    )
    first, summed = sum_by_item(item_ids, weights)
    matrix = scale_rows(unpack_vectors([vectors[place] for place in first]))
    interests = []
    for cluster in find_clusters(matrix, summed):
        items = [(titles[place], categories[place]) for place in first[cluster.rows]]
        keywords = find_keywords(items, summed[cluster.rows], usual=usual)
        interests.append(InterestVector(cluster.weight, cluster.vector, keywords))
    return tuple(interests)


def _write_interests(
    stale: Sequence[_StaleProfile], found: dict[int, tuple[InterestVector, ...]], *, now: datetime
) -> int:
    versions = [profile.version for profile in stale]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"ids": [profile.id for profile in stale], "versions": versions, "now": now})
        claimed = {profile_id for (profile_id,) in cursor.fetchall()}
        kept = [profile for profile in stale if profile.id in claimed]
        spaces = {profile.space_id for profile in kept}
        Interest.objects.filter(profile__in=claimed, space__in=spaces).delete()
        Interest.objects.bulk_create(
            Interest(
                profile_id=profile.id,
                space_id=profile.space_id,
                rank=rank,
                weight=interest.weight,
                vector=interest.vector,
                keywords=list(interest.keywords),
            )
            for profile in kept
            for rank, interest in enumerate(found[profile.id])
        )
    return len(claimed)
