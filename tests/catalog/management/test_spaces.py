"""The command spaces: each step in a space's life, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.encoders import encoders
from catalog.models import Catalog, EmbeddingSpace, Item
from catalog.services.encoder_cache import forget_encoders
from catalog.services.encoding import encode_space
from catalog.services.spaces import create_space, promote_space
from tests.catalog.encoding import digest_title, make_catalog, register_tricky

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tricky() -> Iterator[None]:
    register_tricky()
    yield
    forget_encoders()
    encoders.unregister("tricky")


def call_spaces(*arguments: str) -> str:
    output = StringIO()
    call_command("spaces", "--catalog", "books", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def catalog() -> Catalog:
    return make_catalog(12)


@pytest.fixture
def pair(catalog: Catalog) -> tuple[int, int]:
    """The active space and one built beside it."""
    spaces = [create_space(catalog.pk, encoder="tricky", options={"version": version}) for version in (1, 2)]
    for space in spaces:
        encode_space(space.pk)
    return spaces[0].pk, spaces[1].pk


def get_state(space_id: int) -> str:
    return EmbeddingSpace.objects.get(pk=space_id).state


def test_create_tells_how_to_build_the_space(catalog: Catalog) -> None:
    text = call_spaces("create", "--encoder", "tricky", "--options", '{"version": 2}', "--role", "blurb")

    space = EmbeddingSpace.objects.get()
    assert text == f"space {space.pk} created; embed_items --space {space.pk} builds it, or the worker does\n"
    assert (space.role, space.options, space.state) == ("blurb", {"version": 2}, "building")


def test_list_shows_coverage_and_errors(catalog: Catalog, pair: tuple[int, int]) -> None:
    EmbeddingSpace.objects.filter(pk=pair[1]).update(error="no weights in [/models]")

    lines = call_spaces("list").splitlines()

    assert any(str(pair[0]) in line and "12 of 12" in line and "active" in line for line in lines)
    assert any(str(pair[1]) in line and "building" in line and "no weights in [/models]" in line for line in lines)


def test_compare_tells_the_overlap(pair: tuple[int, int]) -> None:
    text = call_spaces("compare", str(pair[0]), str(pair[1]), "-k", "11")

    assert text == f"overlap@11 of spaces {pair[0]} and {pair[1]}: 1.000\n"


def test_promote_and_rollback_swap(pair: tuple[int, int]) -> None:
    assert call_spaces("promote", str(pair[1])) == f"space {pair[1]} is in use\n"
    assert get_state(pair[0]) == "retired"

    assert call_spaces("rollback") == f"space {pair[0]} is in use again\n"
    assert get_state(pair[1]) == "retired"


@pytest.mark.parametrize(("arguments", "encoded"), [((), 13), (("--now",), 12)])
def test_rollback_embeds_what_came_since_unless_told_to_swap_at_once(
    catalog: Catalog, pair: tuple[int, int], arguments: tuple[str, ...], encoded: int
) -> None:
    promote_space(pair[1])
    Item.objects.create(catalog=catalog, key="new", title="new", content_digest=digest_title("new"))

    call_spaces("rollback", *arguments)

    assert get_state(pair[0]) == "active"
    assert EmbeddingSpace.objects.get(pk=pair[0]).embedding_set.exclude(vector=None).count() == encoded


def test_delete_takes_the_rows_along(pair: tuple[int, int]) -> None:
    assert call_spaces("delete", str(pair[1])) == f"space {pair[1]} deleted with 12 rows\n"
    assert not EmbeddingSpace.objects.filter(pk=pair[1]).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "--encoder", "nope"], "encoders: no 'nope'"),
        (["create", "--encoder", "tricky", "--options", "[1]"], "--options: must be a JSON object"),
        (["create", "--encoder", "tricky", "--options", "{"], "--options: not JSON: unexpected end of data"),
        (["create", "--encoder", "tricky", "--options", '{"size": 1}'], "option 'size': unknown"),
        (["promote", "0"], "catalog 'books' has no such space"),
        (["rollback"], "no space of role 'text' has been active before"),
        (["delete", "0"], "catalog 'books' has no such space"),
    ],
)
def test_what_cannot_be_done_is_one_line(catalog: Catalog, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message.replace("'", "['\"]")):
        call_spaces(*arguments)


def test_the_active_space_is_not_deleted(pair: tuple[int, int]) -> None:
    with pytest.raises(CommandError, match="is active: promote another one first"):
        call_spaces("delete", str(pair[0]))


def test_an_unknown_catalog_is_refused() -> None:
    with pytest.raises(CommandError, match="--catalog: no catalog 'books'"):
        call_spaces("list")
