"""The first placements of a catalog: a start that an editor changes."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from recommender.models import Placement, PlacementStrategy

Reader = PlacementStrategy.Reader

_FIRST: tuple[dict[str, Any], ...] = (
    {
        "key": "home",
        "name": gettext_noop("For you"),
        "size": 10,
        "diversity": 0.2,
        "widget_options": {"columns": 5},
        "strategies": (
            (Reader.HISTORY_MATCH, "text", 1.0),
            (Reader.NEIGHBOURS, "co_visitation", 1.5),
            (Reader.SCORES, "popular", 0.4),
            (Reader.SCORES, "trending", 0.2),
            (Reader.SCORES, "newest", 0.1),
        ),
    },
    {
        "key": "product-page",
        "name": gettext_noop("More like this"),
        "size": 8,
        "diversity": 0.1,
        "widget_options": {"columns": 4},
        "strategies": (
            (Reader.SIMILAR_ITEMS, "text", 1.0),
            (Reader.NEIGHBOURS, "co_visitation", 1.0),
            (Reader.HISTORY_MATCH, "text", 0.2),
        ),
    },
)


def create_first_placements(catalog_id: int) -> int:
    """Create ``home`` and ``product-page`` where the catalog lacks them; return how many were made."""
    made = 0
    with transaction.atomic():
        for spec in _FIRST:
            placement, created = Placement.objects.get_or_create(
                catalog_id=catalog_id,
                key=spec["key"],
                defaults={
                    "name": spec["name"],
                    "size": spec["size"],
                    "diversity": spec["diversity"],
                    "widget_options": spec["widget_options"],
                },
            )
            if not created:
                continue
            made += 1
            PlacementStrategy.objects.bulk_create(
                PlacementStrategy(placement=placement, reader=reader, source=source, weight=weight, position=place)
                for place, (reader, source, weight) in enumerate(spec["strategies"])
            )
    return made
