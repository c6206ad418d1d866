"""Health for whatever watches the process: is it alive, and can it answer."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recsite.celery import app

logger = logging.getLogger(__name__)

BROKER_TIMEOUT = 2
"""Seconds."""


class UnreadyError(Exception):
    """A part is reached, but not ready; the message is shown, so it holds no secret."""


@never_cache
@require_safe
def show_liveness(request: HttpRequest) -> JsonResponse:
    """Answer that the process runs; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def show_readiness(request: HttpRequest) -> JsonResponse:
    """Answer how each part is: 200 when all are well, 503 when one is down."""
    parts = {name: check_part(name, probe) for name, probe in PARTS.items()}
    ready = all(part["status"] == "ok" for part in parts.values())
    return JsonResponse({"status": "ok" if ready else "down", "parts": parts}, status=200 if ready else 503)


def check_part(name: str, probe: Callable[[], None]) -> dict[str, Any]:
    """Return the state of one part and how long asking took.

    Drivers put addresses and names of accounts into their messages: those go to the log, the answer
    says only that the part cannot be reached.
    """
    started = time.perf_counter()
    state: dict[str, Any] = {"status": "ok"}
    try:
        probe()
    except UnreadyError as error:
        state = {"status": "down", "reason": str(error)}
    except Exception as error:  # whatever a driver raises means the same here
        logger.warning("Readiness: %s is down (%s)", name, type(error).__name__)
        state = {"status": "down", "reason": "out of reach"}
    return {**state, "ms": round((time.perf_counter() - started) * 1000, 1)}


def probe_database() -> None:
    """Ask the database for a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probe_migrations() -> None:
    """Compare what the code brings with what the database has had."""
    missing = list_last_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if missing:
        raise UnreadyError(f"migrations to be applied in: {', '.join(sorted({app_label for app_label, _ in missing}))}")


def probe_cache() -> None:
    """Write a value and read it back."""
    token = uuid4().hex
    cache.set(f"readiness:{token}", token, timeout=10)
    if cache.get(f"readiness:{token}") != token:
        raise UnreadyError("does not keep what is written")


def probe_broker() -> None:
    """Open a connection to the broker."""
    with app.connection_for_write(
        connect_timeout=BROKER_TIMEOUT,
        transport_options={"socket_connect_timeout": BROKER_TIMEOUT, "socket_timeout": BROKER_TIMEOUT},
    ) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT)


@lru_cache(maxsize=1)
def list_last_migrations() -> frozenset[tuple[str, str]]:
    """Return the last migration of each app, as (app, name); files do not change under a running process."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())


PARTS: Mapping[str, Callable[[], None]] = {
    "database": probe_database,
    "migrations": probe_migrations,
    "cache": probe_cache,
    "broker": probe_broker,
}
