"""Keeps the spaces in use in step with their catalogs."""

import logging
from collections.abc import Callable

from django.core.cache import cache

from catalog.encoders import EncoderUnavailable
from catalog.models import Catalog, EmbeddingSpace
from catalog.services.batches import EncoderFaultError
from catalog.services.encoding import encode_space
from catalog.services.spaces import ensure_text_space

logger = logging.getLogger(__name__)

LONGEST_WAIT = 600
"""Seconds after which a message that never arrived no longer holds the next one back."""


def mark_pending(catalog_id: int) -> bool:
    """Note that a message is under way for a catalog; return False where one was already."""
    return bool(cache.add(_name_mark(catalog_id), 1, timeout=LONGEST_WAIT))


def clear_pending(catalog_id: int) -> None:
    """Note that the message has arrived (or could not be sent): what changes from now on needs another one."""
    cache.delete(_name_mark(catalog_id))


def encode_stale_items(catalog_id: int | None = None, *, should_stop: Callable[[], bool]) -> dict[str, int]:
    """Encode what is stale in every space in use; a catalog without a text space gets its first one.

    An encoder at fault is noted on its space and in the log, and the other spaces are gone through all the same.
    """
    counts = {"spaces": 0, "encoded": 0, "failed": 0}
    catalogs = Catalog.objects.order_by("pk").values_list("pk", flat=True)
    if catalog_id is not None:
        _clear_quietly(catalog_id)
        catalogs = catalogs.filter(pk=catalog_id)
    for pk in list(catalogs):
        ensure_text_space(pk)
        spaces = EmbeddingSpace.objects.in_catalog(pk).in_use().encoded()
        for space_id in list(spaces.order_by("state", "pk").values_list("pk", flat=True)):
            if should_stop():
                return counts
            try:
                report = encode_space(space_id, should_stop=should_stop)
            except (EncoderFaultError, EncoderUnavailable) as error:
                logger.error("Space %s cannot be encoded: %s", space_id, error)
                continue
            counts["spaces"] += 1
            counts["encoded"] += report.encoded
            counts["failed"] += report.failed
    return counts


def _clear_quietly(catalog_id: int) -> None:
    try:
        clear_pending(catalog_id)
    except Exception as error:  # each cache backend has exceptions of its own; the mark runs out by itself
        logger.warning("No cache (%s): catalog %s may have to wait for the periodic task", error, catalog_id)


def _name_mark(catalog_id: int) -> str:
    return f"catalog:{catalog_id}:encoding-asked"
