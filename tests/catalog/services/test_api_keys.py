"""API keys: the secret, what is stored of it, who it lets in and when its use is noted."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import ApiKey, Catalog
from catalog.services.api_keys import create_api_key, find_api_key, note_use

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.mark.parametrize(("scope", "letters"), [("publishable", "pub"), ("ingest", "ing"), ("admin", "adm")])
def test_a_secret_tells_its_scope_and_prefix_and_hides_238_bits(catalog: Catalog, scope: str, letters: str) -> None:
    key, secret = create_api_key(catalog.pk, name="shop front", scope=scope)

    assert re.fullmatch(f"rk_{letters}_{key.prefix}_[A-Za-z0-9]{{40}}", secret)
    assert key.secret_hash == sha256(secret.encode()).hexdigest()
    assert find_api_key(secret) == key


def test_the_database_never_holds_the_secret(catalog: Catalog) -> None:
    key, secret = create_api_key(catalog.pk, name="shop front", scope="ingest")

    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert not [name for name, value in row.items() if secret.rsplit("_", 1)[1] in str(value)]
    assert secret not in f"{key} {key!r}"


def test_two_keys_have_nothing_in_common(catalog: Catalog) -> None:
    first, first_secret = create_api_key(catalog.pk, name="a", scope="ingest")
    second, second_secret = create_api_key(catalog.pk, name="a", scope="ingest")

    assert first.prefix != second.prefix
    assert first_secret.rsplit("_", 1)[1] != second_secret.rsplit("_", 1)[1]


@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_an_expired_or_revoked_key_opens_nothing(catalog: Catalog, end: str) -> None:
    key, secret = create_api_key(catalog.pk, name="a", scope="ingest")

    ApiKey.objects.filter(pk=key.pk).update(**{end: timezone.now() + timedelta(seconds=30)})
    assert find_api_key(secret) == key
    ApiKey.objects.filter(pk=key.pk).update(**{end: timezone.now()})
    assert find_api_key(secret) is None


def test_a_secret_that_differs_in_one_character_opens_nothing(catalog: Catalog) -> None:
    _, secret = create_api_key(catalog.pk, name="a", scope="ingest")
    last = "a" if secret[-1] != "a" else "b"

    assert find_api_key(secret[:-1] + last) is None
    assert find_api_key(secret.replace("rk_ing_", "rk_adm_")) is None


@pytest.mark.parametrize("text", ["", "rk_", "rk_ing_a_b", "rk_ing_" + "a" * 12 + "_" + "é" * 40, "\x00", "x" * 10_000])
def test_what_is_no_secret_is_refused_without_a_statement(
    catalog: Catalog, text: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert find_api_key(text) is None


def test_finding_a_key_costs_one_statement(catalog: Catalog, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    _, secret = create_api_key(catalog.pk, name="a", scope="ingest")

    with django_assert_num_queries(1):
        find_api_key(secret)


def test_use_is_noted_once_a_minute(catalog: Catalog, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    key, _ = create_api_key(catalog.pk, name="a", scope="ingest")
    note_use(key)
    noted = ApiKey.objects.get(pk=key.pk)
    assert noted.last_used_at is not None

    with django_assert_num_queries(0):
        note_use(noted)

    past = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=past)
    note_use(ApiKey.objects.get(pk=key.pk))
    assert ApiKey.objects.get(pk=key.pk).last_used_at > noted.last_used_at


def test_origins_are_kept_in_one_spelling(catalog: Catalog) -> None:
    key, _ = create_api_key(
        catalog.pk, name="a", scope="publishable", allowed_origins=["https://Shop.Example/", "http://localhost:8000"]
    )

    assert key.allowed_origins == ["https://shop.example", "http://localhost:8000"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scope": "root"}, "root"),
        ({"allowed_origins": ["shop.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://shop.example/path"]}, "allowed_origins"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_by_name(catalog: Catalog, options: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        create_api_key(catalog.pk, **{"name": "a", "scope": "ingest", **options})  # type: ignore[arg-type]
    assert not ApiKey.objects.exists()
