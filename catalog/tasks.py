"""Background work of the catalogue: ids in, a service called, counts out; running one twice changes nothing."""

import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import OperationalError

from catalog.services import following
from catalog.services.encoding import encode_space

_stopping = threading.Event()


@worker_shutting_down.connect
def stop_runs(**_: Any) -> None:
    """A worker that is told to end lets its encode run end after the running batch; another one goes on."""
    _stopping.set()


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, retry_backoff_max=600, max_retries=10)
def encode_space_items(space_id: int) -> dict[str, int]:
    """Encode what is stale in one space."""
    report = encode_space(space_id, should_stop=_stopping.is_set)
    return {"encoded": report.encoded, "failed": report.failed}


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, retry_backoff_max=600, max_retries=10)
def encode_stale_items(catalog_id: int | None = None) -> dict[str, int]:
    """Encode what is stale in every space in use, of one catalog or of all."""
    return following.encode_stale_items(catalog_id, should_stop=_stopping.is_set)
