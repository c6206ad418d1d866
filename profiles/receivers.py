"""Listens to signals and schedules tasks."""

import logging
from collections.abc import Sequence

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from profiles import tasks
from profiles.services.interests import CHUNK
from profiles.signals import interactions_recorded

logger = logging.getLogger(__name__)


class _Doorbell:
    """Remembers whether the broker answered last time, so that an outage is one line in the log."""

    silent = False


@receiver(interactions_recorded)
def schedule_refresh(*, profile_ids: Sequence[int], **_: object) -> None:
    """Have a worker sum up the histories that grew.

    Without a broker the interactions are recorded all the same; the periodic task finds what is behind.
    """
    try:
        for start in range(0, len(profile_ids), CHUNK):
            ids = list(profile_ids[start : start + CHUNK])
            tasks.refresh_interests.apply_async((ids,), retry=False)
    except OperationalError as error:
        if not _Doorbell.silent:
            logger.warning("No broker (%s): interests are refreshed by the periodic task alone", error)
        _Doorbell.silent = True
    else:
        _Doorbell.silent = False
