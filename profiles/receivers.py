"""Listens to signals and schedules tasks."""

from collections.abc import Sequence

from django.dispatch import receiver

from catalog.doorbell import try_to_ring
from profiles import tasks
from profiles.services.interests import CHUNK
from profiles.signals import interactions_recorded


@receiver(interactions_recorded)
def schedule_refresh(*, profile_ids: Sequence[int], **_: object) -> None:
    """Have a worker sum up the histories that grew.

    Without a broker the interactions are recorded all the same; the periodic task finds what is behind.
    """
    otherwise = "interests are refreshed by the periodic task alone"
    for start in range(0, len(profile_ids), CHUNK):
        ids = list(profile_ids[start : start + CHUNK])
        if not try_to_ring(tasks.refresh_interests, ids, otherwise=otherwise):
            return
