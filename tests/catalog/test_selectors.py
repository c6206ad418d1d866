"""Reads of spaces: coverage, the way back, what failed, neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.encoders import encoders
from catalog.models import Embedding, EmbeddingSpace, Item
from catalog.selectors import (
    NearItem,
    SpaceCoverage,
    active_space,
    failed_embeddings,
    find_earlier_space,
    nearest_items,
    space_coverage,
)
from catalog.services.encoding import encode_space
from catalog.services.spaces import create_space
from tests.catalog.encoding import make_catalog, register_tricky, retitle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tricky() -> Iterator[None]:
    register_tricky()
    yield
    encoders.unregister("tricky")


def test_coverage_tells_what_became_of_each_item(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    catalog = make_catalog(10)
    make_catalog(7, key="films")
    retitle(Item.objects.get(catalog=catalog, key="k0"), "poison")
    space = create_space(catalog.pk, encoder="tricky")
    assert space_coverage(space.pk) == SpaceCoverage(encoded=0, stale=10, failed=0, total=10)

    encode_space(space.pk)
    retitle(Item.objects.get(catalog=catalog, key="k1"), "edited")

    with django_assert_num_queries(2):
        assert space_coverage(space.pk) == SpaceCoverage(encoded=8, stale=1, failed=1, total=10)


def test_coverage_of_a_learners_space_is_what_it_published() -> None:
    catalog = make_catalog(5)
    space = EmbeddingSpace.objects.create(catalog=catalog, role="ials", dimensions=2)
    for item in Item.objects.all()[:3]:
        Embedding.objects.create(space=space, item=item, vector=[1, 0])

    assert space_coverage(space.pk) == SpaceCoverage(encoded=3, stale=0, failed=0, total=3)


@pytest.mark.parametrize(
    ("stale", "total", "complete"), [(0, 0, True), (0, 5, True), (1, 999, False), (1, 1000, True), (2, 1000, False)]
)
def test_one_item_in_a_thousand_may_lag_behind(stale: int, total: int, complete: bool) -> None:
    coverage = SpaceCoverage(encoded=total - stale, stale=stale, failed=0, total=total)

    assert coverage.complete is complete


def test_the_earlier_space_is_the_one_that_was_active_last() -> None:
    catalog = make_catalog(0)
    now = timezone.now()
    make = EmbeddingSpace.objects.create
    make(catalog=catalog, dimensions=2, state="retired", activated_at=now - timedelta(days=3))
    latest = make(catalog=catalog, dimensions=2, state="retired", activated_at=now - timedelta(days=2))
    active = make(catalog=catalog, dimensions=2, state="active", activated_at=now)
    make(catalog=catalog, dimensions=2, state="retired")
    make(catalog=catalog, dimensions=2, state="retired", role="image", activated_at=now)

    assert find_earlier_space(catalog.pk) == latest
    assert active_space(catalog.pk) == active
    assert find_earlier_space(catalog.pk, "ials") is None


def test_failures_come_with_the_items_names(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    catalog = make_catalog(5)
    for key in ("k1", "k3"):
        retitle(Item.objects.get(key=key), f"poison {key}")
    space = create_space(catalog.pk, encoder="tricky")
    encode_space(space.pk)

    with django_assert_num_queries(1):
        rows = [(row.item.key, row.item.title, row.error) for row in failed_embeddings(space.pk)]

    assert rows == [
        ("k1", "poison k1", "EncodingError: this text is poison"),
        ("k3", "poison k3", "EncodingError: this text is poison"),
    ]
    assert len(failed_embeddings(space.pk, limit=1)) == 1


@pytest.mark.parametrize(("metric", "similarities"), [("cosine", [0.8, 0.0]), ("inner_product", [1.6, 0.0])])
def test_nearest_items_are_ordered_and_leave_the_item_out(
    metric: str, similarities: list[float], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    catalog = make_catalog(4)
    items = list(Item.objects.order_by("pk"))
    space = EmbeddingSpace.objects.create(catalog=catalog, role="ials", dimensions=2, metric=metric)
    for item, vector in zip(items, [[2, 0], [0, 1], [0.8, 0.6], None], strict=True):
        Embedding.objects.create(space=space, item=item, vector=vector)

    with django_assert_num_queries(2):
        near = nearest_items(items[0].pk, space_id=space.pk, k=5)

    assert near == [
        NearItem(items[2].pk, "k2", "item 2", pytest.approx(similarities[0], abs=2e-3)),
        NearItem(items[1].pk, "k1", "item 1", pytest.approx(similarities[1], abs=2e-3)),
    ]
    assert len(nearest_items(items[0].pk, space_id=space.pk, k=1)) == 1


def test_an_item_without_a_vector_has_no_neighbours() -> None:
    catalog = make_catalog(2)
    first, second = Item.objects.order_by("pk")
    space = EmbeddingSpace.objects.create(catalog=catalog, role="ials", dimensions=2)
    Embedding.objects.create(space=space, item=second, vector=[1, 0])

    assert nearest_items(first.pk, space_id=space.pk) == []


def test_a_space_without_a_width_has_no_neighbours() -> None:
    catalog = make_catalog(1)
    space = create_space(catalog.pk, encoder="tricky")

    assert nearest_items(Item.objects.get().pk, space_id=space.pk) == []
