"""Makes the entries of slates."""

from recommender.readers.details import ItemDetails
from recommender.records import Reason, SlateEntry


def make_entry(item: ItemDetails, *, score: float, sources: tuple[str, ...], reason: Reason) -> SlateEntry:
    """Return the entry of an item whose details have been read."""
    return SlateEntry(
        item_id=item.id,
        key=item.key,
        kind=item.kind,
        title=item.title,
        url=item.url,
        image_url=item.image_url,
        categories=item.categories,
        attributes=item.attributes,
        score=score,
        sources=sources,
        reason=reason,
    )
