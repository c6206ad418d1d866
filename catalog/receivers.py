"""Listens to signals and schedules tasks."""

import logging

from django.dispatch import receiver

from catalog import tasks
from catalog.doorbell import try_to_ring
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
    otherwise = "items wait for the periodic task to be encoded"
    if not try_to_ring(tasks.encode_stale_items, catalog_id, otherwise=otherwise):
        clear_pending(catalog_id)
