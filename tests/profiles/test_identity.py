from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from catalog.models import Catalog, EmbeddingSpace
from catalog.records import ItemRecord
from catalog.services.items import upsert_items
from profiles.identity import MergeError, merge_profiles
from profiles.models import Interaction, Interest, Profile
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions
from profiles.signals import interactions_recorded, profiles_merged

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def catalog(db: None) -> Catalog:
    return make_catalog()


def make_catalog() -> Catalog:
    catalog = Catalog.objects.create(key="shop", name="Shop")
    upsert_items(catalog.pk, [ItemRecord(key=f"i{place}") for place in range(10)])
    return catalog


def click(catalog: Catalog, user: str, *minutes: int) -> None:
    records = [
        InteractionRecord(
            user_id=user, kind="click", occurred_at=NOON + timedelta(minutes=minute), item=f"i{minute % 10}"
        )
        for minute in minutes
    ]
    record_interactions(catalog.pk, records)


def list_minutes(profile: Profile) -> list[int]:
    times = Interaction.objects.of_profile(profile.pk).values_list("occurred_at", flat=True)
    return [int((time - NOON).total_seconds() // 60) for time in times]


def make_space(catalog: Catalog, role: str) -> EmbeddingSpace:
    return EmbeddingSpace.objects.create(catalog=catalog, role=role, encoder="hashing", dimensions=2, state="active")


def test_history_attributes_and_times_move(catalog):
    click(catalog, "anonymous", 1, 5)
    click(catalog, "ana", 3)
    Profile.objects.filter(key="anonymous").update(attributes={"city": "Graz", "seen": 1}, created_at=NOON)
    Profile.objects.filter(key="ana").update(attributes={"city": "Wien"}, interests_refreshed_at=NOON)

    ana = merge_profiles(catalog.pk, source="anonymous", into="ana")

    assert ana == Profile.objects.get(key="ana")
    assert list_minutes(ana) == [5, 3, 1]
    assert ana.attributes == {"city": "Wien", "seen": 1}
    assert (ana.created_at, ana.last_seen_at) == (NOON, NOON + timedelta(minutes=5))
    assert ana.interests_refreshed_at is None
    alias = Profile.objects.get(key="anonymous")
    assert alias.merged_into == ana
    assert list_minutes(alias) == []


def test_interests_move_into_spaces_where_there_are_none(catalog):
    click(catalog, "anonymous", 1)
    click(catalog, "ana", 2)
    old, ana = Profile.objects.get(key="anonymous"), Profile.objects.get(key="ana")
    shared, lone = make_space(catalog, "text"), make_space(catalog, "image")
    for profile, space, word in ((old, shared, "lost"), (old, lone, "moved"), (ana, shared, "kept")):
        Interest.objects.create(profile=profile, space=space, rank=0, weight=1.0, vector=[1, 0], keywords=[word])

    merge_profiles(catalog.pk, source="anonymous", into="ana")

    found = Interest.objects.order_by("keywords").values_list("profile__key", "space__role", "keywords")
    assert list(found) == [("ana", "text", ["kept"]), ("ana", "image", ["moved"])]


def test_merging_again_changes_nothing(catalog):
    click(catalog, "anonymous", 1)
    click(catalog, "ana", 2)
    first = merge_profiles(catalog.pk, source="anonymous", into="ana")
    before = list(Profile.objects.order_by("pk").values())

    assert merge_profiles(catalog.pk, source="anonymous", into="ana") == first
    assert list(Profile.objects.order_by("pk").values()) == before


def test_later_interactions_under_the_old_key_land_with_the_new_one(catalog):
    click(catalog, "anonymous", 1)
    click(catalog, "ana", 2)
    ana = merge_profiles(catalog.pk, source="anonymous", into="ana")
    click(catalog, "anonymous", 9)
    assert list_minutes(ana) == [9, 2, 1]


def test_chains_are_flattened(catalog):
    for minute, user in enumerate(["tablet", "phone", "ana", "ana@example.org"]):
        click(catalog, user, minute)
    merge_profiles(catalog.pk, source="tablet", into="phone")
    merge_profiles(catalog.pk, source="phone", into="ana")
    last = merge_profiles(catalog.pk, source="ana", into="ana@example.org")

    assert set(Profile.objects.exclude(pk=last.pk).values_list("merged_into", flat=True)) == {last.pk}
    assert list_minutes(last) == [3, 2, 1, 0]
    click(catalog, "tablet", 8)
    assert list_minutes(last) == [8, 3, 2, 1, 0]


def test_merging_into_an_alias_merges_into_the_profile_behind_it(catalog):
    for minute, user in enumerate(["old", "ana", "phone"]):
        click(catalog, user, minute)
    ana = merge_profiles(catalog.pk, source="old", into="ana")
    assert merge_profiles(catalog.pk, source="phone", into="old") == ana
    assert Profile.objects.get(key="phone").merged_into == ana


@pytest.mark.parametrize(
    ("source", "into", "field", "code"),
    [
        ("ana", "ana", "into", "same_profile"),
        ("ana", "anonymous", "into", "same_profile"),
        ("anonymous", "bob", "source", "already_merged"),
        ("nobody", "ana", "source", "profile_not_found"),
        ("ana", "nobody", "into", "profile_not_found"),
        ("theirs", "ana", "source", "profile_not_found"),
        ("ana", "theirs", "into", "profile_not_found"),
        ("", "ana", "source", "profile_not_found"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_the_reason(catalog, source, into, field, code):
    for minute, user in enumerate(["anonymous", "ana", "bob"]):
        click(catalog, user, minute)
    merge_profiles(catalog.pk, source="anonymous", into="ana")
    Profile.objects.create(catalog=Catalog.objects.create(key="other", name="Other"), key="theirs")
    before = list(Profile.objects.order_by("pk").values())

    with pytest.raises(MergeError) as caught:
        merge_profiles(catalog.pk, source=source, into=into)

    assert (caught.value.field, caught.value.code) == (field, code)
    assert list(Profile.objects.order_by("pk").values()) == before


def test_missing_profiles_can_be_created(catalog):
    ana = merge_profiles(catalog.pk, source="anonymous", into="ana", create_missing=True)
    click(catalog, "anonymous", 4)
    assert list_minutes(ana) == [4]
    assert merge_profiles(catalog.pk, source="anonymous", into="ana", create_missing=True) == ana
    assert Profile.objects.count() == 2


def test_a_merge_is_announced_after_the_commit(catalog, django_capture_on_commit_callbacks):
    click(catalog, "anonymous", 1)
    click(catalog, "ana", 2)
    sent: list[dict[str, object]] = []

    def note(*, signal: object, sender: object, **named: object) -> None:
        sent.append(named)

    profiles_merged.connect(note)
    interactions_recorded.connect(note)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            ana = merge_profiles(catalog.pk, source="anonymous", into="ana")
        with django_capture_on_commit_callbacks(execute=True):
            merge_profiles(catalog.pk, source="anonymous", into="ana")
    finally:
        profiles_merged.disconnect(note)
        interactions_recorded.disconnect(note)
    old = Profile.objects.get(key="anonymous")
    assert sent == [
        {"catalog_id": catalog.pk, "source_id": old.pk, "into_id": ana.pk},
        {"catalog_id": catalog.pk, "profile_ids": (ana.pk,)},
    ]


def test_the_number_of_statements_does_not_grow_with_the_history(catalog, django_assert_num_queries):
    for user, count in (("short", 1), ("long", 400)):
        click(catalog, user, *range(count))
        click(catalog, "ana", 1)
        # savepoint, identities, pair, rows, history, interests moved and left over, friends, groups, aliases, target,
        # release, reload
        with django_assert_num_queries(13):
            merge_profiles(catalog.pk, source=user, into="ana")


@pytest.mark.django_db(transaction=True)
def test_concurrent_merges_and_interactions_lose_nothing():
    catalog = make_catalog()
    names = [f"p{place}" for place in range(12)]
    for place, name in enumerate(names):
        click(catalog, name, place)
    failures: list[Exception] = []
    refused: list[str] = []
    start = threading.Barrier(3)

    def run(work: object) -> None:
        try:
            start.wait(timeout=30)
            work()  # type: ignore[operator]
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    def merge(pairs: list[tuple[str, str]]) -> None:
        for source, into in pairs:
            try:
                merge_profiles(catalog.pk, source=source, into=into)
            except MergeError as error:
                refused.append(error.code)

    def send() -> None:
        for turn in range(20):
            click(catalog, names[turn % 12], 100 + turn)
            record_interactions(
                catalog.pk,
                [InteractionRecord(user_id=name, kind="view", occurred_at=NOON, item="i0") for name in names],
            )

    up = list(itertools.pairwise(names))
    down = [(into, source) for source, into in reversed(up)]
    threads = [threading.Thread(target=run, args=(work,)) for work in (lambda: merge(up), lambda: merge(down), send)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert set(refused) <= {"same_profile", "already_merged"}
    assert Interaction.objects.count() == 12 + 20 + 240
    assert not Interaction.objects.filter(profile__merged_into__isnull=False).exists()
    assert not Profile.objects.filter(merged_into__merged_into__isnull=False).exists()
    assert Profile.objects.filter(merged_into=None).count() == 1
