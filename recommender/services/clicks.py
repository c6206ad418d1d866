"""Clicks that come through a widget's signed link."""

from django.utils import timezone

from catalog.models import Item
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions
from recommender.click_links import Click


def record_click(click: Click, *, count: bool = True) -> str | None:
    """Record the click, once a place of a slate, and return the item's URL; None where there is no such item.

    Not recorded: a click that does not ``count`` (a prefetch), one on an old slate, and one by nobody
    known, as there is no profile to store it with.
    """
    item = Item.objects.in_catalog(click.catalog_id).filter(pk=click.item_id).only("key", "url").first()
    if item is None or not item.url:
        return None
    if count and click.fresh and click.user_id is not None:
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
