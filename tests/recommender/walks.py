"""A world for evaluations: walkers along a line, who never come by the star that everybody else has bought."""

from __future__ import annotations

from uuid import uuid4

from catalog.models import Catalog, Item
from profiles.models import Profile
from recommender.models import Placement, PlacementStrategy
from tests.recommender.logs import make_catalog, make_items, make_profiles, record

WALKERS = 40
CROWD = 60
"""People who have bought the star alone, long before the cut."""
STEPS = 6
LAST_STEP = "time:0.867"
"""The protocol that holds out the last step of every walker, and nothing else: 260 of 300 rows lie before it."""


def make_walks(*strategies: tuple[str, str, float], **fields: object) -> tuple[Catalog, Placement]:
    """WALKERS take STEPS steps along 12 items, in turn; ``follow`` of ``chain_world`` knows where they go.

    The placement goes by the learner ``follow`` alone, unless there are other ``strategies``.
    """
    catalog = make_catalog()
    items, walkers = make_items(catalog, 2 * STEPS), make_profiles(catalog, WALKERS)
    Item.objects.filter(catalog=catalog).update(categories=["line", "other"])
    star = Item.objects.create(
        catalog=catalog, key="star", title="The Star", categories=["stars"], content_digest=uuid4()
    )
    crowd = Profile.objects.bulk_create(Profile(catalog=catalog, key=f"c{number}") for number in range(CROWD))
    for profile in crowd:
        record(profile, star, at=-1)
    for step in range(STEPS):
        for number, walker in enumerate(walkers):
            record(walker, items[number % STEPS + step], at=step * WALKERS + number)
    placement = Placement.objects.create(catalog=catalog, key="home", name="For you", **{"diversity": 0.0, **fields})
    PlacementStrategy.objects.bulk_create(
        PlacementStrategy(placement=placement, reader=reader, source=source, weight=weight, position=place)
        for place, (reader, source, weight) in enumerate(strategies or (("neighbours", "follow", 1.0),))
    )
    return catalog, placement
