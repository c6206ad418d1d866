"""The doorbell: tells a worker of a task. Work stands in Postgres, so a message that is lost costs time alone."""

import logging
from typing import Any

from celery import Task
from django.db.models import Model
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

_silent: set[str] = set()
"""Tasks that the broker did not take last time, so that an outage is one line in the log."""


class NoBrokerError(Exception):
    """The broker is out of reach: no worker has been told."""


def ring(task: Task[Any, Any], *args: Any, **named: Any) -> None:
    """Send a task to the broker, or raise NoBrokerError without waiting for one that is down."""
    try:
        task.apply_async(args, named, retry=False)
    except OperationalError as error:
        raise NoBrokerError(f"No broker ({error})") from error
    _silent.discard(task.name)


def ring_for(task: Task[Any, Any], row: Model) -> None:
    """Send a task for a new row, by its key; where the broker is out of reach the row goes again: NoBrokerError."""
    try:
        ring(task, row.pk)
    except NoBrokerError:
        row.delete()
        raise


def try_to_ring(task: Task[Any, Any], *args: Any, otherwise: str, **named: Any) -> bool:
    """Send a task, and return whether the broker took it; if not, the log says what happens ``otherwise``."""
    try:
        ring(task, *args, **named)
    except NoBrokerError as error:
        if task.name not in _silent:
            logger.warning("%s: %s", error, otherwise)
        _silent.add(task.name)
        return False
    return True
