"""What is known of a catalog's items and people beside the log: for replaying a placement."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import Item
from profiles.models import Friendship
from recommender.evaluation.placement_report import ItemGroups

MOST_CATEGORIES = 12
OTHERS = ""
"""Name of the group of all further categories."""


def read_published(catalog_id: int, item_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (I,) epoch seconds of publication for ascending ``item_ids``, -inf where an item has none."""
    published = np.full(len(item_ids), -np.inf)
    rows = Item.objects.in_catalog(catalog_id).exclude(published_at=None).values_list("pk", "published_at")
    moments = {pk: moment.timestamp() for pk, moment in rows.iterator() if moment is not None}
    for place, pk in enumerate(item_ids.tolist()):
        published[place] = moments.get(pk, -np.inf)
    return published


def mark_filtered(catalog_id: int, item_ids: NDArray[np.int64], filters: Mapping[str, Any]) -> NDArray[np.bool_] | None:
    """Return (I,): which items pass a placement's ``filters``; None where there are none to pass."""
    if not filters:
        return None
    rows = Item.objects.in_catalog(catalog_id).filter(**filters).values_list("pk", flat=True)
    return np.isin(item_ids, np.fromiter(rows.iterator(), dtype=np.int64))


def group_by_category(catalog_id: int, item_ids: NDArray[np.int64]) -> ItemGroups:
    """Return the items by the first of their categories; the most frequent ones by name, all others in one group."""
    rows = Item.objects.in_catalog(catalog_id).values_list("pk", "categories")
    first = {pk: categories[0] for pk, categories in rows.iterator() if categories}
    ranked = Counter(first.values()).most_common()
    names = sorted(name for name, _ in ranked[:MOST_CATEGORIES])
    if len(ranked) > MOST_CATEGORIES:
        names.append(OTHERS)
    numbers = {name: number for number, name in enumerate(names)}
    groups = np.full(len(item_ids), -1, dtype=np.int64)
    for place, pk in enumerate(item_ids.tolist()):
        if pk in first:
            groups[place] = numbers.get(first[pk], len(names) - 1)
    return ItemGroups(tuple(names), groups)


def read_friends(catalog_id: int) -> Mapping[int, list[int]]:
    """Return the friends of every profile by id, the latest made first."""
    friends: dict[int, list[int]] = defaultdict(list)
    pairs = Friendship.objects.filter(catalog_id=catalog_id).order_by("-pk").values_list("first_id", "second_id")
    for first, second in pairs.iterator():
        friends[first].append(second)
        friends[second].append(first)
    return dict(friends)
