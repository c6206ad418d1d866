"""Overlap of the nearest items in two spaces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from catalog.services import comparison
from catalog.services.comparison import compare_spaces
from tests.catalog.encoding import make_catalog

pytestmark = pytest.mark.django_db


def fill_space(catalog: Catalog, vectors: np.ndarray, *, metric: str = "cosine") -> EmbeddingSpace:
    space = EmbeddingSpace.objects.create(catalog=catalog, dimensions=vectors.shape[1], metric=metric)
    items = Item.objects.in_catalog(catalog.pk).order_by("pk")
    Embedding.objects.bulk_create(
        Embedding(space=space, item=item, vector=vector.tolist()) for item, vector in zip(items, vectors, strict=False)
    )
    return space


def list_nearest(vectors: np.ndarray, k: int) -> list[set[int]]:
    units = np.float16(vectors).astype(np.float64)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    similarities = units @ units.T
    np.fill_diagonal(similarities, -np.inf)
    return [set(row[:k].tolist()) for row in np.argsort(-similarities, axis=1)]


def test_a_space_agrees_with_itself_turned_around() -> None:
    catalog = make_catalog(40)
    vectors = np.random.default_rng(1).normal(size=(40, 6))

    assert compare_spaces(fill_space(catalog, vectors).pk, fill_space(catalog, vectors[:, ::-1]).pk, k=5) == 1.0


def test_unrelated_spaces_agree_as_much_as_a_direct_count_says(monkeypatch) -> None:
    monkeypatch.setattr(comparison, "ROWS_A_CHUNK", 7)
    catalog = make_catalog(60)
    draws = np.random.default_rng(2)
    left, right = draws.normal(size=(60, 6)), draws.normal(size=(60, 9))
    pairs = zip(list_nearest(left, 10), list_nearest(right, 10), strict=True)
    expected = np.mean([len(mine & theirs) / 10 for mine, theirs in pairs])

    overlap = compare_spaces(fill_space(catalog, left).pk, fill_space(catalog, right).pk, k=10, sample=100)

    assert overlap == pytest.approx(expected, abs=0.01)


def test_two_pairs_that_swap_partners_have_nothing_in_common() -> None:
    catalog = make_catalog(4)
    left = np.array([[1, 0], [1, 0.01], [0, 1], [0.01, 1]])
    right = left[[0, 2, 1, 3]]

    assert compare_spaces(fill_space(catalog, left).pk, fill_space(catalog, right).pk, k=1) == 0.0


def test_lengths_count_for_the_inner_product_alone() -> None:
    catalog = make_catalog(3)
    vectors = np.array([[1, 0], [1, 0.1], [9, 9]])
    inner = fill_space(catalog, vectors, metric="inner_product")
    cosine = fill_space(catalog, vectors)

    assert compare_spaces(inner.pk, inner.pk, k=1) == 1.0
    # of the three, the last item is nearest to the first two by product, and nearest to none by angle
    assert compare_spaces(inner.pk, cosine.pk, k=1) == pytest.approx(1 / 3)


def test_only_items_with_both_vectors_count() -> None:
    catalog = make_catalog(30)
    vectors = np.random.default_rng(3).normal(size=(30, 6))

    assert compare_spaces(fill_space(catalog, vectors).pk, fill_space(catalog, vectors[:20]).pk, k=5) == 1.0


def test_the_seed_draws_the_sample() -> None:
    catalog = make_catalog(60)
    draws = np.random.default_rng(4)
    pair = [fill_space(catalog, draws.normal(size=(60, 6))).pk for _ in range(2)]

    overlaps = {seed: compare_spaces(*pair, k=5, sample=10, seed=seed) for seed in range(6)}

    assert len(set(overlaps.values())) > 1
    assert overlaps[0] == compare_spaces(*pair, k=5, sample=10, seed=0)


def test_nothing_to_compare_is_not_a_number() -> None:
    catalog = make_catalog(3)
    empty = EmbeddingSpace.objects.create(catalog=catalog)

    assert math.isnan(compare_spaces(empty.pk, fill_space(catalog, np.eye(3)).pk))


def test_spaces_of_two_catalogs_and_bad_sizes_are_refused() -> None:
    left = fill_space(make_catalog(3), np.eye(3))
    right = fill_space(make_catalog(3, key="films"), np.eye(3))

    with pytest.raises(ValueError, match="two catalogs"):
        compare_spaces(left.pk, right.pk)
    with pytest.raises(ValueError, match="at least 1"):
        compare_spaces(left.pk, left.pk, k=0)
