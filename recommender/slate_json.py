"""Slates as JSON shows them: in the API, and in a terminal."""

from typing import Any

from recommender.records import Slate


def show_slate(slate: Slate) -> dict[str, Any]:
    """Return the plain values of a slate."""
    entries = [
        {
            "key": entry.key,
            "kind": entry.kind,
            "title": entry.title,
            "url": entry.url,
            "image_url": entry.image_url,
            "categories": entry.categories,
            "attributes": entry.attributes,
            "score": entry.score,
            "sources": entry.sources,
            "reason": {
                "code": entry.reason.code,
                "text": entry.reason.text,
                "item": entry.reason.item_key or None,
            },
        }
        for entry in slate.entries
    ]
    return {
        "recommendation_id": slate.recommendation_id,
        "placement": slate.placement_key or None,
        "items": entries,
        "requested": slate.requested,
        "returned": len(entries),
        "exhausted": slate.exhausted,
        "took_ms": slate.milliseconds,
    }
