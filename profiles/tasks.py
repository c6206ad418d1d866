"""Background work on profiles."""

from celery import shared_task

from profiles.services import interests


@shared_task(ignore_result=True)
def refresh_interests(profile_ids: list[int]) -> int:
    """Sum up the histories of these profiles; return how many were behind."""
    return interests.refresh_interests(profile_ids)


@shared_task(ignore_result=True)
def refresh_stale_interests() -> int:
    """Sum up the histories that no message told of; return how many there were."""
    return interests.refresh_stale_interests()
