"""Listens to signals and schedules tasks."""

import logging

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from catalog import tasks
from catalog.services.following import clear_pending, mark_pending
from catalog.signals import items_changed

logger = logging.getLogger(__name__)


@receiver(items_changed)
def schedule_encoding(*, catalog_id: int, **_: object) -> None:
    """Have a worker encode what has become stale; while one message waits for a worker, no other is sent.

    Without broker or cache the items are written all the same; the periodic task finds what is stale.
    """
    try:
        if not mark_pending(catalog_id):
            return
    except Exception as error:  # each cache backend has exceptions of its own
        logger.warning("No cache (%s): items wait for the periodic task to be encoded", error)
        return
    try:
        tasks.encode_stale_items.apply_async((catalog_id,), retry=False)
    except OperationalError as error:
        clear_pending(catalog_id)
        logger.warning("No broker (%s): items wait for the periodic task to be encoded", error)
