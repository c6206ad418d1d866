"""Writes friendships in bulk: one COPY and a fixed number of statements a batch."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any, TypeVar

from django.db import connection, transaction
from django.utils import timezone

from catalog.bulk import StagingTable, stage_rows
from profiles.friendship_rows import name_same_person
from profiles.identity import hold_identities
from profiles.models import Friendship
from profiles.records import FriendshipRecord, FriendshipReport
from profiles.selectors import find_profile_ids

_STAGED = StagingTable("staged_friendship", {"place": "int", "user_key": "text", "friend_key": "text"})

_PROFILE = (
    "SELECT COALESCE(p.merged_into_id, p.id) FROM profiles_profile p "
    "WHERE p.catalog_id = (SELECT %(catalog_id)s::bigint) AND p.key ="
)

_CREATE_PROFILES = f"""
INSERT INTO profiles_profile (catalog_id, key, created_at)
SELECT DISTINCT %(catalog_id)s::bigint, s.key, %(now)s::timestamptz
FROM (SELECT user_key AS key FROM staged_friendship UNION SELECT friend_key FROM staged_friendship) s
WHERE ({_PROFILE} s.key) IS NULL
ORDER BY s.key
ON CONFLICT (catalog_id, key) DO NOTHING
"""

_RESOLVE = f"""
SELECT LEAST(r.one, r.other), GREATEST(r.one, r.other) FROM (
    SELECT s.place, COALESCE(({_PROFILE} s.user_key), 0) AS one, COALESCE(({_PROFILE} s.friend_key), 0) AS other
    FROM staged_friendship s
) r ORDER BY r.place
"""

# The lock keeps a profile from being deleted between here and the commit, when its foreign key is checked; the order is
# that of the ids, so that concurrent batches wait for each other instead of deadlocking.
_WRITE = """
WITH pairs AS (
    SELECT DISTINCT first_id, second_id FROM unnest(%(first)s::bigint[], %(second)s::bigint[]) p(first_id, second_id)
), locked AS MATERIALIZED (
    SELECT p.id FROM profiles_profile p
    WHERE p.id IN (SELECT first_id FROM pairs UNION SELECT second_id FROM pairs) ORDER BY p.id FOR KEY SHARE
)
INSERT INTO profiles_friendship (catalog_id, first_id, second_id, created_at)
SELECT %(catalog_id)s::bigint, pairs.first_id, pairs.second_id, %(now)s::timestamptz FROM pairs
WHERE first_id IN (SELECT id FROM locked) AND second_id IN (SELECT id FROM locked)
ORDER BY pairs.first_id, pairs.second_id
ON CONFLICT (first_id, second_id) DO NOTHING
RETURNING first_id, second_id
"""

Pair = tuple[int, int]
P = TypeVar("P", bound=Hashable)


def add_friendships(catalog_id: int, records: Sequence[FriendshipRecord]) -> FriendshipReport:
    """Make friends of what is new of a batch, in one transaction; good rows land whatever the others are.

    Either order of the two says the same, and saying it again changes nothing. Profiles are created as needed; what
    comes under the key of a merged profile belongs to the one that it was merged into, so that two keys of one person
    are an error.
    """
    if not records:
        return FriendshipReport()
    params: dict[str, Any] = {"catalog_id": catalog_id, "now": timezone.now()}
    rows = [(place, record.user_id, record.friend_id) for place, record in enumerate(records)]
    with transaction.atomic(), connection.cursor() as cursor:
        hold_identities(cursor, catalog_id, exclusive=False)
        with stage_rows(cursor, _STAGED, rows):
            cursor.execute(_CREATE_PROFILES, params)
            cursor.execute(_RESOLVE, params)
            pairs: list[Pair] = cursor.fetchall()
        apart = [place for place, (first, second) in enumerate(pairs) if first != second]
        params["first"], params["second"] = ([pairs[place][side] for place in apart] for side in (0, 1))
        cursor.execute(_WRITE, params)
        written: set[Pair] = set(cursor.fetchall())
    return _report(pairs, apart, new=written)


def compare_friendships(catalog_id: int, records: Sequence[FriendshipRecord]) -> FriendshipReport:
    """Return what add_friendships would report, and write nothing."""
    if not records:
        return FriendshipReport()
    keys = {key for record in records for key in (record.user_id, record.friend_id)}
    ids: dict[str, int | str] = {**{key: key for key in keys}, **find_profile_ids(catalog_id, sorted(keys))}
    pairs = [frozenset((ids[record.user_id], ids[record.friend_id])) for record in records]
    known = [profile_id for profile_id in ids.values() if isinstance(profile_id, int)]
    rows = Friendship.objects.filter(first_id__in=known, second_id__in=known).values_list("first_id", "second_id")
    friends = {frozenset[int | str](pair) for pair in rows}
    return _report(pairs, [place for place, pair in enumerate(pairs) if len(pair) == 2], new=set(pairs) - friends)


def remove_friendships(catalog_id: int, *, user_id: str, friend_ids: Sequence[str]) -> int:
    """End the friendships of a person with others, by their keys or aliases of theirs; return how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        hold_identities(cursor, catalog_id, exclusive=False)
        ids = find_profile_ids(catalog_id, [user_id, *friend_ids])
        if user_id not in ids:
            return 0
        others = {ids[key] for key in friend_ids if key in ids}
        rows = Friendship.objects.in_catalog(catalog_id).of_profile(ids[user_id])
        chosen = [pk for pk, pair in ((row.pk, {row.first_id, row.second_id}) for row in rows) if pair & others]
        return Friendship.objects.filter(pk__in=chosen).delete()[0]


def _report(pairs: Sequence[P], apart: Sequence[int], *, new: Collection[P]) -> FriendshipReport:
    """Sum up a batch of ``pairs``: those at the places ``apart`` are two people, of which ``new`` were no friends."""
    made: dict[P, int] = {}
    for place in apart:
        if pairs[place] in new:
            made.setdefault(pairs[place], place)
    alone = sorted(set(range(len(pairs))) - set(apart))
    return FriendshipReport(
        created=len(made),
        unchanged=len(apart) - len(made),
        errors=tuple(name_same_person(place) for place in alone),
        created_places=frozenset(made.values()),
    )
