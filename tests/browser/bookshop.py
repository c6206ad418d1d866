"""The demo shop in small, with titles that a layout has to bear."""

from __future__ import annotations

import numpy as np

from recommender.services.placements import create_first_placements
from tests.recommender.worlds import World, act, make_profile, make_world, place_items, publish_scores

LONG_TITLE = "The Extraordinarily Long and Winding Chronicle of a Title That Never Ends " * 4
UNBROKEN_TITLE = "Donaudampfschifffahrtsgesellschaftskapitän" * 7
CHINESE_TITLE = "红楼梦：曹雪芹与高鹗的一百二十回本，附脂砚斋重评石头记"
ARABIC_TITLE = "ألف ليلة وليلة: حكايات من الشرق القديم"
TITLES = {
    "long": LONG_TITLE.strip()[:300],
    "unbroken": UNBROKEN_TITLE[:300],
    "chinese": CHINESE_TITLE,
    "arabic": ARABIC_TITLE,
    "emoji": "👩‍👩‍👧 A Family 🎉",
    "a/b c": "A Key with a Slash and a Space",
    "markup": "<b>Bold</b> & “Quoted”",
}
KEYS = (*TITLES, *(f"book-{number}" for number in range(1, 24)))
COVER = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 300 400'%3E"
    "%3Crect width='300' height='400' fill='teal'/%3E%3C/svg%3E"
)


def open_bookshop(catalog: str) -> World:
    """Thirty books in an order of popularity; ``ada`` has liked three of them."""
    world = make_world(*KEYS, catalog=catalog)
    for place, (key, item) in enumerate(world.items.items()):
        item.title = TITLES.get(key, f"Book Number {key.removeprefix('book-')}")
        item.url = f"/demo/items/{key}"
        item.text = f"{item.title}. Readers shelve it under fantasy and adventure."
        item.categories = ["fantasy", "adventure"] if place % 2 else ["history", "a rather long category name"]
        item.image_url = COVER if key in ("chinese", "book-3") else ""
        item.save()
    publish_scores(world, "popular", {key: float(len(KEYS) - place) for place, key in enumerate(KEYS)})
    dice = np.random.default_rng(1)
    place_items(world, {key: dice.normal(size=8).tolist() for key in KEYS})
    ada = make_profile(world, "ada")
    for key in ("book-20", "book-21", "book-22"):
        act(world, ada, key)
    create_first_placements(world.catalog.pk)
    return world
