"""The life of a space: first one, next one beside it, swap, way back, end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from catalog.encoders import encoders
from catalog.extensions import OptionError, RegistryError
from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from catalog.selectors import active_space
from catalog.services.encoder_cache import forget_encoders
from catalog.services.encoding import encode_space
from catalog.services.spaces import (
    SpaceError,
    SpaceIncompleteError,
    create_space,
    delete_space,
    ensure_text_space,
    promote_space,
    roll_back_space,
)
from catalog.vector_index import has_index
from tests.catalog.encoding import digest_title, make_catalog, register_tricky

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tricky() -> Iterator[None]:
    register_tricky()
    yield
    forget_encoders()
    encoders.unregister("tricky")


def build_space(catalog: Catalog, *, version: int) -> EmbeddingSpace:
    space = create_space(catalog.pk, encoder="tricky", options={"version": version})
    encode_space(space.pk)
    space.refresh_from_db()
    return space


def list_states(catalog: Catalog) -> list[str]:
    return list(EmbeddingSpace.objects.in_catalog(catalog.pk).order_by("pk").values_list("state", flat=True))


def add_item(catalog: Catalog, key: str) -> Item:
    return Item.objects.create(catalog=catalog, key=key, title=key, content_digest=digest_title(key))


def test_a_new_space_holds_checked_options_and_builds_no_encoder() -> None:
    space = create_space(make_catalog(0).pk, encoder="tricky")

    assert (space.state, space.role, space.options, space.dimensions) == ("building", "text", {"version": 1}, None)


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(RegistryError, match="no 'nope'"):
        create_space(make_catalog(0).pk, encoder="nope")


def test_bad_options_are_refused() -> None:
    with pytest.raises(OptionError, match="unknown"):
        create_space(make_catalog(0).pk, encoder="tricky", options={"size": 3})


def test_the_first_text_space_comes_from_the_settings_once(settings) -> None:
    settings.RECSITE_ENCODER, settings.RECSITE_ENCODER_OPTIONS = "tricky", {"version": 7}
    catalog = make_catalog(0)

    first = ensure_text_space(catalog.pk)

    assert (first.encoder, first.options, first.role) == ("tricky", {"version": 7}, "text")
    assert ensure_text_space(catalog.pk) == first


def test_the_active_text_space_goes_before_one_that_is_built() -> None:
    catalog = make_catalog(2)
    active = build_space(catalog, version=1)
    create_space(catalog.pk, encoder="tricky", options={"version": 2})

    assert ensure_text_space(catalog.pk) == active


def test_a_space_of_a_learner_is_no_text_space(settings) -> None:
    settings.RECSITE_ENCODER = "tricky"
    catalog = make_catalog(0)
    published = EmbeddingSpace.objects.create(catalog=catalog, role="ials", dimensions=4)

    assert ensure_text_space(catalog.pk) != published


def test_a_catalogs_first_space_is_promoted_when_it_is_complete() -> None:
    catalog = make_catalog(3)

    space = build_space(catalog, version=1)

    assert space.state == "active"
    assert space.activated_at is not None
    assert active_space(catalog.pk) == space
    assert active_space(catalog.pk, "image") is None


def test_a_first_space_with_an_item_set_aside_is_complete() -> None:
    catalog = make_catalog(3)
    add_item(catalog, "poison")

    assert build_space(catalog, version=1).state == "active"


def test_a_second_space_waits_to_be_promoted() -> None:
    catalog = make_catalog(3)
    first, second = build_space(catalog, version=1), build_space(catalog, version=2)

    assert list_states(catalog) == ["active", "building"]

    promote_space(second.pk)

    assert list_states(catalog) == ["retired", "active"]
    assert active_space(catalog.pk) == second
    assert first.state == "active"  # as it was when it was read


def test_promoting_what_is_active_changes_nothing() -> None:
    space = build_space(make_catalog(3), version=1)

    assert promote_space(space.pk).activated_at == space.activated_at


def test_spaces_of_other_roles_and_catalogs_stay_in_use() -> None:
    catalog, other = make_catalog(3), make_catalog(3, key="films")
    build_space(other, version=1)
    build_space(catalog, version=1)
    EmbeddingSpace.objects.create(catalog=catalog, role="ials", dimensions=4, state="active")

    promote_space(build_space(catalog, version=2).pk)

    assert list_states(other) == ["active"]
    assert list_states(catalog) == ["retired", "active", "active"]


def test_an_incomplete_space_is_promoted_by_force_alone() -> None:
    catalog = make_catalog(3)
    build_space(catalog, version=1)
    second = build_space(catalog, version=2)
    add_item(catalog, "new")

    with pytest.raises(SpaceIncompleteError, match="1 of 4 items are not encoded yet"):
        promote_space(second.pk)
    assert list_states(catalog) == ["active", "building"]

    promote_space(second.pk, force=True)
    assert list_states(catalog) == ["retired", "active"]


def test_a_space_without_a_vector_is_not_even_promoted_by_force() -> None:
    space = create_space(make_catalog(3).pk, encoder="tricky")

    with pytest.raises(SpaceIncompleteError, match="nothing has been encoded yet"):
        promote_space(space.pk, force=True)


def test_a_space_that_does_not_exist_is_not_promoted() -> None:
    with pytest.raises(EmbeddingSpace.DoesNotExist):
        promote_space(0)


def test_the_way_back_leads_to_the_space_before_and_forth_again() -> None:
    catalog = make_catalog(3)
    first, second = build_space(catalog, version=1), build_space(catalog, version=2)
    promote_space(second.pk)

    assert roll_back_space(catalog.pk) == first
    assert list_states(catalog) == ["active", "retired"]
    assert roll_back_space(catalog.pk) == second


def test_a_retired_space_is_topped_up_before_it_is_used_again() -> None:
    catalog = make_catalog(3)
    first = build_space(catalog, version=1)
    promote_space(build_space(catalog, version=2).pk)
    add_item(catalog, "new")

    with pytest.raises(SpaceIncompleteError):
        roll_back_space(catalog.pk)
    assert encode_space(first.pk).encoded == 1

    assert roll_back_space(catalog.pk) == first


def test_without_an_earlier_space_there_is_no_way_back() -> None:
    catalog = make_catalog(3)
    build_space(catalog, version=1)
    build_space(catalog, version=2)

    with pytest.raises(SpaceError, match="no space of role 'text' has been active before"):
        roll_back_space(catalog.pk)


def test_a_deleted_space_takes_its_rows_along() -> None:
    catalog = make_catalog(5)
    first, second = build_space(catalog, version=1), build_space(catalog, version=2)

    assert delete_space(second.pk) == 5

    assert list(EmbeddingSpace.objects.all()) == [first]
    assert Embedding.objects.count() == 5
    assert delete_space(second.pk) == 0


def test_the_active_space_is_deleted_by_force_alone() -> None:
    space = build_space(make_catalog(5), version=1)

    with pytest.raises(SpaceError, match="is active"):
        delete_space(space.pk)
    assert delete_space(space.pk, force=True) == 5


def test_promotion_costs_the_same_for_any_number_of_items() -> None:
    counts = []
    for key, items in (("few", 3), ("many", 300)):
        catalog = make_catalog(items, key=key)
        build_space(catalog, version=1)
        second = build_space(catalog, version=2)
        with CaptureQueriesContext(connection) as queries:
            promote_space(second.pk)
        counts.append(len(queries))

    assert counts[0] == counts[1] < 15


@pytest.mark.django_db(transaction=True)
def test_readers_find_an_active_space_at_every_moment_of_swaps(settings) -> None:
    settings.RECSITE_ENCODING = {"index_from_rows": 10}
    catalog = make_catalog(50)
    first, second = build_space(catalog, version=1), build_space(catalog, version=2)
    seen: set[int | None] = set()
    reads = [0]
    stop = threading.Event()

    def poll() -> None:
        try:
            while not stop.is_set():
                space = active_space(catalog.pk)
                seen.add(None if space is None else space.pk)
                reads[0] += 1
        finally:
            connections.close_all()

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for _ in range(20):
            promote_space(second.pk)
            roll_back_space(catalog.pk)
            before = reads[0]
            while reads[0] == before:  # so that the reader looks in on every round
                assert reader.is_alive()
    finally:
        stop.set()
        reader.join()

    assert seen <= {first.pk, second.pk}
    assert reads[0] >= 20
    assert has_index(first.pk)
    assert has_index(second.pk)
    delete_space(second.pk)
    assert not has_index(second.pk)
    delete_space(first.pk, force=True)
