"""Refuses a training that cannot fit into memory, before it starts."""

from django.db import connection

from catalog.models import Item
from recommender.conf import get_conf
from recommender.learners import Learner
from recommender.training.memory import find_available_bytes


class TrainingTooLargeError(Exception):
    """A training needs more memory than there is; the message gives both."""


def check_memory(learner: Learner, catalog_id: int) -> int | None:
    """Return the bytes that a training is estimated to take, None where the learner does not say.

    Raises TrainingTooLargeError where that is more than ``RECSITE_TRAINING["memory_mb"]``, or than what is left.
    """
    estimate = getattr(learner, "estimate_bytes", None)
    if estimate is None:
        return None
    items, profiles, interactions = _count(catalog_id)
    needed = int(estimate(items, profiles, interactions))
    limit = get_conf().memory_mb * 2**20
    available = limit or find_available_bytes()
    if available is not None and needed > available:
        there_is = f"RECSITE_TRAINING allows {_show(limit)}" if limit else f"{_show(available)} is available"
        raise TrainingTooLargeError(
            f"needs about {_show(needed)} for {items:,} items, {profiles:,} profiles "
            f"and {interactions:,} interactions; {there_is}"
        )
    return needed


def _count(catalog_id: int) -> tuple[int, int, int]:
    items = Item.objects.filter(catalog_id=catalog_id).count()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT profile_id), count(*) FROM profiles_interaction "
            "WHERE catalog_id = %s AND item_id IS NOT NULL",
            [catalog_id],
        )
        profiles, interactions = cursor.fetchone()
    return items, profiles, interactions


def _show(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"
