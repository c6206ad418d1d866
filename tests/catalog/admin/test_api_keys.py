"""API keys in the admin: the secret is shown once, the rest can only be revoked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import ApiKey, Catalog
from catalog.services.api_keys import create_api_key, find_api_key
from tests.editors import read_text


@pytest.fixture
def shop(db: None) -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


def add(editor: Client, shop: Catalog, **changed: Any) -> Any:
    data = {"catalog": shop.pk, "name": "site", "scope": "publishable", "allowed_origins": "", **changed}
    return editor.post(reverse("admin:catalog_apikey_add"), data)


def test_the_secret_is_shown_once_and_opens_the_key(editor: Client, shop: Catalog):
    answer = add(editor, shop, allowed_origins="https://shop.example\nhttps://www.shop.example")
    (secret,) = re.findall(r"rk_pub_\w+", answer.content.decode())
    key = find_api_key(secret)
    assert key is not None
    assert key.allowed_origins == ["https://shop.example", "https://www.shop.example"]
    assert "no-store" in answer["Cache-Control"]
    for url in (reverse("admin:catalog_apikey_changelist"), reverse("admin:catalog_apikey_change", args=[key.pk])):
        content = editor.get(url).content.decode()
        assert secret not in content
        assert key.secret_hash not in content


@pytest.mark.parametrize(
    "changed",
    [
        {"allowed_origins": "shop.example"},
        {"allowed_origins": "https://shop.example/path"},
        {"expires_at_0": "2001-01-01", "expires_at_1": "00:00"},
        {"scope": "everything"},
        {"name": " "},
    ],
)
def test_bad_input_is_refused(editor: Client, shop: Catalog, changed: dict[str, str]):
    assert add(editor, shop, **changed).status_code == 200
    assert not ApiKey.objects.exists()


def test_a_key_cannot_be_edited(editor: Client, shop: Catalog):
    key, _ = create_api_key(shop.pk, name="one", scope="ingest")
    editor.post(reverse("admin:catalog_apikey_change", args=[key.pk]), {"name": "two", "scope": "admin"})
    key.refresh_from_db()
    assert (key.name, key.scope) == ("one", "ingest")


def test_a_key_is_revoked_after_a_question(editor: Client, shop: Catalog):
    key, secret = create_api_key(shop.pk, name="one", scope="ingest")
    url = f"/admin/catalog/apikey/{key.pk}/revoke/"
    assert "cannot be undone" in read_text(editor.get(url))
    assert find_api_key(secret) is not None
    editor.post(url)
    assert find_api_key(secret) is None


def test_several_keys_are_revoked_at_once(editor: Client, shop: Catalog):
    keys = [create_api_key(shop.pk, name=str(n), scope="ingest")[0].pk for n in range(2)]
    data = {"action": "revoke_chosen", "_selected_action": keys, "index": "0"}
    answer = editor.post(reverse("admin:catalog_apikey_changelist"), data, follow=True)
    assert "2 keys revoked." in read_text(answer)
    assert ApiKey.objects.filter(revoked_at=None).count() == 0
