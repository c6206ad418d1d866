"""Logs what was served: one row a slate."""

from uuid import UUID, uuid4

from django.db import connection

from recommender.records import Plan, Query, Slate

_COLUMNS = "id, catalog_id, placement_id, profile_id, created_at, requested, item_ids, scores, sources, milliseconds"
_VALUES = "%s, %s, %s, %s, %s, %s, %s::bigint[], %s::float8[], %s::text[], %s"


def log_slate(plan: Plan, query: Query, slate: Slate) -> UUID:
    """Write the row of ``slate`` in one statement and return its id, which feedback will refer to.

    The reader does not wait for the disk: by itself, the statement commits asynchronously. A crash of the database
    may lose the slates of its last moments, nothing else. Inside a caller's transaction it is as durable as that.
    """
    recommendation_id = uuid4()
    source = "" if connection.in_atomic_block else " FROM (SELECT set_config('synchronous_commit', 'off', true)) hasty"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO recommender_recommendation ({_COLUMNS}) SELECT {_VALUES}{source}",
            [
                recommendation_id,
                plan.catalog_id,
                plan.placement_id,
                query.profile_id,
                query.now,
                slate.requested,
                [entry.item_id for entry in slate.entries],
                [entry.score for entry in slate.entries],
                ["+".join(entry.sources) for entry in slate.entries],
                slate.milliseconds,
            ],
        )
    return recommendation_id
