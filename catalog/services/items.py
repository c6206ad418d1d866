"""Writes items in bulk: one COPY and one upsert a batch."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from catalog.bulk import StagingTable, stage_rows, text_array
from catalog.item_text import compose_text, digest_text
from catalog.models import Catalog, Item
from catalog.records import ItemRecord, WriteReport
from catalog.signals import items_changed, send_after_commit

_CONTENT = {
    "content_digest": "uuid",
    "kind": "text",
    "title": "text",
    "text": "text",
    "url": "text",
    "image_url": "text",
    "language": "text",
    "categories": "text[]",
    "attributes": "jsonb",
    "published_at": "timestamptz",
    "expires_at": "timestamptz",
    "available": "boolean",
}
_STAGED = StagingTable("staged_item", {"key": "text", **_CONTENT})


def _list_columns(prefix: str = "") -> str:
    return ", ".join(prefix + name for name in _CONTENT)


_SAME = f"({_list_columns('i.')}) IS NOT DISTINCT FROM ({_list_columns('s.')})"

# Rows that are the same are not even locked: importing a file again writes nothing at all. What changes is locked
# in the order of the keys, so that two batches with the same keys wait for each other instead of deadlocking.
# In a catalog that is being filled, which statistics don't know yet, the planner expects one row, and would rather
# read all of it than look keys up. So keys are looked up row by row, in subqueries that it cannot turn into joins,
# and the catalog is given as a value that it does not know beforehand: then it expects a catalog of average size.
_FIND_SAME = (
    f"SELECT {_SAME} FROM catalog_item i WHERE i.catalog_id = (SELECT %(catalog_id)s::bigint) AND i.key = s.key"
)
_UPSERT = f"""
WITH written AS (
    INSERT INTO catalog_item AS i (catalog_id, key, {_list_columns()}, hidden, created_at, updated_at)
    SELECT %(catalog_id)s, s.key, {_list_columns("s.")}, false, %(now)s, %(now)s
    FROM {_STAGED.name} s
    WHERE ({_FIND_SAME}) IS NOT TRUE
    ORDER BY s.key
    ON CONFLICT (catalog_id, key) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _CONTENT)}, updated_at = excluded.updated_at
    WHERE ({_list_columns("i.")}) IS DISTINCT FROM ({_list_columns("excluded.")})
    RETURNING i.key, (i.xmax = 0) AS created
)
SELECT array_agg(key) FILTER (WHERE created), array_agg(key) FILTER (WHERE NOT created) FROM written
"""

_COMPARE = f"""
SELECT array_agg(key) FILTER (WHERE same IS NULL), array_agg(key) FILTER (WHERE NOT same)
FROM (
    SELECT s.key, ({_FIND_SAME}) AS same FROM {_STAGED.name} s
) compared
"""


def upsert_items(catalog_id: int, records: Sequence[ItemRecord]) -> WriteReport:
    """Create the items that are new, change those that differ, leave the others as they are.

    Of records with the same key the last one counts, the others are ``duplicates`` of the report. An editor's
    ``hidden`` is never touched. Announces ``items_changed`` after the commit if anything was written.
    """
    report = _run_staged(_UPSERT, catalog_id, records)
    announce_items(catalog_id, report.created + report.updated)
    return report


def compare_items(catalog_id: int, records: Sequence[ItemRecord]) -> WriteReport:
    """Return what upsert_items would report, and write nothing."""
    return _run_staged(_COMPARE, catalog_id, records)


def delete_items(catalog_id: int, keys: Collection[str]) -> int:
    """Delete items with all that hangs on them (vectors, interactions); return how many items there were."""
    with transaction.atomic():
        locked = _lock_items(catalog_id, keys, no_key=False)
        _, deleted = Item.objects.filter(pk__in=locked).delete()
    return deleted.get(Item._meta.label, 0)


def set_hidden(catalog_id: int, keys: Collection[str], *, hidden: bool) -> int:
    """Hide items from every slate, or show them again; return how many were not so before."""
    with transaction.atomic():
        locked = _lock_items(catalog_id, keys, no_key=True)
        changed = Item.objects.filter(pk__in=locked).exclude(hidden=hidden)
        return changed.update(hidden=hidden, updated_at=timezone.now())


def announce_items(catalog_id: int, count: int) -> None:
    """Send ``items_changed`` once the transaction has been committed, unless ``count`` is 0."""
    if count:
        send_after_commit(items_changed, sender=Item, catalog_id=catalog_id, count=count)


def _lock_items(catalog_id: int, keys: Collection[str], *, no_key: bool) -> list[int]:
    # In the order in which upsert_items locks, or the two could deadlock.
    found = Item.objects.in_catalog(catalog_id).filter(key__in=list(keys)).order_by("key")
    return list(found.select_for_update(no_key=no_key).values_list("pk", flat=True))


def _run_staged(statement: str, catalog_id: int, records: Sequence[ItemRecord]) -> WriteReport:
    latest = {record.key: record for record in records}
    if not latest:
        return WriteReport()
    with transaction.atomic(), connection.cursor() as cursor:
        embedded = Catalog.objects.filter(pk=catalog_id).values_list("embedded_attributes", flat=True).first()
        with stage_rows(cursor, _STAGED, _list_rows(latest.values(), embedded)):
            cursor.execute(statement, {"catalog_id": catalog_id, "now": timezone.now()})
            created, updated = (frozenset(keys or ()) for keys in cursor.fetchone())
    return WriteReport(
        created=len(created),
        updated=len(updated),
        unchanged=len(latest) - len(created) - len(updated),
        duplicates=len(records) - len(latest),
        created_keys=created,
        updated_keys=updated,
    )


def _list_rows(records: Collection[ItemRecord], embedded: Collection[str] | None) -> Iterator[tuple[Any, ...]]:
    for record in records:
        composed = compose_text(
            title=record.title,
            text=record.text,
            categories=record.categories,
            attributes=record.attributes,
            embedded_attributes=embedded,
        )
        yield (
            record.key,
            digest_text(composed),
            record.kind,
            record.title,
            record.text,
            record.url,
            record.image_url,
            record.language,
            text_array(record.categories),
            orjson.dumps(record.attributes).decode(),
            record.published_at,
            record.expires_at,
            record.available,
        )
