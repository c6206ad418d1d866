"""Who is let in: keys in two headers, scopes, origins, and what is said to the others."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import ApiKey, Catalog
from tests.catalog.api.callers import make_caller, read_error

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


def test_the_key_may_come_in_either_header(catalog: Catalog) -> None:
    secret = make_caller(catalog).secret
    client = Client()

    for headers in (
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": f"bearer  {secret}"},
        {"X-API-Key": secret},
    ):
        assert client.get("/api/v1/items?key=a", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "key_required"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, "key_required"),
        ({"Authorization": "Bearer"}, "invalid_key"),
        ({"Authorization": "Bearer rk_adm_abcdefghijkl_" + "a" * 40}, "invalid_key"),
        ({"X-API-Key": ""}, "invalid_key"),
        ({"X-API-Key": "ключ"}, "invalid_key"),
    ],
)
def test_without_a_good_key_the_answer_is_401_with_a_challenge(headers: dict[str, str], code: str) -> None:
    response = Client().get("/api/v1/items?key=a", headers=headers)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="recsite"'
    assert read_error(response.json()) == (code, None, None)


def test_a_secret_is_found_in_no_log_and_no_answer(catalog: Catalog, caplog: pytest.LogCaptureFixture) -> None:
    caller = make_caller(catalog)
    ApiKey.objects.update(revoked_at=timezone.now())

    with caplog.at_level(logging.DEBUG):
        _, answer = caller.get("/items", key="a")

    assert caller.secret[-40:] not in caplog.text + str(answer)


@pytest.mark.django_db(transaction=True)
def test_the_first_use_of_a_key_is_noted_outside_any_transaction(catalog: Catalog) -> None:
    caller = make_caller(catalog)
    ApiKey.objects.update(last_used_at=None)

    assert caller.get("/items", key="a")[0] == 200

    assert ApiKey.objects.get().last_used_at is not None


@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
def test_a_key_that_ended_is_refused_at_once(catalog: Catalog, field: str) -> None:
    caller = make_caller(catalog)
    assert caller.get("/items", key="a")[0] == 200

    ApiKey.objects.update(**{field: timezone.now() - timedelta(seconds=1)})

    status, answer = caller.get("/items", key="a")
    assert (status, read_error(answer)) == (401, ("invalid_key", None, None))


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 422),
        ("https://SHOP.example", 422),
        ("https://evil.example", 403),
        ("https://shop.example.evil.example", 403),
        ("http://shop.example", 403),
        ("null", 403),
        (None, 403),
    ],
)
def test_a_locked_key_works_from_its_origins_alone(catalog: Catalog, origin: str | None, status: int) -> None:
    caller = make_caller(catalog, "publishable", allowed_origins=["https://shop.example"])

    answered, answer = caller.post("/interactions", [{}], headers={"Origin": origin} if origin else {})

    assert answered == status
    if status == 403:
        assert read_error(answer) == ("origin_not_allowed", None, None)


def test_a_scope_that_does_not_reach_is_named(catalog: Catalog) -> None:
    status, answer = make_caller(catalog, "publishable").get("/items", key="a")

    assert (status, read_error(answer)) == (403, ("scope_required", None, None))
    assert answer["error"]["message"] == "This needs a key of scope ingest; this key's is publishable."
