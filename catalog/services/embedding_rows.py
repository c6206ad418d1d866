"""The rows of one encoded space, which are the work orders too: add, claim, write, set aside.

All that writes here runs in the caller's transaction. Item rows are never locked.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from django.db import connection

from catalog.bulk import StagingTable, pack_rows, stage_blocks
from catalog.encoders import FloatMatrix
from catalog.halfvec import pack_vectors
from catalog.item_text import compose_text
from catalog.models import EmbeddingSpace

_STAGED = StagingTable("staged_embedding", {"item_id": "bigint", "content_digest": "uuid", "vector": "halfvec"})


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item whose embedding row this transaction has locked, and what is to be encoded of it."""

    item_id: int
    digest: uuid.UUID
    text: str
    attempts: int


# Rows are added in the order of the items, so that two workers wait for each other instead of deadlocking. Each is
# looked up in a subquery that the planner cannot turn into a join: of a space that is being filled its statistics
# know nothing, and the join it would choose takes minutes.
_ADD_ROWS = """
WITH slice AS (
    SELECT id FROM catalog_item WHERE catalog_id = %(catalog)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
), added AS (
    INSERT INTO catalog_embedding (space_id, item_id)
    SELECT %(space)s, s.id FROM slice s
    WHERE (SELECT true FROM catalog_embedding e WHERE e.space_id = %(space)s AND e.item_id = s.id) IS NOT TRUE
    ORDER BY s.id
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT max(id) FROM slice), (SELECT count(*) FROM added)
"""

# A row belongs to an item of the space's catalog, so there is none missing where the numbers are the same.
_LACKS_ROWS = """
SELECT (SELECT count(*) FROM catalog_item WHERE catalog_id = %s)
    > (SELECT count(*) FROM catalog_embedding WHERE space_id = %s)
"""

_STALE = """e.space_id = %(space)s AND e.content_digest IS DISTINCT FROM i.content_digest
AND (e.failed_digest IS DISTINCT FROM i.content_digest OR e.retry_at <= now())"""

_COUNT_STALE = f"SELECT count(*) FROM catalog_embedding e JOIN catalog_item i ON i.id = e.item_id WHERE {_STALE}"

_CLAIM = f"""
SELECT e.item_id, i.content_digest, i.title, left(i.text, %(characters)s), i.categories, i.attributes,
       CASE WHEN e.failed_digest = i.content_digest THEN e.attempts ELSE 0 END
FROM catalog_embedding e JOIN catalog_item i ON i.id = e.item_id
WHERE {_STALE} AND e.item_id > %(after)s
ORDER BY e.item_id LIMIT %(limit)s
FOR UPDATE OF e SKIP LOCKED
"""

_WRITE = """
UPDATE catalog_embedding e
SET vector = n.vector, content_digest = n.content_digest,
    failed_digest = NULL, error = '', attempts = 0, retry_at = NULL
FROM staged_embedding n JOIN catalog_item i ON i.id = n.item_id
WHERE e.space_id = %s AND e.item_id = n.item_id AND i.content_digest = n.content_digest
"""

_SET_ASIDE = """
UPDATE catalog_embedding
SET failed_digest = %(digest)s, error = %(error)s, attempts = %(attempts)s,
    retry_at = now() + make_interval(secs => %(wait)s)
WHERE space_id = %(space)s AND item_id = %(item)s
"""


def add_rows(space: EmbeddingSpace, *, after: int, limit: int) -> tuple[int | None, int]:
    """Add the rows that are missing for the next ``limit`` items behind ``after``; return (last item, rows added).

    The last item is None at the end of the catalog.
    """
    params = {"space": space.pk, "catalog": space.catalog_id, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_ADD_ROWS, params)
        last, added = cursor.fetchone()
    return last, added


def lacks_rows(space: EmbeddingSpace) -> bool:
    """Return whether some item of the catalog has no row yet."""
    with connection.cursor() as cursor:
        cursor.execute(_LACKS_ROWS, [space.catalog_id, space.pk])
        return bool(cursor.fetchone()[0])


def count_stale(space_id: int) -> int:
    """Return how many rows of a space could be claimed now, locked ones included."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_STALE, {"space": space_id})
        return int(cursor.fetchone()[0])


def claim_items(
    space: EmbeddingSpace, *, after: int, limit: int, characters: int, attributes: Collection[str] | None
) -> list[ClaimedItem]:
    """Lock the next rows behind item ``after`` that are stale and that nobody else has locked, until the commit.

    A killed worker's connection breaks, which frees its rows at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"space": space.pk, "after": after, "limit": limit, "characters": characters})
        rows = cursor.fetchall()
    return [
        ClaimedItem(
            item_id,
            digest,
            compose_text(
                title=title,
                text=text,
                categories=categories,
                attributes=orjson.loads(document),
                embedded_attributes=attributes,
            ),
            attempts,
        )
        for item_id, digest, title, text, categories, document, attempts in rows
    ]


def write_vectors(space_id: int, items: Sequence[ClaimedItem], vectors: Sequence[FloatMatrix]) -> int:
    """Write the vectors of claimed items, in their order, the rows of one array after another; return how many.

    An item that was edited meanwhile is left out, so it stays stale.
    """
    if not items:
        return 0
    ids = np.array([item.item_id for item in items], dtype=">i8")
    digests = np.frombuffer(b"".join(item.digest.bytes for item in items), dtype="V16")
    block = pack_rows(ids, digests, pack_vectors(np.concatenate(vectors)))
    with connection.cursor() as cursor, stage_blocks(cursor, _STAGED, [block]):
        cursor.execute(_WRITE, [space_id])
        return int(cursor.rowcount)


def set_aside(space_id: int, item: ClaimedItem, *, error: str, wait: float | None) -> None:
    """Note that an item's content cannot be encoded; it is tried again after ``wait`` seconds, None: never."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SET_ASIDE,
            {
                "space": space_id,
                "item": item.item_id,
                "digest": item.digest,
                "error": error,
                "attempts": min(item.attempts + 1, 32_767),
                "wait": wait,
            },
        )
