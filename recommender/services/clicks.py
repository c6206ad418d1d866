"""Clicks that come through a widget's signed link."""

from typing import TypeGuard

from django.utils import timezone

from catalog.field_values import FieldProblem, read_key
from catalog.models import Item
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions
from recommender.click_links import Click


def record_click(click: Click, *, count: bool = True) -> str | None:
    """Record the click, once a place of a slate, and return the item's URL; None where there is no such item.

    Not recorded: a click that does not ``count`` (a prefetch), one on an old slate, and one by nobody
    known, or under an id that cannot be a profile's key, as there is no profile to store it with.
    """
    item = Item.objects.in_catalog(click.catalog_id).filter(pk=click.item_id).only("key", "url").first()
    if item is None or not item.url:
        return None
    if count and click.fresh and _is_key(click.user_id):
        record = InteractionRecord(
            user_id=click.user_id,
            kind="click",
            occurred_at=timezone.now(),
            item=item.key,
            interaction_id=f"click-{click.recommendation_id.hex}-{click.position}",
            recommendation_id=click.recommendation_id,
            position=click.position,
        )
        record_interactions(click.catalog_id, [record])
    return item.url


def _is_key(user_id: str | None) -> TypeGuard[str]:
    try:
        return user_id is not None and bool(read_key(user_id))
    except FieldProblem:
        return False
