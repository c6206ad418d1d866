"""From a request to a slate: what everybody who asks relies on."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from profiles.models import Interaction, Profile
from recommender.models import Recommendation
from recommender.records import Slate
from recommender.selectors import QueryError
from recommender.services.placements import create_first_placements
from recommender.services.recommendations import recommend, similar_items
from tests.recommender.worlds import (
    World,
    act,
    make_placement,
    make_profile,
    make_world,
    place_items,
    publish_neighbours,
    publish_scores,
)

pytestmark = pytest.mark.django_db

FAN = {"centre": [1, 0], "near": [1, 0.1], "nearer": [1, 0.05], "far": [0, 1], "farther": [-1, 0.1]}


def ask(world: World, **fields: Any) -> Slate:
    return recommend(world.catalog.pk, **{"placement": "home", **fields})


def show_keys(slate: Slate) -> list[str]:
    return [entry.key for entry in slate.entries]


def make_fan() -> World:
    """Five items on a fan; ``home`` reads the history, then what accompanies it, then what is popular."""
    world = make_world(*FAN)
    place_items(world, FAN)
    publish_neighbours(world, "co_visitation", {"centre": {"far": 1.0}})
    publish_scores(world, "popular", {"farther": 9.0, "far": 2.0, "centre": 1.0})
    make_placement(
        world,
        ("history_match", "text", 1.0),
        ("neighbours", "co_visitation", 0.01),
        ("scores", "popular", 0.005),
    )
    return world


def test_a_known_person_gets_what_is_near_their_history_with_sources_and_a_reason() -> None:
    world = make_fan()
    act(world, make_profile(world), "centre")

    slate = ask(world, user_id="ada", n=3)

    assert show_keys(slate) == ["nearer", "near", "far"]
    assert slate.entries[0].sources == ("history_match",)
    assert slate.entries[2].sources == ("history_match", "co_visitation", "popular")
    assert slate.entries[0].reason.text == "Because you liked “Title of centre”"
    assert slate.entries[0].reason.item_key == "centre"
    assert not slate.exhausted


def test_a_click_changes_the_very_next_slate() -> None:
    world = make_fan()
    profile = make_profile(world)
    act(world, profile, "farther")
    before = show_keys(ask(world, user_id="ada"))
    Interaction.objects.create(
        catalog=world.catalog, profile=profile, item=world.items["near"], kind="click", occurred_at=timezone.now()
    )

    after = show_keys(ask(world, user_id="ada"))

    assert after[0] == "nearer"
    assert "near" in before
    assert "near" not in after


def test_a_stranger_gets_what_is_popular_then_the_catalogue_and_each_source_says_so() -> None:
    world = make_fan()

    slate = ask(world, user_id="nobody")

    assert show_keys(slate) == ["farther", "far", "centre", "near", "nearer"]
    assert [entry.sources for entry in slate.entries] == [("popular",)] * 3 + [("fallback_newest",)] * 2
    assert [entry.reason.code for entry in slate.entries] == ["popular"] * 3 + ["newest"] * 2


def test_popular_is_the_first_fallback_where_the_placement_does_not_read_it() -> None:
    world = make_world("a", "b", "c")
    publish_scores(world, "popular", {"c": 1.0})
    make_placement(world, ("history_match", "text", 1.0))

    slate = ask(world)

    assert show_keys(slate) == ["c", "a", "b"]
    assert [entry.sources for entry in slate.entries] == [
        ("fallback_popular",),
        ("fallback_newest",),
        ("fallback_newest",),
    ]


def test_an_empty_catalogue_gives_an_empty_slate_that_says_so() -> None:
    world = make_world()
    make_placement(world, ("history_match", "text", 1.0), ("scores", "popular", 1.0))

    slate = ask(world, user_id="ada")

    assert slate.entries == ()
    assert slate.exhausted
    assert slate.requested == 5


def test_as_many_come_as_were_asked_for_while_there_are_any() -> None:
    world = make_world(*(f"item-{i}" for i in range(120)))
    publish_scores(world, "popular", {f"item-{i}": float(i) for i in range(7)})
    make_placement(world, ("scores", "popular", 1.0))

    assert len(ask(world, n=110).entries) == 110
    assert not ask(world, n=120).exhausted
    assert (len(ask(world, n=1000).entries), ask(world, n=1000).exhausted) == (120, True)


def test_filters_of_placement_and_request_must_both_hold_and_the_slate_is_still_full() -> None:
    world = make_world(*(f"item-{i}" for i in range(300)))
    for i, item in enumerate(world.items.values()):
        item.attributes = {"year": 1900 + i}
        item.kind = "book" if i % 100 == 0 else "film"
        item.save()
    place_items(world, {key: [1.0, i / 300] for i, key in enumerate(world.items)})
    act(world, make_profile(world), "item-7")
    make_placement(world, ("history_match", "text", 1.0), filters={"kind": "book"}, size=3)

    assert sorted(show_keys(ask(world, user_id="ada"))) == ["item-0", "item-100", "item-200"]
    assert show_keys(ask(world, user_id="ada", filters={"attributes__year__lt": 1950})) == ["item-0"]


def test_the_page_s_item_is_never_recommended_on_its_own_page() -> None:
    world = make_fan()

    assert "near" not in show_keys(ask(world, item="near"))


def test_the_page_s_item_speaks_as_the_page_s_item_even_to_those_who_know_it() -> None:
    world = make_fan()
    act(world, make_profile(world), "centre")

    entry = next(entry for entry in ask(world, user_id="ada", item="centre").entries if entry.key == "far")

    assert entry.reason.text == "Often chosen together with “Title of centre”"


def test_excluded_items_stay_out_and_unknown_ones_do_not_matter() -> None:
    world = make_fan()

    assert show_keys(ask(world, exclude=["farther", "no such item"], n=2)) == ["far", "centre"]


def test_the_diversity_of_a_request_overrides_the_placement_s() -> None:
    vectors = {"a": [1, 0], "a2": [1, 0.01], "a3": [1, 0.02], "b": [0, 1]}
    world = make_world(*vectors)
    place_items(world, vectors)
    publish_scores(world, "popular", {"a": 4.0, "a2": 3.0, "a3": 2.0, "b": 1.0})
    make_placement(world, ("scores", "popular", 1.0))

    assert show_keys(ask(world, n=2)) == ["a", "a2"]
    assert show_keys(ask(world, n=2, diversity=0.9)) == ["a", "b"]


def test_every_slate_is_logged_as_it_was_shown_and_a_preview_is_not() -> None:
    world = make_fan()
    profile = make_profile(world)
    act(world, profile, "centre")

    slate = ask(world, user_id="ada", n=3)
    ask(world, user_id="ada", log=False)

    logged = Recommendation.objects.get()
    assert logged.pk == slate.recommendation_id
    assert logged.item_ids == world.ids("nearer", "near", "far")
    assert logged.sources == ["history_match", "history_match", "history_match+co_visitation+popular"]
    assert logged.scores == [entry.score for entry in slate.entries]
    assert (logged.profile, logged.placement.key, logged.requested) == (profile, "home", 3)


def test_an_alias_leads_to_the_profile_it_was_merged_into() -> None:
    world = make_fan()
    profile = make_profile(world)
    act(world, profile, "centre")
    Profile.objects.create(catalog=world.catalog, key="browser-1", merged_into=profile)

    assert show_keys(ask(world, user_id="browser-1")) == show_keys(ask(world, user_id="ada"))


@pytest.mark.parametrize("items", [3, 300])
def test_a_recommendation_costs_six_statements_whatever_the_catalogue_and_the_history(items: int) -> None:
    world = make_world(*(f"item-{i}" for i in range(items)))
    place_items(world, {key: [1.0, i / items] for i, key in enumerate(world.items)})
    publish_scores(world, "popular", dict.fromkeys(world.items, 1.0))
    profile = make_profile(world)
    for key in list(world.items)[: items // 2]:
        act(world, profile, key)
    create_first_placements(world.catalog.pk)

    with CaptureQueriesContext(connection) as captured:
        ask(world, user_id="ada", item="item-0", filters={"kind": "item"}, exclude=["item-1"])

    assert len(captured) == 6


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"n": 0}, "n", "invalid"),
        ({"n": -1}, "n", "invalid"),
        ({"n": 100_000}, "n", "invalid"),
        ({"placement": "nowhere"}, "placement", "placement_not_found"),
        ({"item": "no/such item"}, "item", "item_not_found"),
        ({"diversity": 1.5}, "diversity", "invalid"),
        ({"filters": {"hidden": True}}, "hidden", "invalid_filter"),
        ({"exclude": ["x"] * 1001}, "exclude", "invalid"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_by_name(fields: dict[str, Any], field: str, code: str) -> None:
    world = make_fan()

    with pytest.raises(QueryError) as caught:
        ask(world, **fields)

    assert (caught.value.field, caught.value.code) == (field, code)
    assert not Recommendation.objects.exists()


def test_a_placement_of_another_catalog_is_out_of_reach() -> None:
    make_fan()
    other = make_world("x", catalog="other")

    with pytest.raises(QueryError):
        ask(other)


def test_components_that_are_gone_fall_back_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    world = make_world("a", "b")
    make_placement(world, ranker="gone", reranker="gone_too", ranker_options={"k": 1}, reranker_options={})
    publish_scores(world, "popular", {"b": 1.0})

    assert show_keys(ask(world)) == ["b", "a"]
    assert [record.getMessage() for record in caplog.records] == ["ranking: no 'gone'; reciprocal_rank is used"]


def test_similar_items_come_from_meaning_and_company_and_never_name_the_item_itself() -> None:
    world = make_fan()

    slate = similar_items(world.catalog.pk, item="centre", n=3)

    assert show_keys(slate) == ["far", "nearer", "near"]
    assert slate.entries[1].reason.text == "Similar to “Title of centre”"
    assert slate.entries[1].sources == ("similar_items",)


def test_keys_and_titles_of_any_script_pass_through() -> None:
    keys = ["红楼梦/第一回", "مرحبا بالعالم", "🙂 spaced key", "k" * 300]
    world = make_world(*keys)
    make_placement(world)

    assert show_keys(ask(world)) == keys
    assert show_keys(ask(world, item=keys[0])) == keys[1:]


def test_reasons_are_in_the_reader_s_language() -> None:
    world = make_fan()

    with override("zh-hans"):
        slate = ask(world)

    assert slate.entries[0].reason.text != "Popular with many"


def test_the_first_placements_are_made_once() -> None:
    world = make_world()

    assert create_first_placements(world.catalog.pk) == 2
    assert create_first_placements(world.catalog.pk) == 0


@pytest.mark.django_db(transaction=True)
def test_the_log_does_not_wait_for_the_disk_and_what_follows_does() -> None:
    world = make_fan()

    with CaptureQueriesContext(connection) as captured:
        ask(world)

    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
    assert "set_config('synchronous_commit', 'off', true)" in captured[-1]["sql"]
    assert Recommendation.objects.count() == 1
