"""Reads on profiles."""

from collections.abc import Sequence

import numpy as np
from django.db import connection
from django.db.models.functions import Coalesce

from profiles.interests import InterestVector
from profiles.models import Friendship, Interest, Profile, ProfileGroup

# What has happened since the interests were summed up, or a new text space to sum them up in.
STALE_SQL = """
p.merged_into_id IS NULL AND p.last_seen_at IS NOT NULL AND s.role = 'text' AND s.state = 'active'
AND (p.interests_refreshed_at IS NULL OR p.interests_refreshed_at < GREATEST(p.last_seen_at, s.activated_at))
"""


def find_profile(catalog_id: int, key: str) -> Profile | None:
    """Return the profile with this key, or the one that it was merged into; None where there is none."""
    profile = Profile.objects.in_catalog(catalog_id).filter(key=key).select_related("merged_into").first()
    return profile and (profile.merged_into or profile)


def find_profile_ids(catalog_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of the profiles behind ``keys``: those that aliases were merged into, and no unknown ones."""
    rows = Profile.objects.in_catalog(catalog_id).filter(key__in=[key for key in keys if "\0" not in key])
    return dict(rows.values_list("key", Coalesce("merged_into_id", "id")))


def list_friends(profile_id: int) -> list[str]:
    """Return the keys of a profile's friends, the latest first."""
    rows = Friendship.objects.of_profile(profile_id).select_related("first", "second").order_by("-id")
    return [(row.second if row.first_id == profile_id else row.first).key for row in rows]


def find_group(catalog_id: int, key: str) -> ProfileGroup | None:
    """Return the group with this key; None where there is none."""
    return None if "\0" in key else ProfileGroup.objects.filter(catalog=catalog_id, key=key).first()


def list_members(group: ProfileGroup) -> list[tuple[int, str]]:
    """Return (id, key) of a group's members, in the order of their keys."""
    return list(group.members.order_by("key").values_list("pk", "key"))


def load_interests(profile_id: int) -> tuple[InterestVector, ...]:
    """Return the interests in the active text space, strongest first."""
    rows = Interest.objects.filter(profile=profile_id, space__role="text", space__state="active").order_by("rank")
    return tuple(
        InterestVector(row.weight, np.asarray(row.vector, dtype=np.float32), tuple(row.keywords)) for row in rows
    )


def list_stale_profiles(*, after: int = 0, limit: int) -> list[int]:
    """Return the ids, above ``after``, of profiles whose interests are behind their history."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id FROM profiles_profile p JOIN catalog_embeddingspace s ON s.catalog_id = p.catalog_id "
            f"WHERE {STALE_SQL} AND p.id > %s ORDER BY p.id LIMIT %s",
            [after, limit],
        )
        return [profile_id for (profile_id,) in cursor.fetchall()]
