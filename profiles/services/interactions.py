"""Writes interactions in bulk: one COPY and a fixed number of statements a batch."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
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
        "id": "bigint",
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

# In a catalog that is being filled, which statistics don't know yet, the planner expects one row, and would rather
# read all of it than look keys up. So keys are looked up row by row, in subqueries that it cannot turn into joins,
# and the catalog is given as a value that it does not know beforehand: then it expects a catalog of average size.
_CATALOG = "(SELECT %(catalog_id)s::bigint)"
_ITEM = f"SELECT i.id FROM catalog_item i WHERE i.catalog_id = {_CATALOG} AND i.key ="
_PROFILE = (
    f"SELECT COALESCE(p.merged_into_id, p.id) FROM profiles_profile p WHERE p.catalog_id = {_CATALOG} AND p.key ="
)
_RECORDED = f"SELECT d.id FROM profiles_interaction d WHERE d.catalog_id = {_CATALOG} AND d.key ="

_DROP_RECORDED = f"""
DELETE FROM staged_interaction s WHERE ({_RECORDED} s.key) IS NOT NULL
"""

_CREATE_ITEMS = f"""
INSERT INTO catalog_item (catalog_id, key, kind, title, text, url, image_url, language, categories, attributes,
    available, hidden, content_digest, created_at, updated_at)
SELECT DISTINCT %(catalog_id)s::bigint, s.item_key, 'item', '', '', '', '', '', '{{}}'::text[], '{{}}'::jsonb,
    true, false, %(empty_digest)s::uuid, %(now)s::timestamptz, %(now)s::timestamptz
FROM staged_interaction s
WHERE s.item_key IS NOT NULL AND ({_ITEM} s.item_key) IS NULL
ORDER BY s.item_key
ON CONFLICT (catalog_id, key) DO NOTHING
"""

# The lock keeps an item from being deleted between here and the commit, when its foreign key is checked.
_RESOLVE_ITEMS = f"""
UPDATE staged_interaction s SET item_id = found.id
FROM (
    SELECT wanted.item_key, ({_ITEM} wanted.item_key FOR KEY SHARE) AS id
    FROM (SELECT DISTINCT item_key FROM staged_interaction WHERE item_key IS NOT NULL ORDER BY item_key) wanted
) found
WHERE found.item_key = s.item_key
"""

_REFUSE = """
DELETE FROM staged_interaction WHERE item_key IS NOT NULL AND item_id IS NULL RETURNING id, item_key
"""

_CREATE_PROFILES = f"""
INSERT INTO profiles_profile (catalog_id, key, created_at)
SELECT DISTINCT %(catalog_id)s::bigint, s.user_key, %(now)s::timestamptz FROM staged_interaction s
WHERE ({_PROFILE} s.user_key) IS NULL
ORDER BY s.user_key
ON CONFLICT (catalog_id, key) DO NOTHING
"""

# In the order of the keys, so that concurrent batches wait for each other instead of deadlocking; the ids were given
# in the batch's order, as they break ties in time.
_RECORD = f"""
INSERT INTO profiles_interaction (id, catalog_id, profile_id, item_id, kind, value, occurred_at, recorded_at, key,
    query_text, context, recommendation_id, position)
SELECT s.id, %(catalog_id)s, ({_PROFILE} s.user_key), s.item_id, s.kind, s.value, s.occurred_at, %(now)s, s.key,
    s.query_text, s.context, s.recommendation_id, s.position
FROM staged_interaction s ORDER BY s.key, s.id
ON CONFLICT (catalog_id, key) WHERE key IS NOT NULL DO NOTHING
RETURNING id, profile_id, occurred_at
"""

# A row older than the interests of its profile sets their time back before itself: they have to be refreshed.
_TOUCH_PROFILES = """
WITH locked AS MATERIALIZED (
    SELECT p.id, seen.first, seen.last
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS seen(id, first, last)
    JOIN profiles_profile p ON p.id = seen.id ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE profiles_profile p
SET last_seen_at = GREATEST(p.last_seen_at, locked.last),
    interests_refreshed_at = CASE
        WHEN p.interests_refreshed_at >= locked.first THEN locked.first - interval '1 microsecond'
        ELSE p.interests_refreshed_at
    END
FROM locked WHERE p.id = locked.id
"""

_COMPARE = f"""
SELECT s.id, s.item_key, s.item_key IS NULL OR ({_ITEM} s.item_key) IS NOT NULL,
    ({_RECORDED} s.key) IS NOT NULL
FROM staged_interaction s ORDER BY s.id
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
        places = {row_id: place for place, row_id in enumerate(_take_ids(cursor, len(records)))}
        with stage_rows(cursor, _STAGED, _list_rows(records, ids=places)):
            cursor.execute(_DROP_RECORDED, params)
            if on_unknown == "create":
                cursor.execute(_CREATE_ITEMS, params)
                announce_items(catalog_id, cursor.rowcount)
            cursor.execute(_RESOLVE_ITEMS, params)
            cursor.execute(_REFUSE)
            refused = sorted((places[row_id], item_key) for row_id, item_key in cursor.fetchall())
            cursor.execute(_CREATE_PROFILES, params)
            cursor.execute(_RECORD, params)
            written: list[tuple[int, int, datetime]] = cursor.fetchall()
        profile_ids = _touch_profiles(cursor, written)
        announce_interactions(catalog_id, profile_ids)
    return InteractionReport(
        created=len(written),
        duplicates=len(records) - len(written) - len(refused),
        errors=tuple(_name_unknown(place, item_key) for place, item_key in refused),
        created_places=frozenset(places[row_id] for row_id, _, _ in written),
    )


def compare_interactions(
    catalog_id: int, records: Sequence[InteractionRecord], *, on_unknown: OnUnknown = "reject"
) -> InteractionReport:
    """Return what record_interactions would report, and write nothing."""
    if not records:
        return InteractionReport()
    rows = _list_rows(records, ids=range(len(records)))
    with transaction.atomic(), connection.cursor() as cursor, stage_rows(cursor, _STAGED, rows):
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


def _take_ids(cursor: CursorWrapper, count: int) -> list[int]:
    cursor.execute("SELECT nextval('profiles_interaction_id_seq') FROM generate_series(1, %s)", [count])
    return [row_id for (row_id,) in cursor.fetchall()]


def _touch_profiles(cursor: CursorWrapper, written: Sequence[tuple[int, int, datetime]]) -> list[int]:
    first: dict[int, datetime] = {}
    last: dict[int, datetime] = {}
    for _, profile_id, occurred_at in written:
        first[profile_id] = min(first.get(profile_id, occurred_at), occurred_at)
        last[profile_id] = max(last.get(profile_id, occurred_at), occurred_at)
    profile_ids = sorted(first)
    if profile_ids:
        times = ([moments[profile_id] for profile_id in profile_ids] for moments in (first, last))
        cursor.execute(_TOUCH_PROFILES, [profile_ids, *times])
    return profile_ids


def _name_unknown(place: int, item_key: str) -> RowError:
    return RowError(place, "item", f"no item {item_key!r}", "unknown_item")


def _list_rows(records: Sequence[InteractionRecord], *, ids: Iterable[int]) -> Iterator[tuple[Any, ...]]:
    for row_id, record in zip(ids, records, strict=True):
        yield (
            row_id,
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
