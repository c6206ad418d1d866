"""Bodies that are no good, and paths and methods that are not there: always 4xx, always the same shape."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from catalog.api import items
from catalog.models import Catalog, Item
from tests.catalog.api.callers import Caller, make_caller, read_error

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> Caller:
    return make_caller(Catalog.objects.create(key="shop", name="Shop"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'key': 1}",
        b'{"key": "a", "attributes": {"x": NaN}}',
        b'{"key": "a", "attributes": {"x": Infinity}}',
        b'{"key": "\\ud800"}',
        b'{"key": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"\x00",
    ],
    ids=["empty", "cut", "quotes", "nan", "infinity", "surrogate", "utf-8", "bom", "deep list", "deep object", "nul"],
)
def test_what_is_no_json_is_a_400(caller: Caller, body: bytes) -> None:
    status, answer = caller.post("/items", body)

    assert (status, read_error(answer)) == (400, ("malformed_json", None, None))


@pytest.mark.parametrize("body", [b"1", b'"text"', b"null", b"true"])
def test_a_body_that_holds_no_rows_is_a_400(caller: Caller, body: bytes) -> None:
    status, answer = caller.post("/items", body)

    assert (status, read_error(answer)) == (400, ("invalid", None, None))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_another_content_type_is_a_415(caller: Caller, content_type: str) -> None:
    status, answer = caller.post("/items", {"key": "a"}, content_type=content_type)

    assert (status, read_error(answer)[0]) == (415, "unsupported_media_type")


def test_a_charset_in_the_content_type_does_no_harm(caller: Caller) -> None:
    assert caller.post("/items", {"key": "a"}, content_type="Application/JSON; charset=utf-8")[0] == 200


def test_a_body_above_the_limit_is_a_413_before_it_is_read(caller: Caller, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = b'{"key": "a", "title": "' + b"x" * 1000 + b'"}'

    status, answer = caller.post("/items", body)

    assert (status, read_error(answer)) == (413, ("too_large", None, None))
    assert caller.post("/items", body[:500] + b'"}')[0] == 200


def test_a_body_without_its_length_is_a_411(caller: Caller) -> None:
    status, answer = caller.post("/items", None, headers={"Transfer-Encoding": "chunked"})

    assert (status, read_error(answer)) == (411, ("length_required", None, None))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/items/", "/users", "/users/a/b", "/docs/x"])
def test_a_path_that_leads_nowhere_is_a_404_in_json(caller: Caller, path: str) -> None:
    status, answer = caller.get(path)

    assert (status, read_error(answer)) == (404, ("not_found", None, None))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/items"),
        ("PATCH", "/items/a"),
        ("DELETE", "/recommendations"),
        ("GET", "/users/merge"),
        ("OPTIONS", "/items"),
    ],
)
def test_a_method_that_is_not_there_is_a_405(caller: Caller, method: str, path: str) -> None:
    status, answer = caller.call(method, path)

    assert (status, read_error(answer)) == (405, ("method_not_allowed", None, None))


@pytest.mark.parametrize("query", ["?format=xml", "?key=a&limit=3", "?KEY=a"])
def test_an_unknown_parameter_is_named(caller: Caller, query: str) -> None:
    status, answer = caller.get(f"/items{query}")

    name = query[1:].split("&")[-1].split("=")[0]
    assert (status, read_error(answer)) == (400, ("unknown_field", name, None))


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", "application/json; q=0"])
def test_whatever_accept_says_the_answer_is_json(caller: Caller, accept: str) -> None:
    assert caller.get("/items", headers={"Accept": accept}, key="a") == (200, {"items": []})


def test_the_request_id_of_a_proxy_comes_back_unless_it_is_unsafe(caller: Caller) -> None:
    assert caller.get("/items/a", headers={"X-Request-ID": "proxy-1234.x"})[1]["error"]["request_id"] == "proxy-1234.x"
    for unsafe in ("short", "a" * 65, "line\tbreak-xx", "<script>12345"):
        made = caller.get("/items/a", headers={"X-Request-ID": unsafe})[1]["error"]["request_id"]
        assert len(made) == 32


def test_a_database_out_of_reach_is_a_503_that_says_when_to_try_again(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OperationalError("connection to server at 10.0.0.5 as user recsite failed")

    monkeypatch.setattr(items, "upsert_items", fail)
    status, answer = caller.post("/items", {"key": "a"})

    assert (status, read_error(answer)) == (503, ("unavailable", None, None))
    assert "10.0.0.5" not in str(answer)


def test_a_fault_of_ours_is_a_500_in_json_that_tells_nothing_but_its_id(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("inner detail")

    monkeypatch.setattr(items, "upsert_items", fail)
    caplog.set_level(logging.ERROR)
    status, answer = caller.post("/items", {"key": "a"})

    assert (status, read_error(answer)) == (500, ("internal_error", None, None))
    assert "inner detail" not in str(answer)
    assert answer["error"]["request_id"] in caplog.text
    assert "inner detail" in caplog.text


def test_answers_stay_out_of_shared_caches(caller: Caller) -> None:
    response = caller.client.get("/api/v1/items?key=a", headers={"X-API-Key": caller.secret})

    assert response["Cache-Control"] == "private, no-store"
    assert Item.objects.count() == 0
