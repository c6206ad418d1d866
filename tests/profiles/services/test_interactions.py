from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from catalog.models import Catalog, Item
from catalog.records import ItemRecord, RowError
from catalog.services.items import upsert_items
from catalog.signals import items_changed
from profiles.models import Interaction, Profile
from profiles.records import InteractionRecord, InteractionReport
from profiles.services.interactions import compare_interactions, record_interactions
from profiles.signals import interactions_recorded

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def catalog(db: None) -> Catalog:
    return make_catalog("shop")


@pytest.fixture
def announced() -> Iterator[list[tuple[int, tuple[int, ...]]]]:
    sent: list[tuple[int, tuple[int, ...]]] = []

    def note(*, catalog_id: int, profile_ids: tuple[int, ...], **_: object) -> None:
        sent.append((catalog_id, profile_ids))

    interactions_recorded.connect(note, weak=False)
    yield sent
    interactions_recorded.disconnect(note)


def make_catalog(key: str) -> Catalog:
    catalog = Catalog.objects.create(key=key, name=key)
    upsert_items(catalog.pk, [ItemRecord(key=f"i{place}", title=f"Item {place}") for place in range(20)])
    return catalog


def make_record(place: int = 0, **fields: object) -> InteractionRecord:
    given: dict[str, object] = {
        "user_id": f"u{place % 5}",
        "kind": "view",
        "occurred_at": NOON + timedelta(minutes=place),
        "item": f"i{place % 20}",
        "interaction_id": f"id-{place:05}",
    }
    return InteractionRecord(**{**given, **fields})  # type: ignore[arg-type]


def test_every_field_is_stored(catalog):
    recommendation = uuid.uuid4()
    record = InteractionRecord(
        user_id="ana/1 ü",
        kind="rating",
        occurred_at=NOON,
        item="i3",
        value=4.5,
        interaction_id="x-1",
        query="红楼梦 🙂",
        context={"page": "home", "nested": {"a": [1]}},
        recommendation_id=recommendation,
        position=7,
    )

    assert record_interactions(catalog.pk, [record]) == InteractionReport(created=1)

    row = Interaction.objects.select_related("profile", "item").get()
    assert (row.catalog, row.profile.key, row.item.key) == (catalog, "ana/1 ü", "i3")
    assert (row.kind, row.value, row.occurred_at, row.key) == ("rating", 4.5, NOON, "x-1")
    assert (row.query_text, row.context) == ("红楼梦 🙂", {"page": "home", "nested": {"a": [1]}})
    assert (row.recommendation_id, row.position) == (recommendation, 7)
    assert row.profile.last_seen_at == NOON
    assert row.profile.interests_refreshed_at is None


def test_a_search_has_no_item(catalog):
    record = InteractionRecord(user_id="u", kind="search", occurred_at=NOON, query="dune")
    assert record_interactions(catalog.pk, [record]) == InteractionReport(created=1)
    assert Interaction.objects.get().item is None


def test_the_same_batch_twice_is_all_duplicates_and_changes_nothing(catalog):
    batch = [make_record(place) for place in range(100)]
    assert record_interactions(catalog.pk, batch) == InteractionReport(created=100)
    before = (list(Interaction.objects.order_by("pk").values()), list(Profile.objects.order_by("pk").values()))

    assert record_interactions(catalog.pk, batch) == InteractionReport(duplicates=100)
    later = [replace(record, occurred_at=NOON + timedelta(days=1), user_id="new") for record in batch]
    assert record_interactions(catalog.pk, later) == InteractionReport(duplicates=100)

    after = (list(Interaction.objects.order_by("pk").values()), list(Profile.objects.order_by("pk").values()))
    assert after == before


def test_the_first_of_duplicate_ids_in_a_batch_counts(catalog):
    batch = [make_record(0), make_record(1), replace(make_record(0), item="i9"), replace(make_record(1), kind="like")]
    assert record_interactions(catalog.pk, batch) == InteractionReport(created=2, duplicates=2)
    assert list(Interaction.objects.order_by("key").values_list("item__key", "kind")) == [
        ("i0", "view"),
        ("i1", "view"),
    ]


def test_rows_without_an_id_are_never_duplicates(catalog):
    batch = [replace(make_record(0), interaction_id=None)] * 3
    assert record_interactions(catalog.pk, batch) == InteractionReport(created=3)


def test_unknown_items_are_refused_one_by_one_and_the_good_rows_land(catalog):
    batch = [
        make_record(0),
        make_record(1, item="no/such 'item'"),
        make_record(2),
        make_record(3, item="", user_id="x"),
    ]

    report = record_interactions(catalog.pk, batch)

    assert report == InteractionReport(
        created=2,
        errors=(
            RowError(1, "item", '''no item "no/such 'item'"''', "unknown_item"),
            RowError(3, "item", "no item ''", "unknown_item"),
        ),
    )
    assert sorted(Profile.objects.values_list("key", flat=True)) == ["u0", "u2"]


def test_a_good_row_is_no_duplicate_of_a_refused_one(catalog):
    batch = [make_record(0, item="nope"), make_record(0)]
    assert record_interactions(catalog.pk, batch).created == 1


def test_unknown_items_can_be_created(catalog, django_capture_on_commit_callbacks):
    counts: list[int] = []

    def note(*, count: int, **_: object) -> None:
        counts.append(count)

    items_changed.connect(note)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            report = record_interactions(
                catalog.pk,
                [make_record(0, item="new/1"), make_record(1, item="new/1"), make_record(2), make_record(3, item="n2")],
                on_unknown="create",
            )
    finally:
        items_changed.disconnect(note)

    assert report == InteractionReport(created=4)
    assert Item.objects.count() == 22
    assert counts == [2]
    created = Item.objects.get(key="new/1")
    upsert_items(catalog.pk, [ItemRecord(key="bare")])
    bare = Item.objects.get(key="bare")
    for field in ("kind", "title", "available", "hidden", "categories", "attributes", "content_digest"):
        assert getattr(created, field) == getattr(bare, field), field


def test_items_and_profiles_of_other_catalogs_do_not_count(catalog):
    other = make_catalog("other")
    upsert_items(other.pk, [ItemRecord(key="theirs")])
    record_interactions(other.pk, [make_record(0)])

    report = record_interactions(catalog.pk, [make_record(0), make_record(1, item="theirs")])

    assert (report.created, report.duplicates, len(report.errors)) == (1, 0, 1)
    assert Interaction.objects.get(catalog=catalog).profile.catalog == catalog
    assert Interaction.objects.get(catalog=catalog).item.catalog == catalog


def test_last_seen_follows_the_latest_interaction_and_never_goes_back(catalog):
    record_interactions(catalog.pk, [make_record(10, user_id="u"), make_record(5, user_id="u")])
    assert Profile.objects.get().last_seen_at == NOON + timedelta(minutes=10)
    record_interactions(catalog.pk, [make_record(7, user_id="u")])
    assert Profile.objects.get().last_seen_at == NOON + timedelta(minutes=10)


def test_a_late_row_sets_the_interests_back_before_itself(catalog):
    record_interactions(catalog.pk, [make_record(10, user_id="u")])
    Profile.objects.update(interests_refreshed_at=NOON + timedelta(hours=1))
    record_interactions(catalog.pk, [make_record(7, user_id="u")])
    assert Profile.objects.get().interests_refreshed_at == NOON + timedelta(minutes=7) - timedelta(microseconds=1)


def test_ids_follow_the_order_of_the_batch(catalog):
    batch = [replace(make_record(place), occurred_at=NOON, interaction_id=f"{9 - place}") for place in range(10)]
    record_interactions(catalog.pk, batch)
    assert list(Interaction.objects.order_by("pk").values_list("item__key", flat=True)) == [f"i{p}" for p in range(10)]


def test_what_comes_under_an_alias_lands_with_the_profile_behind_it(catalog):
    behind = Profile.objects.create(catalog=catalog, key="ana")
    alias = Profile.objects.create(catalog=catalog, key="anonymous", merged_into=behind)
    record_interactions(catalog.pk, [make_record(0, user_id="anonymous"), make_record(1, user_id="ana")])
    assert set(Interaction.objects.values_list("profile", flat=True)) == {behind.pk}
    behind.refresh_from_db()
    alias.refresh_from_db()
    assert (behind.last_seen_at, alias.last_seen_at) == (NOON + timedelta(minutes=1), None)


def test_who_did_something_is_announced_after_the_commit(catalog, announced, django_capture_on_commit_callbacks):
    batch = [make_record(place) for place in range(10)]
    with django_capture_on_commit_callbacks(execute=True):
        record_interactions(catalog.pk, batch)
        assert announced == []
    assert announced == [(catalog.pk, tuple(Profile.objects.order_by("pk").values_list("pk", flat=True)))]

    with django_capture_on_commit_callbacks(execute=True):
        record_interactions(catalog.pk, [*batch, make_record(99, item="nope", user_id="other")])
    assert len(announced) == 1


def test_a_receiver_that_raises_does_not_reach_the_caller(catalog, django_capture_on_commit_callbacks, caplog):
    def fail(**_: object) -> None:
        raise RuntimeError("receiver broke")

    interactions_recorded.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert record_interactions(catalog.pk, [make_record(0)]).created == 1
    finally:
        interactions_recorded.disconnect(fail)
    assert "receiver broke" in caplog.text


def test_the_number_of_statements_is_fixed(catalog, django_assert_num_queries):
    # savepoint, lock, ids, create, copy, duplicates, items, refused, profiles, rows, drop, last seen, release
    with django_assert_num_queries(13):
        record_interactions(catalog.pk, [make_record(0)])
    with django_assert_num_queries(13):
        record_interactions(catalog.pk, [make_record(place, user_id=f"many{place}") for place in range(1000)])
    with django_assert_num_queries(14):  # one more creates items
        batch = [make_record(place, item=f"new{place}") for place in range(2000, 2500)]
        record_interactions(catalog.pk, batch, on_unknown="create")
    with django_assert_num_queries(0):
        assert record_interactions(catalog.pk, []) == InteractionReport()


@pytest.mark.parametrize("policy", ["reject", "create"])
def test_comparing_says_the_same_and_writes_nothing(catalog, policy):
    record_interactions(catalog.pk, [make_record(0)])
    batch = [
        make_record(0),
        make_record(1),
        make_record(1),
        make_record(2, item="nope"),
        make_record(3, item="nope"),
        make_record(4, interaction_id=None),
        InteractionRecord(user_id="u", kind="search", occurred_at=NOON, query="q"),
    ]
    compared = compare_interactions(catalog.pk, batch, on_unknown=policy)
    assert (Interaction.objects.count(), Profile.objects.count(), Item.objects.count()) == (1, 1, 20)
    assert compared == record_interactions(catalog.pk, batch, on_unknown=policy)
    assert (compared.created, compared.duplicates) == ((3, 2) if policy == "reject" else (5, 2))


@pytest.mark.django_db(transaction=True)
def test_two_senders_of_the_same_rows_in_opposite_orders_record_each_once():
    catalog = make_catalog("shop")
    reports: list[InteractionReport] = []
    failures: list[Exception] = []
    start = threading.Barrier(2)
    rounds = 8

    def send(sender: int) -> None:
        try:
            for turn in range(rounds):
                places = range(turn * 100, turn * 100 + 150)
                batch = [
                    make_record(place, user_id=f"u{place % 30}", item=f"new{place}")
                    for place in (places if sender else reversed(places))
                ]
                start.wait(timeout=30)
                reports.append(record_interactions(catalog.pk, batch, on_unknown="create"))
        except Exception as error:
            failures.append(error)
            start.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    recorded = rounds * 100 + 50
    assert sum(report.created for report in reports) == recorded == Interaction.objects.count()
    assert sum(report.created + report.duplicates for report in reports) == 2 * rounds * 150
    assert Profile.objects.count() == 30


def count_rows_read(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = %s", [table])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)  # what ANALYZE finds would outlive a rollback in part
def test_a_batch_reads_the_rows_it_names_in_a_catalog_that_statistics_do_not_know():
    """The planner takes such a catalog for one row, and would rather read it whole than look keys up."""
    tables = ("catalog_item", "profiles_profile", "profiles_interaction")

    def fill(key: str) -> Catalog:
        catalog = Catalog.objects.create(key=key, name=key)
        upsert_items(catalog.pk, [ItemRecord(key=f"i{place}") for place in range(3000)])
        people = [make_record(place, user_id=f"u{place}", item=f"i{place}") for place in range(3000)]
        record_interactions(catalog.pk, people)
        return catalog

    fill("known")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
    fresh = fill("fresh")

    with transaction.atomic():
        before = {table: count_rows_read(table) for table in tables}
        batch = [make_record(3000, user_id="u7"), make_record(0), make_record(1), make_record(2, item="no")]
        report = record_interactions(fresh.pk, batch)
        upsert_items(fresh.pk, [ItemRecord(key="i5"), ItemRecord(key="i6", title="changed"), ItemRecord(key="new")])
        read = {table: count_rows_read(table) - before[table] for table in tables}

    assert (report.created, report.duplicates) == (1, 3)
    assert {table: count for table, count in read.items() if count > 20} == {}
