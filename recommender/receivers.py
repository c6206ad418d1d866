"""Listens to signals and schedules tasks."""

import logging

from django.dispatch import receiver

from catalog.doorbell import try_to_ring
from profiles.signals import interactions_recorded, profiles_merged
from recommender import tasks
from recommender.services.merging import move_recommendations
from recommender.services.profile_refresh import clear_pending, mark_pending
from recommender.signals import model_promoted

logger = logging.getLogger(__name__)


@receiver(profiles_merged)
def follow_merge(*, source_id: int, into_id: int, **_: object) -> None:
    """Move what was shown to a profile along when it is merged into another."""
    move_recommendations(source_id, into_id=into_id)


@receiver(interactions_recorded)
def schedule_recent_vectors(*, catalog_id: int, **_: object) -> None:
    """Have a worker refresh query vectors; while one message waits for a worker, no other is sent.

    Without broker or cache the interactions count all the same, by their items; the periodic task finds what is behind.
    """
    try:
        if not mark_pending(catalog_id):
            return
    except Exception as error:  # each cache backend has exceptions of its own
        logger.warning("No cache (%s): vectors of people wait for the periodic task", error)
        return
    otherwise = "vectors of people are refreshed by the periodic task alone"
    if not try_to_ring(tasks.refresh_recent_profile_vectors, catalog_id, otherwise=otherwise):
        clear_pending(catalog_id)


@receiver(model_promoted)
def schedule_all_vectors(*, catalog_id: int, **_: object) -> None:
    """Have a worker compute the query vectors that a model gone live lacks, and what it has not heard of."""
    otherwise = "vectors of people are refreshed by the periodic task alone"
    try_to_ring(tasks.refresh_stale_profile_vectors, catalog_id, otherwise=otherwise)
