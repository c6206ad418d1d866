"""The vocabulary of profile queries."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from profiles.models import Friendship, Interaction, Profile  # noqa: F401


class ProfileQuerySet(models.QuerySet["Profile"]):
    """Queries on profiles; ``in_catalog`` is the way in."""

    def in_catalog(self, catalog_id: int) -> "ProfileQuerySet":
        """Keep the profiles of one catalog."""
        return self.filter(catalog_id=catalog_id)


class InteractionQuerySet(models.QuerySet["Interaction"]):
    """Queries on interactions."""

    def in_catalog(self, catalog_id: int) -> "InteractionQuerySet":
        """Keep the interactions of one catalog."""
        return self.filter(catalog_id=catalog_id)

    def of_profile(self, profile_id: int) -> "InteractionQuerySet":
        """Keep one profile's interactions, latest first: one index range scan."""
        return self.filter(profile_id=profile_id).order_by("-occurred_at", "-id")


class FriendshipQuerySet(models.QuerySet["Friendship"]):
    """Queries on friendships."""

    def in_catalog(self, catalog_id: int) -> "FriendshipQuerySet":
        """Keep the friendships of one catalog."""
        return self.filter(catalog_id=catalog_id)

    def of_profile(self, profile_id: int) -> "FriendshipQuerySet":
        """Keep one profile's friendships, from whichever side: two index scans."""
        return self.filter(Q(first_id=profile_id) | Q(second_id=profile_id))
