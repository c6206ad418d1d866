"""Filters: what is allowed, and what is refused with the name of the lookup."""

from typing import Any

import pytest

from catalog.models import Item
from recommender.filters import FilterError, check_filters
from tests.recommender.worlds import make_world


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"kind": "item"}, ["a", "b", "c"]),
        ({"key__in": ["a", "c"]}, ["a", "c"]),
        ({"categories__overlap": ["fantasy", "poetry"]}, ["a", "b"]),
        ({"categories__contains": ["fantasy", "classics"]}, ["a"]),
        ({"attributes__year__gte": 2000}, ["b"]),
        ({"attributes__year__range": [1900, 1999]}, ["a"]),
        ({"attributes__year__in": [1937, 2005]}, ["a", "b"]),
        ({"attributes__author": "Šalamov"}, ["b"]),
        ({"attributes__year__lt": 2000, "kind": "item"}, ["a"]),
        ({"attributes__shelf__isnull": True}, ["a", "b", "c"]),
        ({"published_at__lt": "2026-01-29T12:00:00Z"}, ["c"]),
        ({"title__icontains": "OF B"}, ["b"]),
    ],
)
def test_an_allowed_filter_keeps_what_it_says(filters: dict[str, Any], kept: list[str]) -> None:
    world = make_world("a", "b", "c")
    world.items["a"].categories, world.items["a"].attributes = ["fantasy", "classics"], {"year": 1937}
    world.items["b"].categories, world.items["b"].attributes = ["poetry"], {"year": 2005, "author": "Šalamov"}
    for item in world.items.values():
        item.save()

    found = Item.objects.filter(**check_filters(filters)).order_by("key")

    assert [item.key for item in found] == kept


@pytest.mark.parametrize(
    ("filters", "field", "reason"),
    [
        ({"catalog_id": 2}, "catalog_id", "unknown column"),
        (
            {"catalog__apikey__secret_hash__startswith": "a"},
            "catalog__apikey__secret_hash__startswith",
            "unknown column",
        ),
        ({"hidden": False}, "hidden", "unknown column"),
        ({"title__regex": "(a+)+$"}, "title__regex", "unknown lookup"),
        ({"title__icontains__exact": "x"}, "title__icontains__exact", "unknown lookup"),
        ({"attributes": {}}, "attributes", "name an attribute"),
        ({"attributes__": 1}, "attributes__", "name an attribute"),
        ({"key__in": "abc"}, "key__in", "must be a list"),
        ({"key__range": [1]}, "key__range", "must be a list of two"),
        ({"key__in": [1.0, float("nan")]}, "key__in", "finite"),
        ({"attributes__year__gte": float("inf")}, "attributes__year__gte", "finite"),
        ({"title": "a\x00b"}, "title", "NUL"),
        ({"title": "a" * 1001}, "title", "1000 characters"),
        ({"attributes__x": {"a": 1}}, "attributes__x", "must be text"),
        ({"attributes__x": 2**64}, "attributes__x", "too large"),
        ({"title__icontains": True}, "title__icontains", "must be text"),
        ({"attributes__year__iexact": 1}, "attributes__year__iexact", "must be text"),
        ({"attributes__x__has_key": [1, "a"]}, "attributes__x__has_key", "must be text"),
        ({"categories": "fantasy"}, "categories", "list of texts"),
        ({"categories__contains": [1]}, "categories__contains", "list of texts"),
        ({"categories__gt": ["a"]}, "categories__gt", "unknown lookup"),
        ({"published_at__iexact": "2026-01-01T00:00:00Z"}, "published_at__iexact", "unknown lookup"),
        ({"expires_at__contained_by": ["2026-01-01T00:00:00Z"]}, "expires_at__contained_by", "unknown lookup"),
        ({"key__isnull": "yes"}, "key__isnull", "true or false"),
        ({"published_at__gte": "yesterday"}, "published_at__gte", "date and time"),
        ({"published_at__gte": "2026-01-01T00:00:00"}, "published_at__gte", "zone"),
        ({"key__in": ["x"] * 1001}, "key__in", "1000 values"),
        ({f"attributes__a{i}": 1 for i in range(21)}, "filters", "20 at most"),
        ({"attributes__title__regex": "(a+)+$"}, "attributes__title__regex", "unknown lookup"),
        ({"attributes__title__iregex": "(a+)+$"}, "attributes__title__iregex", "unknown lookup"),
        ({"attributes__regex": "(a+)+$"}, "attributes__regex", "unknown lookup"),
        ({"attributes__a\x00b": 1}, "'attributes__a\\x00b'", "NUL"),
        ({"attributes__\ud800": 1}, "'attributes__\\ud800'", "surrogate"),
        ({"attributes" + "__a" * 20: 1}, "attributes" + "__a" * 20, "deeper than attributes are (8)"),
        ({"attributes" + "__a" * 5000: 1}, ascii(("attributes" + "__a" * 40)[:100]), "at most 500"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(filters: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        check_filters(filters)

    assert caught.value.field == field
    assert reason in caught.value.reason
