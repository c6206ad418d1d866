"""Listens to signals."""

from django.dispatch import receiver

from profiles.signals import profiles_merged
from recommender.services.merging import move_recommendations


@receiver(profiles_merged)
def follow_merge(*, source_id: int, into_id: int, **_: object) -> None:
    """Move what was shown to a profile along when it is merged into another."""
    move_recommendations(source_id, into_id=into_id)
