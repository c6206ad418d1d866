"""System checks of the catalogue: wrong configuration speaks at start."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from catalog.conf import get_conf
from catalog.encoders import encoders
from catalog.extensions import OptionError, load_options
from catalog.models import EmbeddingSpace

_SAFE_POOLS = ("solo", "threads")


@register()
def check_encoder(**kwargs: Any) -> list[CheckMessage]:
    """Refuse an encoder in the settings that does not exist, or options that do not fit it."""
    try:
        conf = get_conf()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="catalog.E003")]
    if conf.encoder not in encoders:
        known = ", ".join(encoders.keys())
        return [Error(f"RECSITE_ENCODER: no encoder {conf.encoder!r} (known: {known})", id="catalog.E001")]
    try:
        load_options(encoders.get(conf.encoder).Options, conf.encoder_options)
    except OptionError as error:
        return [Error(f"RECSITE_ENCODER: {error}", id="catalog.E002")]
    return []


@register()
def check_worker_pool(**kwargs: Any) -> list[CheckMessage]:
    """Warn of a worker that would use torch in a forked child, where it hangs, or of jobs handed out twice."""
    messages: list[CheckMessage] = []
    pool = getattr(settings, "CELERY_WORKER_POOL", "prefork")
    spawned = getattr(settings, "CELERY_WORKER_POOL_START_METHOD", "fork") == "spawn"
    if pool not in _SAFE_POOLS and not spawned:
        messages.append(
            Warning(f"CELERY_WORKER_POOL is {pool!r}: torch hangs in a forked child; use threads", id="catalog.W001")
        )
    timeout = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout", 3600)
    if timeout <= settings.ENVIRONMENT.longest_job_seconds:
        messages.append(
            Warning(
                f"the broker hands out an unfinished task again after {timeout} s, which the longest job may take",
                id="catalog.W002",
            )
        )
    return messages


@register(Tags.database)
def check_spaces(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of spaces whose encoder is not known here (any more)."""
    if not databases or EmbeddingSpace._meta.db_table not in connection.introspection.table_names():
        return []
    return [
        Warning(f"embedding space {space.pk}: no encoder {space.encoder!r}", id="catalog.W003", obj=space)
        for space in EmbeddingSpace.objects.in_use().encoded()
        if space.encoder not in encoders
    ]
