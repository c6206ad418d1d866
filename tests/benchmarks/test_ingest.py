from __future__ import annotations

import random

import pytest

from benchmarks.ingest import _make_items, _measure_interactions, _measure_items
from catalog.models import Catalog, Item
from profiles.models import Interaction


@pytest.mark.django_db
def test_both_ways_write_the_same_rows():
    catalog = Catalog.objects.create(key="bench", name="Bench")
    chance = random.Random(1)

    rows = _measure_items(catalog.pk, _make_items(60, chance), 20)
    rows += _measure_interactions(catalog.pk, 60, 20, chance)

    assert [row["name"] for row in rows if row.get("ratio", 1.0) > 0] == [
        "items, bare COPY",
        "items, new",
        "items, the same again",
        "items, title changed",
        "interactions, bare COPY",
        "interactions, new",
        "interactions, the same again",
        "interactions, one a batch",
    ]
    assert Item.objects.filter(key__startswith="item-").count() == 60
    assert Item.objects.filter(key__startswith="bare-").count() == 60
    keys = list(Interaction.objects.exclude(key=None).values_list("key", flat=True))
    assert len(keys) == 120
    assert {key for key in keys if not key.startswith("bare-")} == {
        key.removeprefix("bare-") for key in keys if key.startswith("bare-")
    }
