"""Small catalogs and interaction logs in the database, for tests of training."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from catalog.models import Catalog, Item
from profiles.models import Interaction, Profile

START = datetime(2024, 3, 1, tzinfo=UTC)


def make_catalog(key: str = "books") -> Catalog:
    """Make a catalog."""
    return Catalog.objects.create(key=key, name=key)


def make_items(catalog: Catalog, count: int) -> list[Item]:
    """Make ``count`` items; keys i0, i1, …"""
    return Item.objects.bulk_create(
        Item(catalog=catalog, key=f"i{number}", title=f"Item {number}", content_digest=UUID(int=number))
        for number in range(count)
    )


def make_profiles(catalog: Catalog, count: int) -> list[Profile]:
    """Make ``count`` profiles; keys p0, p1, …"""
    return Profile.objects.bulk_create(Profile(catalog=catalog, key=f"p{number}") for number in range(count))


def record(profile: Profile, item: Item, *, at: float, kind: str = "purchase", value: float | None = None) -> None:
    """Record one interaction, ``at`` hours after START."""
    Interaction.objects.create(
        catalog_id=profile.catalog_id,
        profile=profile,
        item=item,
        kind=kind,
        value=value,
        occurred_at=START + timedelta(hours=at),
    )
