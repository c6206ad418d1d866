from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catalog.models import Catalog, EmbeddingSpace
from catalog.records import ItemRecord
from catalog.services.items import upsert_items
from profiles.models import Interaction, Interest, Profile
from profiles.records import InteractionRecord
from profiles.selectors import find_profile, load_interests
from profiles.services.interactions import record_interactions

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def catalog(db: None) -> Catalog:
    catalog = Catalog.objects.create(key="shop", name="Shop")
    upsert_items(catalog.pk, [ItemRecord(key=f"i{place}") for place in range(10)])
    return catalog


def record(catalog: Catalog, count: int, users: int) -> None:
    records = [
        InteractionRecord(
            user_id=f"u{place % users}",
            kind="rating",
            value=float(place % 5),
            occurred_at=NOON + timedelta(minutes=place),
            item=f"i{place % 10}",
        )
        for place in range(count)
    ]
    record_interactions(catalog.pk, records)


def test_a_history_is_one_range_scan_of_its_index_without_a_sort(catalog):
    for _ in range(10):
        record(catalog, 1000, 20)
    profile = find_profile(catalog.pk, "u3")
    query = Interaction.objects.of_profile(profile.pk).values_list("item_id", "kind", "value", "occurred_at")[:50]

    plan = query.explain()

    assert "interaction_history" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan


def test_a_profile_is_found_by_its_key_in_its_catalog(catalog, django_assert_num_queries):
    other = Catalog.objects.create(key="other", name="Other")
    ana = Profile.objects.create(catalog=catalog, key="ana/ü 红")
    Profile.objects.create(catalog=catalog, key="anonymous", merged_into=ana)
    with django_assert_num_queries(3):
        assert find_profile(catalog.pk, "ana/ü 红") == ana
        assert find_profile(catalog.pk, "anonymous") == ana
        assert find_profile(other.pk, "ana/ü 红") is None


def test_interests_are_those_of_the_active_text_space_in_order(catalog):
    profile = Profile.objects.create(catalog=catalog, key="ana")
    for state, role in (("active", "text"), ("retired", "text"), ("active", "image")):
        space = EmbeddingSpace.objects.create(catalog=catalog, encoder="hashing", role=role, state=state, dimensions=2)
        for rank, weight in ((1, 0.25), (0, 0.75)):
            Interest.objects.create(
                profile=profile, space=space, rank=rank, weight=weight, vector=[rank, 1], keywords=[state, role]
            )

    first, second = load_interests(profile.pk)

    assert (first.weight, second.weight) == (0.75, 0.25)
    assert (first.vector.tolist(), second.vector.tolist()) == ([0.0, 1.0], [1.0, 1.0])
    assert first.keywords == ("active", "text")
    assert load_interests(0) == ()
