"""The interaction log as arrays: what is in it, in which order, and nothing later than asked for."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from catalog.models import Item
from profiles.models import Interaction, Profile
from recommender.training import binary_arrays
from recommender.training.loading import load_dataset
from tests.recommender.logs import START, make_catalog, make_items, make_profiles, record

pytestmark = pytest.mark.django_db


def test_an_empty_catalog_gives_empty_arrays() -> None:
    dataset = load_dataset(make_catalog().pk, until=START)
    assert len(dataset) == 0
    assert dataset.item_ids.shape == dataset.profile_ids.shape == (0,)
    assert dataset.profile_offsets.tolist() == [0]
    assert dataset.reference == START.timestamp()


def test_items_without_interactions_are_there() -> None:
    catalog = make_catalog()
    items = make_items(catalog, 3)
    dataset = load_dataset(catalog.pk)
    assert dataset.item_ids.tolist() == [item.pk for item in items]
    assert len(dataset) == 0


def test_rows_come_by_profile_then_time_then_id() -> None:
    catalog = make_catalog()
    a, b, c = make_items(catalog, 3)
    first, second = make_profiles(catalog, 2)
    record(second, a, at=5)
    record(first, b, at=2)
    record(first, c, at=1)
    record(first, a, at=2)
    record(second, c, at=0)
    dataset = load_dataset(catalog.pk)
    assert dataset.profile_ids.tolist() == [first.pk, second.pk]
    assert dataset.profiles.tolist() == [0, 0, 0, 1, 1]
    assert dataset.item_ids[dataset.items].tolist() == [c.pk, b.pk, a.pk, c.pk, a.pk]
    assert dataset.times.tolist() == [START.timestamp() + 3600 * hours for hours in (1, 2, 2, 0, 5)]
    assert dataset.profile_offsets.tolist() == [0, 3, 5]
    assert dataset.reference == START.timestamp() + 5 * 3600


@pytest.mark.parametrize("microsecond", [1, 123456, 616975, 999999])
def test_times_keep_their_microseconds(microsecond: int) -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    moment = datetime(2026, 11, 23, 4, 5, 6, microsecond, tzinfo=UTC)
    Interaction.objects.create(catalog=catalog, profile=profile, item=item, kind="view", occurred_at=moment)
    assert load_dataset(catalog.pk, until=moment).times.tolist() == [moment.timestamp()]


def test_strengths_come_from_kind_and_value() -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    for hour, (kind, value) in enumerate(
        [("purchase", None), ("rating", 5.0), ("rating", 0.0), ("rating", None), ("dislike", None), ("wave", 3.0)]
    ):
        record(profile, item, at=hour, kind=kind, value=value)
    dataset = load_dataset(catalog.pk)
    assert dataset.kind_names == ("dislike", "purchase", "rating", "wave")
    assert [dataset.kind_names[code] for code in dataset.kinds] == [
        "purchase", "rating", "rating", "rating", "dislike", "wave"
    ]  # fmt: skip
    assert dataset.strengths.tolist() == [1.0, 1.0, -1.0, 1.0, -1.0, 0.0]
    assert np.isnan(dataset.values).tolist() == [True, False, False, True, True, False]
    assert dataset.half_lives == {"dislike": 180.0, "purchase": 365.0, "rating": 365.0, "wave": 90.0}


def test_nothing_after_until_is_in_it() -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    for hour in range(5):
        record(profile, item, at=hour)
    assert len(load_dataset(catalog.pk, until=START + timedelta(hours=2))) == 3
    assert len(load_dataset(catalog.pk, until=START - timedelta(microseconds=1))) == 0


def test_by_default_what_lies_in_the_future_is_not_in_it() -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    record(profile, item, at=0)
    Interaction.objects.create(
        catalog=catalog, profile=profile, item=item, kind="view", occurred_at=timezone.now() + timedelta(minutes=5)
    )
    assert len(load_dataset(catalog.pk)) == 1


def test_hidden_and_expired_items_stay_in_and_searches_stay_out() -> None:
    catalog = make_catalog()
    shown, hidden = make_items(catalog, 2)
    Item.objects.filter(pk=hidden.pk).update(hidden=True, available=False, expires_at=START)
    (profile,) = make_profiles(catalog, 1)
    record(profile, hidden, at=0)
    Interaction.objects.create(
        catalog=catalog, profile=profile, kind="search", query_text="tea", occurred_at=START + timedelta(hours=1)
    )
    dataset = load_dataset(catalog.pk)
    assert dataset.item_ids.tolist() == [shown.pk, hidden.pk]
    assert dataset.item_ids[dataset.items].tolist() == [hidden.pk]


def test_another_catalog_is_not_in_it() -> None:
    mine, other = make_catalog("mine"), make_catalog("other")
    (item,), (profile,) = make_items(other, 1), make_profiles(other, 1)
    record(profile, item, at=0)
    dataset = load_dataset(mine.pk)
    assert len(dataset) == len(dataset.item_ids) == 0


def test_published_is_the_creation_where_none_is_given() -> None:
    catalog = make_catalog()
    dated, undated = make_items(catalog, 2)
    Item.objects.filter(pk=dated.pk).update(published_at=START)
    dataset = load_dataset(catalog.pk)
    assert dataset.published.tolist() == [START.timestamp(), undated.created_at.timestamp()]


def test_chunks_make_the_same_arrays_as_the_orm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_arrays, "CHUNK_ROWS", 7)
    catalog = make_catalog()
    items, profiles = make_items(catalog, 9), make_profiles(catalog, 6)
    dice = random.Random(4)
    for _ in range(100):
        record(dice.choice(profiles), dice.choice(items), at=dice.randrange(20), kind="rating", value=dice.random() * 5)
    dataset = load_dataset(catalog.pk)
    rows = Interaction.objects.order_by("profile_id", "occurred_at", "id").values_list(
        "profile_id", "item_id", "occurred_at", "value"
    )
    assert list(
        zip(
            dataset.profile_ids[dataset.profiles].tolist(),
            dataset.item_ids[dataset.items].tolist(),
            dataset.times.tolist(),
            dataset.values.tolist(),
            strict=True,
        )
    ) == [(profile, item, at.timestamp(), float(np.float32(value))) for profile, item, at, value in rows]


def test_loading_takes_three_statements_whatever_the_size(django_assert_num_queries: object) -> None:
    catalog = make_catalog()
    (item,), profiles = make_items(catalog, 1), make_profiles(catalog, 3)
    for profile in profiles:
        record(profile, item, at=0)
    with django_assert_num_queries(3):  # type: ignore[operator]
        load_dataset(catalog.pk)
    assert Profile.objects.count() == 3


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_stream_cut_anywhere_gives_the_same_tuples(cut: int) -> None:
    body = (
        b"\x00\x02" + b"\x00\x00\x00\x03abc" + b"\x00\x00\x00\x00" + b"\x00\x01" + b"\x00\x00\x00\x02xy" + b"\xff\xff"
    )
    stream = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8 + body
    blocks = [stream[start : start + cut] for start in range(0, len(stream), cut)]
    assert list(binary_arrays._split_tuples(blocks)) == [[b"abc", b""], [b"xy"]]
