"""Reads what a page needs to show a slate's items, and the evidence behind each, in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from catalog.halfvec import cast_sql, distance_sql
from recommender.readers.fragments import Fragment, history_table
from recommender.readers.vectors import LOOK_UP_EVIDENCE
from recommender.records import Ids, Query, SpaceRef


@dataclass(frozen=True, slots=True)
class ItemDetails:
    """An item's columns for a page, and the history or context item that speaks for it."""

    id: int
    key: str
    kind: str
    title: str
    url: str
    image_url: str
    categories: tuple[str, ...]
    attributes: Mapping[str, Any]
    evidence_key: str
    evidence_title: str
    evidence_kind: str


def read_details(query: Query, *, item_ids: Ids, evidence_ids: Ids, space: SpaceRef | None) -> dict[int, ItemDetails]:
    """Return details by item id. Where ``evidence_ids`` is -1, the nearest liked history item in ``space`` is found."""
    tables: list[tuple[str, Fragment]] = []
    nearest = "NULL::bigint"
    if query.profile_id is not None:
        tables.append(("history", history_table(query)))
        if space is not None:
            vector = cast_sql("e.vector", dimensions=space.dimensions)
            liked = Fragment(
                f"SELECT h.item_id, {vector} AS vector FROM history h "
                f"JOIN catalog_embedding e ON e.space_id = {space.id:d} AND e.item_id = h.item_id "
                "WHERE h.weight > 0 AND e.vector IS NOT NULL AND NOT (h.item_id = ANY(%s))",
                [list(query.item_ids)],
            )
            tables.append(("liked", liked))
            distance = distance_sql("own.vector", "l.vector", dimensions=space.dimensions, metric=space.metric)
            nearest = (
                "(SELECT l.item_id FROM liked l, catalog_embedding own "
                f"WHERE own.space_id = {space.id:d} AND own.item_id = i.id AND s.evidence_id = {LOOK_UP_EVIDENCE:d} "
                f"ORDER BY {distance}, l.item_id LIMIT 1)"
            )
    kind = "NULL"
    if query.profile_id is not None:
        # The page's own item is no news from the history.
        kind = "(SELECT h.kind FROM history h WHERE h.item_id = ev.id AND NOT (ev.id = ANY(%s)))"

    ctes = ", ".join(f"{name} AS MATERIALIZED ({fragment.sql})" for name, fragment in tables)
    sql = (
        f"{'WITH ' + ctes if ctes else ''} SELECT i.id, i.key, i.kind, i.title, i.url, i.image_url, i.categories, "
        f"i.attributes::text, ev.key, ev.title, {kind} "
        "FROM unnest(%s::bigint[], %s::bigint[]) AS s(item_id, evidence_id) "
        "JOIN catalog_item i ON i.id = s.item_id "
        f"LEFT JOIN LATERAL (SELECT COALESCE(NULLIF(GREATEST(s.evidence_id, 0), 0), {nearest}) AS id) found ON true "
        "LEFT JOIN catalog_item ev ON ev.id = found.id"
    )
    params = [param for _, fragment in tables for param in fragment.params]
    if query.profile_id is not None:
        params.append(list(query.item_ids))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, item_ids.tolist(), evidence_ids.tolist()])
        rows = cursor.fetchall()
    return {
        row[0]: ItemDetails(
            id=row[0],
            key=row[1],
            kind=row[2],
            title=row[3],
            url=row[4],
            image_url=row[5],
            categories=tuple(row[6]),
            attributes=orjson.loads(row[7]),
            evidence_key=row[8] or "",
            evidence_title=row[9] or "",
            evidence_kind=row[10] or "",
        )
        for row in rows
    }
