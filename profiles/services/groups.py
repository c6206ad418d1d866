"""Writes groups of people."""

from collections.abc import Sequence

from django.db import connection, transaction

from profiles.identity import hold_identities
from profiles.models import Profile, ProfileGroup
from profiles.models.group import MAX_MEMBERS
from profiles.selectors import find_profile_ids


class GroupError(ValueError):
    """A group cannot be written: ``field``, ``reason`` and ``code``."""

    def __init__(self, field: str, reason: str, code: str = "invalid") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.code = code


def write_group(catalog_id: int, *, key: str, members: Sequence[str], name: str = "") -> tuple[ProfileGroup, bool]:
    """Create or replace the group with this key, and return it and whether it is new.

    Members are named by their keys; profiles are created as needed, an alias stands for the profile that it was merged
    into, and whoever is named twice is a member once. Raise GroupError for more than 30 keys.
    """
    keys = sorted(set(members))
    if len(keys) > MAX_MEMBERS:
        raise GroupError("members", f"{MAX_MEMBERS} at most, not {len(keys)}", "too_many_members")
    with transaction.atomic(), connection.cursor() as cursor:
        hold_identities(cursor, catalog_id, exclusive=False)
        Profile.objects.bulk_create([Profile(catalog_id=catalog_id, key=key) for key in keys], ignore_conflicts=True)
        ids = set(find_profile_ids(catalog_id, keys).values())
        group, created = ProfileGroup.objects.update_or_create(catalog_id=catalog_id, key=key, defaults={"name": name})
        group.members.set(sorted(ids))
    return group, created


def delete_group(catalog_id: int, key: str) -> bool:
    """Delete a group, but none of its members; return whether there was one."""
    _, counts = ProfileGroup.objects.filter(catalog=catalog_id, key=key).delete()
    return ProfileGroup._meta.label in counts
