"""A NUL in a name: Postgres takes no such text, so nothing has that name, and nobody gets a server error for it."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from catalog.models import Item
from profiles.models import Interaction
from recommender.click_links import Click, make_click_url
from recommender.selectors import QueryError, load_plan, resolve_keys
from recommender.services.recommendations import recommend
from tests.recommender.worlds import World, make_placement, make_profile, make_world, publish_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world("a", "b")
    publish_scores(made, "popular", {"a": 2.0, "b": 1.0})
    make_placement(made, ("scores", "popular", 1.0))
    make_profile(made, "ada")
    return made


def test_names_with_a_nul_are_names_of_nothing(world: World) -> None:
    keys = resolve_keys(world.catalog.pk, user_id="ada\0", item_keys=["a", "b\0", "\0"])
    assert keys.profile_id is None
    assert keys.item_ids == {"a": world.items["a"].pk}


def test_a_placement_with_a_nul_is_not_found(world: World) -> None:
    with pytest.raises(QueryError) as refusal:
        load_plan(world.catalog.pk, "ho\0me")
    assert (refusal.value.field, refusal.value.code) == ("placement", "placement_not_found")


def test_a_person_with_a_nul_is_one_without_a_history(world: World) -> None:
    slate = recommend(world.catalog.pk, placement="home", user_id="a\0da", exclude=["b\0"])
    assert [entry.key for entry in slate.entries] == ["a", "b"]


def test_a_fragment_for_an_item_with_a_nul_is_not_found(world: World, client: Client) -> None:
    assert client.get("/w/shop/home?item=a%00").status_code == 404
    assert client.get("/w/shop/home?item=a").status_code == 200


@pytest.mark.parametrize("person", ["a\0da", "a" * 600])
def test_a_click_under_an_id_that_no_profile_can_have_leads_on_unrecorded(
    world: World, client: Client, person: str
) -> None:
    item = world.items["a"]
    Item.objects.filter(pk=item.pk).update(url="https://shop.example/a")
    click = Click(world.catalog.pk, item.pk, UUID(int=7), 0, person)
    answer = client.get(make_click_url(click))
    assert (answer.status_code, answer["Location"]) == (302, "https://shop.example/a")
    assert not Interaction.objects.exists()
