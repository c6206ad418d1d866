"""Writes interactions in bulk: one COPY and a fixed number of statements a batch."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from catalog.bulk import StagingTable, stage_rows
from catalog.item_text import compose_text, digest_text
from catalog.records import RowError
from catalog.services.items import announce_items
from catalog.signals import send_after_commit
from profiles.identity import hold_identities
from profiles.models import Profile
from profiles.records import InteractionRecord, InteractionReport
from profiles.signals import interactions_recorded

OnUnknown = Literal["reject", "create"]

_STAGED = StagingTable(
    "staged_interaction",
    {
        "place": "integer",
        "user_key": "text",
        "item_key": "text",
        "item_id": "bigint",
        "kind": "text",
        "value": "float8",
        "occurred_at": "timestamptz",
        "key": "text",
        "query_text": "text",
        "context": "jsonb",
        "recommendation_id": "uuid",
        "position": "smallint",
    },
)

_DROP_RECORDED = """
DELETE FROM staged_interaction s USING profiles_interaction d WHERE d.catalog_id = %(catalog_id)s AND d.key = s.key
"""

_CREATE_ITEMS = """
INSERT INTO catalog_item (catalog_id, key, kind, title, text, url, image_url, language, categories, attributes,
    available, hidden, content_digest, created_at, updated_at)
SELECT DISTINCT %(catalog_id)s::bigint, s.item_key, 'item', '', '', '', '', '', '{}'::text[], '{}'::jsonb,
    true, false, %(empty_digest)s::uuid, %(now)s::timestamptz, %(now)s::timestamptz
FROM staged_interaction s
WHERE s.item_key IS NOT NULL
    AND NOT EXISTS (SELECT FROM catalog_item i WHERE i.catalog_id = %(catalog_id)s AND i.key = s.item_key)
ORDER BY s.item_key
ON CONFLICT (catalog_id, key) DO NOTHING
"""

# The lock keeps an item from being deleted between here and the commit, when its foreign key is checked.
_RESOLVE_ITEMS = """
WITH locked AS (
    SELECT i.id, i.key FROM catalog_item i
    WHERE i.catalog_id = %(catalog_id)s AND i.key IN (SELECT item_key FROM staged_interaction)
    ORDER BY i.key FOR KEY SHARE
)
UPDATE staged_interaction s SET item_id = locked.id FROM locked WHERE locked.key = s.item_key
"""

_REFUSE = """
DELETE FROM staged_interaction WHERE item_key IS NOT NULL AND item_id IS NULL RETURNING place, item_key
"""

_CREATE_PROFILES = """
INSERT INTO profiles_profile (catalog_id, key, created_at)
SELECT DISTINCT %(catalog_id)s::bigint, s.user_key, %(now)s::timestamptz FROM staged_interaction s
WHERE NOT EXISTS (SELECT FROM profiles_profile p WHERE p.catalog_id = %(catalog_id)s AND p.key = s.user_key)
ORDER BY s.user_key
ON CONFLICT (catalog_id, key) DO NOTHING
"""

# Ids are given in the batch's order, as they break ties in time; rows are written in the order of their keys
# and profiles locked in that of their ids, so that concurrent batches wait for each other instead of deadlocking.
# A row older than the interests of its profile sets their time back before itself: they have to be refreshed.
_RECORD = """
WITH numbered AS (
    SELECT nextval('profiles_interaction_id_seq') AS id, COALESCE(p.merged_into_id, p.id) AS profile_id, s.*
    FROM staged_interaction s
    JOIN profiles_profile p ON p.catalog_id = %(catalog_id)s AND p.key = s.user_key
    ORDER BY s.place
), written AS (
    INSERT INTO profiles_interaction (id, catalog_id, profile_id, item_id, kind, value, occurred_at, recorded_at, key,
        query_text, context, recommendation_id, position)
    SELECT n.id, %(catalog_id)s, n.profile_id, n.item_id, n.kind, n.value, n.occurred_at, %(now)s, n.key,
        n.query_text, n.context, n.recommendation_id, n.position
    FROM numbered n ORDER BY n.key, n.place
    ON CONFLICT (catalog_id, key) WHERE key IS NOT NULL DO NOTHING
    RETURNING id, profile_id, occurred_at
), seen AS (
    SELECT w.profile_id, min(w.occurred_at) AS first, max(w.occurred_at) AS last, array_agg(n.place) AS places
    FROM written w JOIN numbered n ON n.id = w.id GROUP BY w.profile_id
), locked AS MATERIALIZED (
    SELECT p.id FROM profiles_profile p WHERE p.id IN (SELECT profile_id FROM seen)
    ORDER BY p.id FOR NO KEY UPDATE
)
UPDATE profiles_profile p
SET last_seen_at = GREATEST(p.last_seen_at, seen.last),
    interests_refreshed_at = CASE
        WHEN p.interests_refreshed_at >= seen.first THEN seen.first - interval '1 microsecond'
        ELSE p.interests_refreshed_at
    END
FROM locked JOIN seen ON seen.profile_id = locked.id
WHERE p.id = locked.id
RETURNING p.id, seen.places
"""

_COMPARE = """
SELECT s.place, s.item_key,
    s.item_key IS NULL
        OR EXISTS (SELECT FROM catalog_item i WHERE i.catalog_id = %(catalog_id)s AND i.key = s.item_key),
    EXISTS (SELECT FROM profiles_interaction d WHERE d.catalog_id = %(catalog_id)s AND d.key = s.key)
FROM staged_interaction s ORDER BY s.place
"""


def record_interactions(
    catalog_id: int, records: Sequence[InteractionRecord], *, on_unknown: OnUnknown = "reject"
) -> InteractionReport:
    """Record what is new of a batch, in one transaction; good rows land whatever the others are.

    A row whose ``interaction_id`` the catalog knows, or an earlier row of the batch has, is a duplicate: it changes
    nothing. Profiles are created as needed; what comes under the key of a merged profile goes to the one that it
    was merged into. A row with an unknown item is an error, or creates the item (key alone) where
    ``on_unknown`` says so. Announces ``interactions_recorded`` and ``items_changed`` after the commit, if there is
    anything to announce.
    """
    if not records:
        return InteractionReport()
    params: dict[str, Any] = {
        "catalog_id": catalog_id,
        "now": timezone.now(),
        "empty_digest": digest_text(compose_text(title="")),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        hold_identities(cursor, catalog_id, exclusive=False)
        with stage_rows(cursor, _STAGED, _list_rows(records)):
            cursor.execute(_DROP_RECORDED, params)
            if on_unknown == "create":
                cursor.execute(_CREATE_ITEMS, params)
                announce_items(catalog_id, cursor.rowcount)
            cursor.execute(_RESOLVE_ITEMS, params)
            errors = _refuse_unknown(cursor)
            cursor.execute(_CREATE_PROFILES, params)
            cursor.execute(_RECORD, params)
            written: list[tuple[int, list[int]]] = cursor.fetchall()
        announce_interactions(catalog_id, sorted(profile_id for profile_id, _ in written))
    created = frozenset(place for _, places in written for place in places)
    return InteractionReport(
        created=len(created),
        duplicates=len(records) - len(created) - len(errors),
        errors=errors,
        created_places=created,
    )


def compare_interactions(
    catalog_id: int, records: Sequence[InteractionRecord], *, on_unknown: OnUnknown = "reject"
) -> InteractionReport:
    """Return what record_interactions would report, and write nothing."""
    if not records:
        return InteractionReport()
    with transaction.atomic(), connection.cursor() as cursor, stage_rows(cursor, _STAGED, _list_rows(records)):
        cursor.execute(_COMPARE, {"catalog_id": catalog_id})
        compared: list[tuple[int, str, bool, bool]] = cursor.fetchall()
    created, errors, ids = 0, [], set()
    for place, item_key, known, recorded in compared:
        interaction_id = records[place].interaction_id
        if recorded:
            continue
        if not known and on_unknown == "reject":
            errors.append(_name_unknown(place, item_key))
        elif interaction_id is None or interaction_id not in ids:
            created += 1
            ids.add(interaction_id)
    return InteractionReport(created=created, duplicates=len(records) - created - len(errors), errors=tuple(errors))


def announce_interactions(catalog_id: int, profile_ids: Sequence[int]) -> None:
    """Send ``interactions_recorded`` once the transaction has been committed, unless there are no profiles."""
    if profile_ids:
        ids = tuple(profile_ids)
        send_after_commit(interactions_recorded, sender=Profile, catalog_id=catalog_id, profile_ids=ids)


def _refuse_unknown(cursor: CursorWrapper) -> tuple[RowError, ...]:
    cursor.execute(_REFUSE)
    return tuple(_name_unknown(place, item_key) for place, item_key in sorted(cursor.fetchall()))


def _name_unknown(place: int, item_key: str) -> RowError:
    return RowError(place, "item", f"no item {item_key!r}", "unknown_item")


def _list_rows(records: Sequence[InteractionRecord]) -> Iterator[tuple[Any, ...]]:
    for place, record in enumerate(records):
        yield (
            place,
            record.user_id,
            record.item,
            None,
            record.kind,
            record.value,
            record.occurred_at,
            record.interaction_id,
            record.query,
            orjson.dumps(record.context).decode() if record.context else "{}",
            record.recommendation_id,
            record.position,
        )
