"""Reads what friends did: a strategy of its own, as no learner publishes it; a friend's click counts at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from profiles.conf import get_conf
from profiles.kinds import half_life_sql, strength_sql
from recommender.readers.fragments import LEAST_EXPONENT, Fragment, ReadContext
from recommender.records import Query

FRIENDS = "friends"
"""The name of the strategy."""
MOST_FRIENDS = 200
"""Friends whose histories are read: the latest made."""


@dataclass(frozen=True, slots=True)
class FriendsOfItem:
    """How many friends like an item, and the keys of the first few of them, who like it most."""

    count: int
    keys: tuple[str, ...]


def friends_table(profile: int | str, *, limit: int) -> Fragment:
    """Select the ids of a profile's friends, the latest made first; ``profile`` is an id or a trusted column."""
    one = f"{profile:d}" if isinstance(profile, int) else profile
    return Fragment(
        "SELECT b.id FROM ("
        f"(SELECT second_id AS id, id AS tie FROM profiles_friendship WHERE first_id = {one}) UNION ALL "
        f"(SELECT first_id, id FROM profiles_friendship WHERE second_id = {one})) b ORDER BY b.tie DESC LIMIT {limit:d}"
    )


def liked_by_friends(context: ReadContext, query: Query, *, profile_id: int) -> Fragment:
    """Select (item_id, score, evidence_id) in the order of how strongly friends speak for an item now."""
    voices = friends_voices(query, profile_id=profile_id)
    return Fragment(
        "SELECT item_id, score, 0::bigint AS evidence_id FROM ("
        f"SELECT v.item_id, sum(v.voice) AS score FROM ({voices.sql}) v GROUP BY v.item_id "
        "ORDER BY score DESC, v.item_id OFFSET 0) spoken "
        f"WHERE item_id IN ({context.eligible.sql}) ORDER BY score DESC, item_id LIMIT {context.limit:d}",
        [*voices.params, *context.eligible.params],
    )


def friends_of_items(query: Query, ids: list[int], *, profile_id: int) -> Fragment:
    """Select (item_id, score) of given items: the same sums."""
    voices = friends_voices(query, profile_id=profile_id)
    return Fragment(
        f"SELECT v.item_id, sum(v.voice) AS score FROM ({voices.sql}) v "
        "WHERE v.item_id = ANY(%s::bigint[]) GROUP BY v.item_id",
        [*voices.params, ids],
    )


def friends_voices(query: Query, *, profile_id: int) -> Fragment:
    """Select (friend_id, item_id, voice), voices above 0: one for each friend and item of the friends' latest steps.

    A row's weight is its kind's strength halved every half-life up to ``query.now``, as in one's own history; rows of
    one item add up, but never to more than the strongest of them: however often a friend comes back, it is one voice,
    which a later dislike takes away.
    """
    conf = get_conf()
    strength, strength_params = strength_sql(conf.kinds, kind="x.kind", value="x.value")
    half_life, half_life_params = half_life_sql(conf.kinds, kind="x.kind")
    friends = friends_table(profile_id, limit=MOST_FRIENDS)
    sql = (
        "SELECT friend_id, item_id, least(sum(weight), max(weight)) AS voice FROM ("
        f"SELECT f.id AS friend_id, x.item_id, {strength} * power(2.0::float8, greatest({LEAST_EXPONENT}, "
        f"-extract(epoch FROM %s - x.occurred_at)::float8 / ({half_life}))) AS weight FROM ({friends.sql}) f "
        "CROSS JOIN LATERAL (SELECT item_id, kind, value, occurred_at FROM profiles_interaction "
        "WHERE profile_id = f.id AND occurred_at <= %s ORDER BY occurred_at DESC, id DESC LIMIT %s) x "
        "WHERE x.item_id IS NOT NULL) weighted GROUP BY friend_id, item_id HAVING least(sum(weight), max(weight)) > 0"
    )
    params = [
        *strength_params,
        query.now,
        *half_life_params,
        *friends.params,
        query.now,
        conf.history_length,
    ]
    return Fragment(sql, params)


def count_friends(query: Query, item_ids: Sequence[int], *, names: int = 0) -> dict[int, FriendsOfItem]:
    """Return how many friends speak for each of the items, with the keys of up to ``names`` of them; one statement."""
    if query.profile_id is None or not item_ids:
        return {}
    voices = friends_voices(query, profile_id=query.profile_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.item_id, count(*), (array_agg(p.key ORDER BY v.voice DESC, p.id))[1:%s] "
            f"FROM ({voices.sql}) v JOIN profiles_profile p ON p.id = v.friend_id "
            "WHERE v.item_id = ANY(%s::bigint[]) GROUP BY v.item_id",
            [names, *voices.params, list(item_ids)],
        )
        return {item_id: FriendsOfItem(count, tuple(keys)) for item_id, count, keys in cursor.fetchall()}
