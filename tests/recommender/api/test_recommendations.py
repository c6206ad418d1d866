"""Recommendations over the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Catalog, Item
from recommender.filters import COLUMNS, LOOKUPS
from recommender.models import Recommendation
from tests.catalog.api.callers import Caller, make_caller, read_error
from tests.recommender.worlds import World, act, make_placement, make_profile, make_world, place_items, publish_scores

pytestmark = pytest.mark.django_db

FAN = {"centre": [1, 0], "near": [1, 0.1], "a/nearer": [1, 0.05], "far": [0, 1]}


@pytest.fixture
def world() -> World:
    world = make_world(
        *FAN, url="https://shop.example/x", image_url="/x.jpg", categories=["c"], attributes={"year": 1969}
    )
    place_items(world, FAN)
    publish_scores(world, "popular", {"far": 9.0, "near": 2.0, "a/nearer": 1.5, "centre": 1.0})
    make_placement(world, ("history_match", "text", 1.0), ("scores", "popular", 0.3))
    return world


@pytest.fixture
def caller(world: World) -> Caller:
    return make_caller(world.catalog, "publishable")


def show_keys(answer: Any) -> list[str]:
    return [item["key"] for item in answer["items"]]


def test_a_slate_tells_what_a_page_needs_and_why(world: World, caller: Caller) -> None:
    act(world, make_profile(world, "u"), "centre", kind="like")

    status, answer = caller.get("/recommendations", user_id="u", n=2)

    assert status == 200
    assert list(answer) == ["recommendation_id", "placement", "items", "requested", "returned", "exhausted", "took_ms"]
    assert (answer["placement"], answer["requested"], answer["returned"]) == ("home", 2, 2)
    assert answer["exhausted"] is False
    assert answer["took_ms"] > 0
    first = next(item for item in answer["items"] if item["key"] == "a/nearer")
    assert isinstance(first.pop("score"), float)
    assert first == {
        "key": "a/nearer",
        "kind": "item",
        "title": "Title of a/nearer",
        "url": "https://shop.example/x",
        "image_url": "/x.jpg",
        "categories": ["c"],
        "attributes": {"year": 1969},
        "sources": ["history_match", "popular"],
        "reason": {"code": "because_of", "text": "Because you liked “Title of centre”", "item": "centre"},
    }
    logged = Recommendation.objects.get(pk=answer["recommendation_id"])
    assert logged.item_ids == world.ids(*show_keys(answer))


def test_the_reason_speaks_the_readers_language(world: World, caller: Caller) -> None:
    english = caller.get("/recommendations", headers={"Accept-Language": "en"}, n=1)[1]
    chinese = caller.client.get(
        "/api/v1/recommendations?n=1", headers={"X-API-Key": caller.secret, "Accept-Language": "zh-hans"}
    )

    assert english["items"][0]["reason"]["code"] == "popular"
    assert chinese["Content-Language"] == "zh-hans"
    assert chinese.json()["items"][0]["reason"]["code"] == "popular"


@pytest.mark.parametrize("parameters", [{}, {"user_id": "nobody"}, {"user_id": "a/b 🚀"}])
def test_somebody_unknown_gets_a_slate(caller: Caller, parameters: dict[str, str]) -> None:
    status, answer = caller.get("/recommendations", **parameters)

    assert (status, answer["returned"], show_keys(answer)[0]) == (200, 4, "far")


def test_a_click_changes_the_next_answer(world: World, caller: Caller) -> None:
    before = caller.get("/recommendations", user_id="u")[1]

    caller.post(
        "/interactions",
        {
            "user_id": "u",
            "item": "far",
            "kind": "click",
            "recommendation_id": before["recommendation_id"],
            "position": show_keys(before).index("far"),
        },
    )
    after = caller.get("/recommendations", user_id="u")[1]

    assert "far" in show_keys(before)
    assert "far" not in show_keys(after)


def test_fewer_than_asked_are_said_to_be_all(caller: Caller) -> None:
    answer = caller.get("/recommendations", n=50)[1]

    assert (answer["requested"], answer["returned"], answer["exhausted"]) == (50, 4, True)


def test_query_and_body_ask_the_same(caller: Caller) -> None:
    filters = {"key__in": ["far", "near", "a/nearer"]}
    asked = caller.get(
        "/recommendations",
        user_id="u",
        n=3,
        exclude=["a/nearer", "gone"],
        filters=orjson.dumps(filters).decode(),
        diversity="0",
    )
    posted = caller.post(
        "/recommendations",
        {"user_id": "u", "n": 3, "exclude": ["a/nearer", "gone"], "filters": filters, "diversity": 0, "item": None},
    )

    assert asked[0] == posted[0] == 200
    assert show_keys(asked[1]) == show_keys(posted[1]) == ["far", "near"]


@pytest.mark.parametrize("n", ["0", "-1", "1001", "100000", "abc", "1.5", "", "1e3", "٣", "9" * 5000, " 1"])
def test_a_bad_n_in_the_query_is_named(caller: Caller, n: str) -> None:
    for path in ("/recommendations", "/items/centre/similar"):
        status, answer = caller.get(path, n=n)

        assert (status, read_error(answer)) == (400, ("invalid", "n", None))
    assert not Recommendation.objects.exists()


@pytest.mark.parametrize("n", [0, -1, 1001, 100_000, "5", 1.0, True, [], 10**30])
def test_a_bad_n_in_the_body_is_named(caller: Caller, n: object) -> None:
    body = b'{"n": 1' + b"0" * 30 + b"}" if n == 10**30 else {"n": n}
    status, answer = caller.post("/recommendations", body)

    assert (status, read_error(answer)) == (400, ("invalid", "n", None))


@pytest.mark.parametrize(
    ("parameters", "status", "code", "field"),
    [
        ({"placement": "nowhere"}, 404, "placement_not_found", "placement"),
        ({"placement": "No Slug"}, 400, "invalid", "placement"),
        ({"item": "nothing"}, 404, "item_not_found", "item"),
        ({"user_id": ""}, 400, "required", "user_id"),
        ({"user_id": "a\x00b"}, 400, "invalid", "user_id"),
        ({"user_id": "u" * 513}, 400, "too_long", "user_id"),
        ({"diversity": "2"}, 400, "invalid", "diversity"),
        ({"diversity": "nan"}, 400, "invalid", "diversity"),
        ({"filters": "{"}, 400, "invalid", "filters"),
        ({"filters": "[]"}, 400, "invalid", "filters"),
        ({"filters": '{"catalog_id": 1}'}, 400, "invalid_filter", "catalog_id"),
        ({"filters": '{"hidden": true}'}, 400, "invalid_filter", "hidden"),
        ({"filters": '{"key__regex": "a"}'}, 400, "invalid_filter", "key__regex"),
        ({"filters": '{"attributes__year__gte": {"a": 1}}'}, 400, "invalid_filter", "attributes__year__gte"),
        ({"exclude": ["x"] * 900 + ["\x01"]}, 400, "invalid", "exclude"),
        ({"catalog": "other"}, 400, "unknown_field", "catalog"),
    ],
)
def test_what_does_not_fit_is_named(
    caller: Caller, parameters: dict[str, Any], status: int, code: str, field: str
) -> None:
    answered, answer = caller.get("/recommendations", **parameters)

    assert (answered, read_error(answer)) == (status, (code, field, None))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"exclude": "a"}, "exclude"),
        ({"exclude": [{}]}, "exclude"),
        ({"exclude": ["x"] * 1001}, "exclude"),
        ({"filters": "{}"}, "filters"),
        ({"diversity": "0.5"}, "diversity"),
        ({"user_id": {}}, "user_id"),
        ({"unknown": 1}, "unknown"),
        ([], None),
    ],
)
def test_a_body_of_wrong_types_is_refused_by_name(caller: Caller, body: object, field: str | None) -> None:
    status, answer = caller.post("/recommendations", body)

    assert (status, read_error(answer)[1]) == (400, field)


@pytest.mark.parametrize("column", [*sorted(COLUMNS), "attributes__year", "attributes__%s", "attributes__a__b"])
def test_no_filter_whatever_its_type_is_a_fault_of_ours(caller: Caller, column: str) -> None:
    for lookup in ["", *(f"__{lookup}" for lookup in sorted(LOOKUPS))]:
        for value in (None, True, 1, 2**62, "x", ["x", 1], [], [None, "2026-01-31T12:00:00Z"]):
            status, answer = caller.post("/recommendations", {"filters": {column + lookup: value}, "n": 1})

            assert status in (200, 400), (column + lookup, value)
            if status == 400:
                assert read_error(answer)[:2] == ("invalid_filter", column + lookup)


@pytest.mark.parametrize("key", ["centre", "a/nearer"])
def test_similar_items_of_any_key(caller: Caller, key: str) -> None:
    status, answer = caller.get(f"/items/{quote(key, safe='')}/similar", n=2)

    assert (status, answer["returned"], answer["placement"]) == (200, 2, None)
    assert key not in show_keys(answer)
    assert answer["items"][0]["reason"]["item"] == key


def test_similar_items_of_an_unknown_item_is_a_404(caller: Caller) -> None:
    status, answer = caller.get("/items/nothing/similar")

    assert (status, read_error(answer)) == (404, ("item_not_found", "item", None))


def test_a_recommendation_costs_the_key_and_six_statements_at_most(world: World, caller: Caller) -> None:
    act(world, make_profile(world, "u"), "centre", kind="like")
    costs = set()
    for n in (1, 2, 3):
        with CaptureQueriesContext(connection) as captured:
            assert caller.get("/recommendations", user_id="u", n=n)[0] == 200
        costs.add(len(captured))

    assert len(costs) == 1
    assert costs.pop() <= 7


def test_a_hidden_item_is_gone_from_the_next_answer(caller: Caller) -> None:
    assert "far" in show_keys(caller.get("/recommendations")[1])

    Item.objects.filter(key="far").update(hidden=True)

    assert "far" not in show_keys(caller.get("/recommendations")[1])


def test_another_catalog_sees_neither_placements_nor_items(world: World) -> None:
    other = make_caller(Catalog.objects.create(key="other", name="Other"))

    assert read_error(other.get("/recommendations")[1])[0] == "placement_not_found"
    assert read_error(other.get("/items/centre/similar")[1])[0] == "item_not_found"
    lone = make_world("mine", catalog="third")
    make_placement(lone, ("scores", "popular", 1.0))
    assert show_keys(make_caller(lone.catalog).get("/recommendations", user_id="u")[1]) == ["mine"]
