"""Reads who is like somebody: shared taste and shared friends, blended in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.halfvec import distance_sql
from catalog.models import Item
from profiles.conf import get_conf
from profiles.kinds import strength_sql
from recommender.readers.fragments import Fragment
from recommender.readers.friends import friends_table
from recommender.records import SpaceRef

TASTE_WEIGHT = 0.5
"""Of shared taste in the blend; the rest is that of shared friends. Found on held-out friendships."""

MOST_ITEMS = 100
"""Items of a person that are compared: the latest liked."""
MOST_FANS = 2000
"""Interactions with one item that are looked at: what more people than this like says little of any two of them."""
MOST_FRIENDS = 500
"""Friends that are followed to their friends, and of each of those."""
MOST_NEAR = 500
"""People that are ranked by both parts: those who come first by either."""
_LONGEST_COMPARED = 1000


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """Somebody who is like the person asked for: ``score`` from 0 to 1, and how many friends they share."""

    profile_id: int
    key: str
    score: float
    common_friends: int


@dataclass(frozen=True, slots=True)
class SharedItem:
    """An item that both like."""

    key: str
    title: str


def find_taste_space(catalog_id: int, profile_id: int, *, role: str) -> SpaceRef | None:
    """Return the active space of a ``role``, if a learner knows the profile by a vector there; None else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.dimensions, s.metric FROM catalog_embeddingspace s "
            "JOIN recommender_profilevector v ON v.space_id = s.id AND v.profile_id = %s "
            "WHERE s.catalog_id = %s AND s.role = %s AND s.state = 'active' AND l2_norm(v.vector) > 0",
            [profile_id, catalog_id, role],
        )
        row = cursor.fetchone()
    return None if row is None else SpaceRef(*row)


def read_people(
    catalog_id: int, *, profile_id: int, now: datetime, space: SpaceRef | None, limit: int
) -> tuple[PersonMatch, ...]:
    """Return up to ``limit`` people of the catalog who are like the profile, but neither itself nor its friends.

    Taste: with a ``space``, the cosine between vectors of people, those above 0; without one, what both like of the
    profile's latest 100 liked items, each weighed by 1/√fans, so that the rare counts more. Friends: Σ 1/ln(friends of
    z) over the common friends z (Adamic and Adar 2003, "Friends and neighbors on the Web").
    Either part is divided by its largest, and the two are averaged by ``TASTE_WEIGHT``; where one has nothing to say,
    the other speaks alone. Costs one statement; ties by id.
    """
    tables = [
        ("friends", friends_table(profile_id, limit=MOST_FRIENDS)),
        *(_vector_tables(space, profile_id) if space is not None else _taste_tables(profile_id, now)),
        *_social_tables(profile_id),
    ]
    fresh = "id <> %s AND NOT id IN (SELECT id FROM friends)"
    # What is far behind in both is not looked at: only these few are joined with their profiles, and ranked exactly.
    tops = " UNION ".join(
        f"(SELECT id FROM {part} WHERE {fresh} ORDER BY {part} DESC, id LIMIT {MOST_NEAR:d})"
        for part in ("taste", "social")
    )
    sql = (
        f"joined AS MATERIALIZED (SELECT c.id, COALESCE(t.taste, 0) AS taste, COALESCE(s.social, 0) AS social, "
        f"COALESCE(s.common, 0) AS common FROM ({tops}) c LEFT JOIN taste t ON t.id = c.id "
        "LEFT JOIN social s ON s.id = c.id), "
        "largest AS (SELECT max(taste) AS taste, max(social) AS social FROM joined) "
        "SELECT j.id, p.key, (%s * COALESCE(j.taste / NULLIF(l.taste, 0), 0) "
        "+ %s * COALESCE(j.social / NULLIF(l.social, 0), 0)) "
        "/ (CASE WHEN l.taste > 0 THEN %s ELSE 0 END + CASE WHEN l.social > 0 THEN %s ELSE 0 END) AS score, j.common "
        "FROM largest l, joined j JOIN profiles_profile p ON p.id = j.id "
        "WHERE p.catalog_id = %s AND p.merged_into_id IS NULL ORDER BY score DESC, j.id LIMIT %s"
    )
    weights = [TASTE_WEIGHT, 1.0 - TASTE_WEIGHT]
    rows = _run(tables, Fragment(sql, [profile_id, profile_id, *weights, *weights, catalog_id, limit]))
    return tuple(PersonMatch(row[0], row[1], float(row[2]), int(row[3])) for row in rows)


def read_shared_items(
    catalog_id: int, *, profile_id: int, others: Sequence[int], now: datetime, limit: int
) -> dict[int, tuple[SharedItem, ...]]:
    """Return, by profile, up to ``limit`` items that both like and that may be shown, the rarest first.

    Of either history the latest part is compared. Costs one statement.
    """
    strength, strength_params = _strength("x")
    sql, params = Item.objects.in_catalog(catalog_id).visible(now).order_by().values("pk").query.sql_with_params()
    tables = [
        ("mine", _liked_items(profile_id, now)),
        (
            "weighed",
            Fragment(
                "SELECT m.item_id, (SELECT count(*) FROM (SELECT 1 FROM profiles_interaction y "
                f"WHERE y.item_id = m.item_id LIMIT {MOST_FANS:d}) known) AS fans FROM mine m"
            ),
        ),
        (
            "common",
            Fragment(
                "SELECT o.id AS profile_id, w.item_id, w.fans FROM unnest(%s::bigint[]) AS o(id) CROSS JOIN LATERAL ("
                "SELECT DISTINCT x.item_id FROM (SELECT item_id, kind, value FROM profiles_interaction "
                f"WHERE profile_id = o.id AND occurred_at <= %s ORDER BY occurred_at DESC, id DESC "
                f"LIMIT {_LONGEST_COMPARED:d}) x WHERE {strength} > 0) y JOIN weighed w ON w.item_id = y.item_id "
                f"WHERE w.item_id IN ({sql})",
                [list(others), now, *strength_params, *params],
            ),
        ),
    ]
    rows = _run(
        tables,
        Fragment(
            "placed AS (SELECT c.*, row_number() OVER (PARTITION BY c.profile_id ORDER BY c.fans, c.item_id) AS place "
            "FROM common c) SELECT d.profile_id, i.key, i.title FROM placed d JOIN catalog_item i ON i.id = d.item_id "
            "WHERE d.place <= %s ORDER BY d.profile_id, d.place",
            [limit],
        ),
    )
    found: dict[int, list[SharedItem]] = {other: [] for other in others}
    for other, key, title in rows:
        found[other].append(SharedItem(key, title))
    return {other: tuple(items) for other, items in found.items()}


def _taste_tables(profile_id: int, now: datetime) -> list[tuple[str, Fragment]]:
    """Return ``taste`` (id, taste) by shared items; of items with more fans than are read, an arbitrary part counts."""
    strength, params = _strength("x")
    fans = Fragment(
        "SELECT m.item_id, f.profile_id, count(*) OVER (PARTITION BY m.item_id) AS fans FROM mine m "
        f"CROSS JOIN LATERAL (SELECT DISTINCT x.profile_id FROM (SELECT profile_id, kind, value "
        f"FROM profiles_interaction WHERE item_id = m.item_id AND occurred_at <= %s LIMIT {MOST_FANS:d}) x "
        f"WHERE {strength} > 0) f",
        [now, *params],
    )
    taste = (
        "SELECT profile_id AS id, sum(1.0 / sqrt(fans)) AS taste FROM fans WHERE profile_id <> %s GROUP BY profile_id"
    )
    return [("mine", _liked_items(profile_id, now)), ("fans", fans), ("taste", Fragment(taste, [profile_id]))]


def _vector_tables(space: SpaceRef, profile_id: int) -> list[tuple[str, Fragment]]:
    """Return ``taste`` (id, taste) by the vectors of people: an exact scan of those of the space."""
    own = (
        f"SELECT vector::halfvec({space.dimensions:d}) FROM recommender_profilevector "
        "WHERE space_id = %s AND profile_id = %s"
    )
    distance = distance_sql("v.vector", f"({own})", dimensions=space.dimensions, metric="cosine")
    near = Fragment(
        f"SELECT v.profile_id AS id, 1 - ({distance}) AS taste FROM recommender_profilevector v "
        "WHERE v.space_id = %s AND v.profile_id <> %s AND NOT v.profile_id IN (SELECT id FROM friends) "
        f"AND l2_norm(v.vector) > 0 ORDER BY taste DESC, id LIMIT {MOST_NEAR:d}",
        [space.id, profile_id, space.id, profile_id],
    )
    return [("near", near), ("taste", Fragment("SELECT id, taste FROM near WHERE taste > 0"))]


def _social_tables(profile_id: int) -> list[tuple[str, Fragment]]:
    """Return ``social`` (id, social, common): Adamic-Adar over the friends."""
    known = friends_table("f.id", limit=MOST_FRIENDS)
    ties = Fragment(
        f"SELECT f.id AS via, g.id, count(*) OVER (PARTITION BY f.id) AS degree FROM friends f "
        f"CROSS JOIN LATERAL ({known.sql}) g"
    )
    social = Fragment(
        "SELECT id, sum(1.0 / ln(degree)) AS social, count(*) AS common FROM ties WHERE id <> %s GROUP BY id",
        [profile_id],
    )
    return [("ties", ties), ("social", social)]


def _liked_items(profile_id: int, now: datetime) -> Fragment:
    """Select the item ids of the latest interactions of the profile that speak for their items."""
    strength, params = _strength("x")
    return Fragment(
        "SELECT DISTINCT item_id FROM (SELECT x.item_id FROM profiles_interaction x WHERE x.profile_id = %s "
        f"AND x.occurred_at <= %s AND x.item_id IS NOT NULL AND {strength} > 0 "
        f"ORDER BY x.occurred_at DESC, x.id DESC LIMIT {MOST_ITEMS:d}) latest",
        [profile_id, now, *params],
    )


def _strength(table: str) -> tuple[str, list[Any]]:
    return strength_sql(get_conf().kinds, kind=f"{table}.kind", value=f"{table}.value")


def _run(tables: Sequence[tuple[str, Fragment]], last: Fragment) -> list[tuple[Any, ...]]:
    """Return the rows of ``last``, which begins with a table of its own, after ``tables``."""
    ctes = ", ".join(f"{name} AS MATERIALIZED ({fragment.sql})" for name, fragment in tables)
    params = [param for _, fragment in (*tables, ("", last)) for param in fragment.params]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {ctes}, {last.sql}", params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
