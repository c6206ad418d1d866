"""Merges an anonymous profile into an identified one, histories and all."""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from catalog.signals import send_after_commit
from profiles.models import Interaction, Interest, Profile
from profiles.signals import interactions_recorded, profiles_merged

_MOVE_FRIENDSHIPS = """
WITH gone AS (
    DELETE FROM profiles_friendship WHERE first_id = %(source)s OR second_id = %(source)s
    RETURNING catalog_id, created_at, CASE WHEN first_id = %(source)s THEN second_id ELSE first_id END AS friend_id
)
INSERT INTO profiles_friendship (catalog_id, first_id, second_id, created_at)
SELECT catalog_id, LEAST(friend_id, %(into)s), GREATEST(friend_id, %(into)s), created_at
FROM gone WHERE friend_id <> %(into)s
ON CONFLICT (first_id, second_id) DO NOTHING
"""

_MOVE_MEMBERSHIPS = """
WITH gone AS (
    DELETE FROM profiles_profilegroup_members WHERE profile_id = %(source)s RETURNING profilegroup_id
)
INSERT INTO profiles_profilegroup_members (profilegroup_id, profile_id)
SELECT profilegroup_id, %(into)s FROM gone
ON CONFLICT (profilegroup_id, profile_id) DO NOTHING
"""


class MergeError(ValueError):
    """Two profiles cannot be merged: ``field`` ("source" or "into"), ``reason`` and ``code``."""

    def __init__(self, field: str, reason: str, code: str = "invalid") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.code = code


def hold_identities(cursor: CursorWrapper, catalog_id: int, *, exclusive: bool) -> None:
    """Keep what ``merged_into`` says in a catalog until the transaction ends.

    Those who write to profiles by key share the lock, a merge has it alone: so merges cannot deadlock with
    each other or with a batch, and no interaction lands with a profile that was merged away meanwhile.
    """
    name = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    cursor.execute(f"SELECT {name}(hashtextextended(%s, 0))", [f"identities of catalog {catalog_id}"])


def merge_profiles(catalog_id: int, *, source: str, into: str, create_missing: bool = False) -> Profile:
    """Merge the profile with key ``source`` into the one with key ``into``, and return the latter.

    History, interests, friendships and places in groups move, attributes too where ``into`` has none of that name.
    ``source`` stays as an alias: what arrives under its key later belongs to the result. If ``into`` is an alias
    itself, the profile behind it takes its place. Merging again changes nothing. Raise MergeError for a profile with
    itself, for one that was merged into another already, and for a key that the catalog lacks, unless
    ``create_missing`` (a login may come before anything else of a visitor).
    """
    if source == into:
        raise MergeError("into", "a profile cannot be merged into itself", "same_profile")
    with transaction.atomic(), connection.cursor() as cursor:
        hold_identities(cursor, catalog_id, exclusive=True)
        if create_missing:
            new = [Profile(catalog_id=catalog_id, key=key) for key in sorted((source, into))]
            Profile.objects.bulk_create(new, ignore_conflicts=True)
        old, target = _load_pair(catalog_id, source, into)
        if old.merged_into_id == target.pk:
            return target
        if old.merged_into_id is not None:
            raise MergeError("source", f"profile {source!r} was merged into another already", "already_merged")
        if old.pk == target.pk:
            raise MergeError("into", f"profile {into!r} was merged into {source!r} itself", "same_profile")
        _move_rows(old, target)
        ids = {"source_id": old.pk, "into_id": target.pk}
        send_after_commit(profiles_merged, sender=Profile, catalog_id=catalog_id, **ids)
        send_after_commit(interactions_recorded, sender=Profile, catalog_id=catalog_id, profile_ids=(target.pk,))
    target.refresh_from_db()
    return target


def _load_pair(catalog_id: int, source: str, into: str) -> tuple[Profile, Profile]:
    profiles = Profile.objects.in_catalog(catalog_id)
    found = {profile.key: profile for profile in profiles.filter(key__in=[source, into]).select_related("merged_into")}
    for field, key in (("source", source), ("into", into)):
        if key not in found:
            raise MergeError(field, f"no profile {key!r} in this catalog", "profile_not_found")
    target = found[into]
    return found[source], target.merged_into or target


def _move_rows(old: Profile, target: Profile) -> None:
    # Those who write by id (refreshed interests) don't hold identities: rows are locked in the order of their ids.
    aliases = Q(pk=old.pk) | Q(merged_into=old)
    rows = Profile.objects.filter(aliases | Q(pk=target.pk)).order_by("pk").select_for_update()
    locked = {profile.pk: profile for profile in rows}
    Interaction.objects.of_profile(old.pk).order_by().update(profile=target)
    interests = Interest.objects.filter(profile=old)
    known = Interest.objects.filter(profile=target).values("space")
    interests.exclude(space__in=known).update(profile=target)
    interests.delete()
    _move_ties(old.pk, into_id=target.pk)
    Profile.objects.filter(aliases).update(merged_into=target)
    Profile.objects.filter(pk=target.pk).update(
        attributes={**locked[old.pk].attributes, **locked[target.pk].attributes},
        created_at=Least(F("created_at"), locked[old.pk].created_at),
        last_seen_at=Greatest(F("last_seen_at"), locked[old.pk].last_seen_at),
        interests_refreshed_at=None,
    )


def _move_ties(source_id: int, *, into_id: int) -> None:
    """Make the friends and the groups of one those of the other, but nobody a friend of their own."""
    with connection.cursor() as cursor:
        for statement in (_MOVE_FRIENDSHIPS, _MOVE_MEMBERSHIPS):
            cursor.execute(statement, {"source": source_id, "into": into_id})
