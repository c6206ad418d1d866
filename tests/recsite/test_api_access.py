"""Every route of the API against every scope; the OpenAPI document, and that answers keep to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from catalog.api.permissions import HasScope, Scope
from catalog.api.views import ApiView, NothingHereView
from catalog.models import Catalog
from profiles.models import Profile
from tests.catalog.api.callers import make_caller, read_error
from tests.recommender.worlds import make_placement, make_world, place_items

OPEN = {"schema", "docs", "redoc"}
NEEDS = [
    ("GET", "/recommendations", None, "publishable"),
    ("POST", "/recommendations", {}, "publishable"),
    ("GET", "/predicted-ratings?item_ids=a", None, "publishable"),
    ("GET", "/people?user_id=u", None, "ingest"),  # publishable keys only where the site's setting lets them
    ("GET", "/items/a/similar", None, "publishable"),
    ("POST", "/interactions", [], "publishable"),
    ("POST", "/interactions?on_unknown=create", [], "ingest"),
    ("POST", "/items", [], "ingest"),
    ("GET", "/items?key=a", None, "ingest"),
    ("DELETE", "/items?key=a", None, "ingest"),
    ("GET", "/items/a", None, "ingest"),
    ("DELETE", "/items/a", None, "ingest"),
    ("POST", "/friendships", [], "ingest"),
    ("GET", "/friendships?user_id=u", None, "ingest"),
    ("DELETE", "/friendships?user_id=u&friend_id=v", None, "ingest"),
    ("GET", "/groups/g", None, "ingest"),
    ("PUT", "/groups/g", {"members": ["u"]}, "ingest"),
    ("DELETE", "/groups/g", None, "ingest"),
    ("GET", "/users/u/interests", None, "admin"),
    ("POST", "/users/merge", {}, "admin"),
]
SCOPES = ["publishable", "ingest", "admin"]


def list_routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from list_routes(pattern, path)


def test_every_route_asks_for_a_scope() -> None:
    routes = {path.removeprefix("api/v1/"): view for path, view in list_routes() if path.startswith("api/v1/")}

    closed = {path: view.cls for path, view in routes.items() if path not in OPEN and view.cls is not NothingHereView}
    assert len(closed) >= 7
    for path, view in closed.items():
        assert issubclass(view, ApiView), path
        assert isinstance(view.required_scope, Scope), path
        assert view.permission_classes == [HasScope], path


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "body", "needed"), NEEDS)
@pytest.mark.parametrize("scope", [None, *SCOPES])
def test_a_route_lets_in_whom_it_should(method: str, path: str, body: object, needed: str, scope: str | None) -> None:
    caller = make_caller(Catalog.objects.create(key="shop", name="Shop"), scope or "admin")

    headers = {} if scope else {"Authorization": ""}
    status, answer = caller.call(method, path, body, headers=headers)

    if scope is None:
        assert (status, read_error(answer)[0]) == (401, "key_required")
    elif SCOPES.index(scope) < SCOPES.index(needed):
        assert (status, read_error(answer)[0]) == (403, "scope_required")
    else:
        assert status in (200, 201, 204, 400, 404)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    response = Client().get("/api/v1/schema", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert response.status_code == 200
    return dict(response.json())


def test_the_document_has_every_route_with_examples(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    plain = {(method, "/api/v1" + path.split("?")[0]) for method, path, _, _ in NEEDS}
    assert {
        (method, path.replace("groups/{key}", "groups/g").replace("{key}", "a").replace("{user_id}", "u"))
        for method, path in described
    } == plain
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["security"] == [{"bearer": []}, {"header": []}]
            assert {"400", "401", "403"} <= operation["responses"].keys()
            if method == "post":
                assert operation["requestBody"]["content"]["application/json"]["examples"], path


@pytest.mark.django_db
def test_answers_are_as_the_document_says(document: dict[str, Any]) -> None:
    world = make_world("a", "b", "c")
    place_items(world, {"a": [1, 0], "b": [1, 0.1], "c": [0, 1]})
    make_placement(world, ("scores", "popular", 1.0))
    Profile.objects.bulk_create(Profile(catalog=world.catalog, key=key) for key in ("u", "cookie"))
    caller = make_caller(world.catalog)
    view = {"user_id": "u", "item": "a", "kind": "view"}

    for method, path, body, template in [
        ("POST", "/items", [{"key": "d"}, {"key": "a", "title": "New"}, {"key": ""}], "/items"),
        ("POST", "/items", {"key": ""}, "/items"),
        ("GET", "/items?key=a&key=none", None, "/items"),
        ("DELETE", "/items?key=d", None, "/items"),
        ("GET", "/items/a", None, "/items/{key}"),
        ("GET", "/items/none", None, "/items/{key}"),
        ("GET", "/items/a/similar", None, "/items/{key}/similar"),
        ("POST", "/interactions", [view, {}], "/interactions"),
        ("POST", "/interactions", [{}], "/interactions"),
        ("POST", "/interactions", b"{", "/interactions"),
        ("GET", "/recommendations?user_id=u", None, "/recommendations"),
        ("POST", "/recommendations", {"user_id": "u"}, "/recommendations"),
        ("GET", "/predicted-ratings?item_ids=a", None, "/predicted-ratings"),
        ("GET", "/people?user_id=u", None, "/people"),
        ("GET", "/recommendations?user_ids=u&user_ids=v", None, "/recommendations"),
        ("POST", "/friendships", [{"user_id": "u", "friend_id": "v"}, {}], "/friendships"),
        ("GET", "/friendships?user_id=u", None, "/friendships"),
        ("DELETE", "/friendships?user_id=u&friend_id=v", None, "/friendships"),
        ("PUT", "/groups/g", {"members": ["u", "v"]}, "/groups/{key}"),
        ("PUT", "/groups/g", {"members": ["u", "w"], "name": "Two"}, "/groups/{key}"),
        ("GET", "/groups/g", None, "/groups/{key}"),
        ("GET", "/groups/none", None, "/groups/{key}"),
        ("GET", "/users/u/interests", None, "/users/{user_id}/interests"),
        ("POST", "/users/merge", {"source": "cookie", "into": "u"}, "/users/merge"),
        ("POST", "/users/merge", {"source": "u", "into": "u"}, "/users/merge"),
    ]:
        status, answer = caller.call(method, path, body)
        described = document["paths"]["/api/v1" + template][method.lower()]["responses"][str(status)]
        shape = {**described["content"]["application/json"]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(shape).validate(answer)
