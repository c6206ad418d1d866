from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from catalog.records import ItemRecord
from catalog.services.items import upsert_items
from profiles.models import Interest, Profile
from profiles.records import InteractionRecord
from profiles.selectors import list_stale_profiles, load_interests
from profiles.services import interests
from profiles.services.interactions import record_interactions
from profiles.services.interests import refresh_interests, refresh_stale_interests
from profiles.tasks import refresh_interests as refresh_task
from profiles.tasks import refresh_stale_interests as refresh_stale_task

COOKING, DRAGONS = [1.0, 0.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.1]


@pytest.fixture
def catalog(db: None) -> Catalog:
    catalog = Catalog.objects.create(key="shop", name="Shop")
    records = [
        ItemRecord(key=f"{genre}-{place}", title=f"{genre} {'abcdefgh'[place] * 4}", categories=(genre, "book"))
        for genre in ("cooking", "dragons")
        for place in range(8)
    ]
    upsert_items(catalog.pk, records)
    return catalog


@pytest.fixture
def space(catalog: Catalog) -> EmbeddingSpace:
    return fill_space(catalog)


def fill_space(catalog: Catalog) -> EmbeddingSpace:
    space = EmbeddingSpace.objects.create(
        catalog=catalog, encoder="hashing", dimensions=4, state="active", activated_at=timezone.now()
    )
    Embedding.objects.bulk_create(
        Embedding(
            space=space,
            item=item,
            vector=COOKING if item.key.startswith("cooking") else DRAGONS,
            content_digest=item.content_digest,
        )
        for item in Item.objects.filter(catalog=catalog)
    )
    return space


def like(catalog: Catalog, user: str, *items: str, kind: str = "like", minutes: int = 10) -> int:
    now = timezone.now()
    records = [
        InteractionRecord(user_id=user, kind=kind, item=item, occurred_at=now - timedelta(minutes=minutes))
        for item in items
    ]
    record_interactions(catalog.pk, records)
    return Profile.objects.get(key=user).pk


def test_two_tastes_are_summed_up_with_their_keywords(catalog, space):
    profile = like(catalog, "ana", "dragons-0", "dragons-1", "dragons-2", "cooking-5")

    assert refresh_interests([profile]) == 1

    first, second = load_interests(profile)
    assert (first.weight, second.weight) == (pytest.approx(0.75), pytest.approx(0.25))
    assert first.vector == pytest.approx(np.array(DRAGONS) / np.linalg.norm(DRAGONS), abs=1e-3)
    assert second.vector == pytest.approx(np.array(COOKING) / np.linalg.norm(COOKING), abs=1e-3)
    assert first.keywords[0] == "dragons"
    assert "book" not in first.keywords
    assert list(Interest.objects.order_by("rank").values_list("rank", "space")) == [(0, space.pk), (1, space.pk)]


def test_refreshing_again_does_nothing_until_something_happens(catalog, space):
    profile = like(catalog, "ana", "dragons-0")
    assert (refresh_interests([profile]), refresh_interests([profile])) == (1, 0)
    like(catalog, "ana", "cooking-1", minutes=0)
    assert (refresh_interests([profile]), refresh_interests([profile])) == (1, 0)
    assert len(load_interests(profile)) == 2


def test_a_late_row_makes_interests_stale(catalog, space):
    profile = like(catalog, "ana", "dragons-0")
    refresh_interests([profile])
    assert list_stale_profiles(limit=10) == []
    like(catalog, "ana", "cooking-1", minutes=60 * 24)
    assert list_stale_profiles(limit=10) == [profile]
    assert refresh_stale_interests() == 1
    assert len(load_interests(profile)) == 2


def test_a_clock_that_runs_ahead_does_not_make_interests_stale_for_minutes(catalog, space):
    profile = like(catalog, "ana", "dragons-0", minutes=-4)
    assert (refresh_interests([profile]), refresh_interests([profile])) == (1, 0)


def test_a_dislike_ends_an_interest(catalog, space):
    profile = like(catalog, "ana", "dragons-0")
    like(catalog, "ana", "cooking-0", kind="view")
    refresh_interests([profile])
    assert len(load_interests(profile)) == 2
    like(catalog, "ana", "cooking-1", kind="dislike")
    refresh_interests([profile])
    (left,) = load_interests(profile)
    assert "dragons" in left.keywords


def test_nothing_liked_leaves_no_interests_and_is_not_stale(catalog, space):
    profile = like(catalog, "ana", "dragons-0", kind="dismiss")
    assert refresh_interests([profile]) == 1
    assert load_interests(profile) == ()
    assert list_stale_profiles(limit=10) == []


def test_history_beyond_the_setting_does_not_count(catalog, space, settings):
    settings.RECSITE_HISTORY_LENGTH = 2
    like(catalog, "ana", "cooking-0", "cooking-1", minutes=60)
    profile = like(catalog, "ana", "dragons-0", "dragons-1", minutes=5)
    refresh_interests([profile])
    assert [interest.weight for interest in load_interests(profile)] == [1.0]


def test_without_an_active_space_nothing_is_done_and_nothing_is_forgotten(catalog):
    profile = like(catalog, "ana", "dragons-0")
    assert refresh_interests([profile]) == 0
    assert list_stale_profiles(limit=10) == []
    fill_space(catalog)
    assert list_stale_profiles(limit=10) == [profile]
    assert refresh_stale_interests() == 1


def test_a_new_active_space_makes_interests_stale(catalog, space):
    profile = like(catalog, "ana", "dragons-0")
    refresh_interests([profile])
    EmbeddingSpace.objects.filter(pk=space.pk).update(state="retired")
    new = fill_space(catalog)
    assert load_interests(profile) == ()
    assert refresh_stale_interests() == 1
    assert set(Interest.objects.values_list("space", flat=True)) == {space.pk, new.pk}
    assert len(load_interests(profile)) == 1


def test_items_without_a_vector_are_passed_over(catalog, space):
    Embedding.objects.filter(item__key="cooking-0").delete()
    Embedding.objects.filter(item__key="cooking-1").update(vector=None, content_digest=None)
    profile = like(catalog, "ana", "dragons-0", "cooking-0", "cooking-1")
    refresh_interests([profile])
    assert len(load_interests(profile)) == 1


def test_merged_and_unknown_profiles_are_passed_over(catalog, space):
    profile = like(catalog, "ana", "dragons-0")
    Profile.objects.create(catalog=catalog, key="alias", merged_into_id=profile, last_seen_at=timezone.now())
    everyone = [*Profile.objects.values_list("pk", flat=True), 10**12]
    assert refresh_interests(everyone) == 1


def test_what_happens_while_interests_are_computed_keeps_them_stale(catalog, space, monkeypatch):
    profile = like(catalog, "ana", "dragons-0")
    compute = interests._sum_up

    def interrupt(*args, **kwargs):
        like(catalog, "ana", "cooking-0", minutes=0)
        return compute(*args, **kwargs)

    monkeypatch.setattr(interests, "_sum_up", interrupt)
    assert refresh_interests([profile]) == 0
    monkeypatch.undo()
    assert list_stale_profiles(limit=10) == [profile]
    assert refresh_interests([profile]) == 1
    assert len(load_interests(profile)) == 2


def test_the_number_of_statements_is_fixed(catalog, space, django_assert_num_queries):
    for count in (1, 150):
        ids = [like(catalog, f"{count}-{place}", "dragons-0", "cooking-1") for place in range(count)]
        # stale, histories, usual terms, savepoint, claim, delete, insert, release
        with django_assert_num_queries(8):
            assert refresh_interests(ids) == count


def test_more_profiles_than_a_chunk(catalog, space, monkeypatch):
    monkeypatch.setattr(interests, "CHUNK", 3)
    ids = [like(catalog, f"u{place}", "dragons-0") for place in range(8)]
    assert refresh_interests([*ids, *ids]) == 8
    Profile.objects.update(interests_refreshed_at=None)
    assert refresh_stale_interests(limit=7) == 7
    assert refresh_stale_interests() == 1
    assert refresh_stale_interests() == 0


def test_the_tasks_return_counts(catalog, space):
    profile = like(catalog, "ana", "dragons-0")
    assert refresh_task([profile]) == 1
    assert refresh_task([profile]) == 0
    assert refresh_task([]) == 0
    like(catalog, "ana", "dragons-1", minutes=0)
    assert refresh_stale_task() == 1
