from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection

from catalog.models import Catalog, Item
from catalog.records import ItemRecord, WriteReport
from catalog.services.items import compare_items, delete_items, set_hidden, upsert_items
from catalog.signals import items_changed
from profiles.models import Interaction, Profile

DUNE = ItemRecord(
    key="dune",
    title="Dune",
    text="Sand.",
    kind="book",
    url="/dune",
    image_url="https://example.org/dune.jpg",
    language="en",
    categories=("science fiction", "classics"),
    attributes={"authors": ["Frank Herbert"], "year": 1965, "nested": {"a": [1, None, True]}},
    published_at=datetime(1965, 8, 1, tzinfo=UTC),
    expires_at=datetime(2999, 1, 1, tzinfo=UTC),
    available=False,
)


@pytest.fixture
def catalog(db: None) -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def announced() -> Iterator[list[tuple[int, int]]]:
    sent: list[tuple[int, int]] = []

    def note(*, catalog_id: int, count: int, **_: object) -> None:
        sent.append((catalog_id, count))

    items_changed.connect(note, weak=False)
    yield sent
    items_changed.disconnect(note)


def make_records(count: int) -> list[ItemRecord]:
    return [ItemRecord(key=f"item-{place:04}", title=f"Title {place}") for place in range(count)]


def test_every_field_is_stored(catalog):
    assert upsert_items(catalog.pk, [DUNE]) == WriteReport(created=1)

    item = Item.objects.get()
    stored = {field: getattr(item, field) for field in ItemRecord.__slots__}
    assert stored == {field: getattr(DUNE, field) for field in ItemRecord.__slots__} | {
        "categories": ["science fiction", "classics"]
    }
    assert (item.catalog, item.hidden) == (catalog, False)


def test_writing_the_same_again_changes_nothing_at_all(catalog):
    records = [DUNE, *make_records(50)]
    upsert_items(catalog.pk, records)
    before = list(Item.objects.order_by("pk").values())
    versions = list(Item.objects.extra(select={"version": "xmin::text"}).order_by("pk").values_list("version"))

    assert upsert_items(catalog.pk, records) == WriteReport(unchanged=51)

    assert list(Item.objects.order_by("pk").values()) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, xmax::text FROM catalog_item ORDER BY id")
        assert [(version, "0") for (version,) in versions] == cursor.fetchall()


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Dune Messiah"},
        {"text": "More sand."},
        {"kind": "film"},
        {"url": ""},
        {"image_url": ""},
        {"language": "de"},
        {"categories": ("classics", "science fiction")},
        {"attributes": {}},
        {"published_at": None},
        {"expires_at": None},
        {"available": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_one_field_updates_that_row_alone(catalog, change):
    upsert_items(catalog.pk, [DUNE, ItemRecord(key="other")])
    before = {item.key: item.updated_at for item in Item.objects.all()}

    assert upsert_items(catalog.pk, [replace(DUNE, **change), ItemRecord(key="other")]) == WriteReport(
        updated=1, unchanged=1
    )

    item, other = Item.objects.get(key="dune"), Item.objects.get(key="other")
    (field, value), *_ = change.items()
    assert getattr(item, field) == (list(value) if field == "categories" else value)
    assert item.updated_at > before["dune"]
    assert other.updated_at == before["other"]


def test_created_updated_unchanged_and_duplicates_add_up(catalog):
    upsert_items(catalog.pk, make_records(10))
    batch = [*make_records(12), ItemRecord(key="item-0003", title="New"), ItemRecord(key="item-0003", title="Newest")]

    assert upsert_items(catalog.pk, batch) == WriteReport(created=2, updated=1, unchanged=9, duplicates=2)
    assert Item.objects.get(key="item-0003").title == "Newest"


def test_the_digest_follows_what_encoders_read(catalog):
    upsert_items(catalog.pk, [DUNE])
    first = Item.objects.get().content_digest
    upsert_items(catalog.pk, [replace(DUNE, attributes={**DUNE.attributes, "year": 2021}, url="/other")])
    assert Item.objects.get().content_digest == first
    upsert_items(catalog.pk, [replace(DUNE, title="Dune II")])
    assert Item.objects.get().content_digest != first


def test_the_digest_follows_the_catalogs_embedded_attributes(catalog):
    upsert_items(catalog.pk, [DUNE])
    first = Item.objects.get().content_digest
    Catalog.objects.update(embedded_attributes=["publisher"])

    assert upsert_items(catalog.pk, [DUNE]) == WriteReport(updated=1)
    assert Item.objects.get().content_digest != first


def test_an_editors_hidden_stays(catalog):
    upsert_items(catalog.pk, [DUNE])
    assert set_hidden(catalog.pk, ["dune"], hidden=True) == 1
    upsert_items(catalog.pk, [replace(DUNE, title="Changed")])
    assert Item.objects.get().hidden is True


def test_hiding_twice_counts_once_and_unknown_keys_count_nothing(catalog):
    upsert_items(catalog.pk, make_records(3))
    assert set_hidden(catalog.pk, ["item-0000", "item-0001", "nope"], hidden=True) == 2
    assert set_hidden(catalog.pk, ["item-0000", "item-0001"], hidden=True) == 0
    assert set_hidden(catalog.pk, ["item-0000"], hidden=False) == 1


@pytest.mark.parametrize(
    "key",
    ["a/b?c=d&e#f", "with spaces", "k" * 300, "红楼梦", "🙂", "'; DROP TABLE catalog_item; --", "a\\b", '"', "%s"],
)
def test_any_key_is_found_again(catalog, key):
    assert upsert_items(catalog.pk, [ItemRecord(key=key, title="x")]) == WriteReport(created=1)
    assert upsert_items(catalog.pk, [ItemRecord(key=key, title="x")]) == WriteReport(unchanged=1)
    assert delete_items(catalog.pk, [key]) == 1
    assert not Item.objects.exists()


@pytest.mark.parametrize("title", ["石头记 🙂", "שלום עולם", "مرحبا", "e\u0301", "\\N", "\\.", "tab\tand\\slash", ""])
def test_any_title_comes_back_as_it_was(catalog, title):
    upsert_items(catalog.pk, [ItemRecord(key="x", title=title, categories=(title or "-",), attributes={"t": title})])
    item = Item.objects.get()
    assert (item.title, item.categories, item.attributes) == (title, [title or "-"], {"t": title})


def test_ten_megabytes_of_text(catalog):
    text = "长文本 and more. " * 500_000
    record = ItemRecord(key="long", text=text)
    assert len(text.encode()) >= 10_000_000
    assert upsert_items(catalog.pk, [record]) == WriteReport(created=1)
    assert upsert_items(catalog.pk, [record]) == WriteReport(unchanged=1)
    assert Item.objects.get().text == text


def test_nothing_to_write_is_nothing_done(catalog, announced, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert upsert_items(catalog.pk, []) == WriteReport()
    assert announced == []


def test_the_number_of_statements_is_fixed(catalog, django_assert_num_queries):
    for count in (1, 1000):
        with django_assert_num_queries(7):  # savepoint, catalog, create, copy, upsert, drop, release
            upsert_items(catalog.pk, make_records(count))


def test_what_changed_is_announced_after_the_commit(catalog, announced, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        upsert_items(catalog.pk, make_records(5))
        assert announced == []
    assert announced == [(catalog.pk, 5)]

    with django_capture_on_commit_callbacks(execute=True):
        upsert_items(catalog.pk, make_records(5))
    assert announced == [(catalog.pk, 5)]

    with django_capture_on_commit_callbacks(execute=True):
        upsert_items(catalog.pk, [*make_records(7), ItemRecord(key="item-0001", title="Other")])
    assert announced == [(catalog.pk, 5), (catalog.pk, 3)]


def test_comparing_says_the_same_and_writes_nothing(catalog):
    upsert_items(catalog.pk, make_records(5))
    batch = [*make_records(7), ItemRecord(key="item-0001", title="Other")]
    compared = compare_items(catalog.pk, batch)
    assert Item.objects.count() == 5
    assert compared == upsert_items(catalog.pk, batch) == WriteReport(created=2, updated=1, unchanged=4, duplicates=1)


def test_the_same_key_in_another_catalog_is_another_item(catalog):
    other = Catalog.objects.create(key="other", name="Other")
    upsert_items(catalog.pk, [DUNE])
    assert upsert_items(other.pk, [replace(DUNE, title="Mine")]) == WriteReport(created=1)
    assert set_hidden(other.pk, ["dune"], hidden=True) == 1
    assert delete_items(other.pk, ["dune"]) == 1
    item = Item.objects.get()
    assert (item.catalog, item.title, item.hidden) == (catalog, "Dune", False)


def test_a_record_that_breaks_a_constraint_leaves_the_whole_batch_unwritten(catalog):
    wrong = replace(DUNE, key="wrong", expires_at=DUNE.published_at)
    with pytest.raises(IntegrityError, match="item_expires_after_published"):
        upsert_items(catalog.pk, [DUNE, wrong])


def test_deleting_takes_what_hangs_on_the_items_and_counts_items_only(catalog):
    upsert_items(catalog.pk, make_records(3))
    profile = Profile.objects.create(catalog=catalog, key="u")
    for item in Item.objects.all():
        Interaction.objects.create(
            catalog=catalog, profile=profile, item=item, kind="view", occurred_at=datetime(2024, 1, 1, tzinfo=UTC)
        )

    assert delete_items(catalog.pk, ["item-0000", "item-0002", "nope"]) == 2

    assert list(Item.objects.values_list("key", flat=True)) == ["item-0001"]
    assert Interaction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_the_same_keys_in_opposite_orders_both_end():
    catalog = Catalog.objects.create(key="shop", name="Shop")
    rounds, failures = 10, []
    reports = [WriteReport(), WriteReport()]
    start = threading.Barrier(2)

    def write(writer: int) -> None:
        records = [ItemRecord(key=f"k{place}", title="") for place in range(200)]
        try:
            for turn in range(rounds):
                start.wait(timeout=30)
                batch = [replace(record, title=f"{writer} {turn}") for record in records]
                reports[writer] += upsert_items(catalog.pk, batch if writer else batch[::-1])
        except Exception as error:
            failures.append(error)
            start.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert sum(report.created for report in reports) == 200
    assert sum(report.created + report.updated for report in reports) == 2 * rounds * 200
    assert Item.objects.count() == 200
    assert len(set(Item.objects.values_list("title", flat=True))) == 1
