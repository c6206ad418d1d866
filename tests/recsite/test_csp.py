"""The content security policy: strict, with one exception for the admin alone."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def read_policy(client: Client, path: str) -> dict[str, list[str]]:
    header = client.get(path).headers["Content-Security-Policy"]
    return {name: values for name, *values in (part.split() for part in header.split("; "))}


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/catalog/item/"])
def test_the_admin_may_evaluate_and_nothing_else(client: Client, path: str):
    policy = read_policy(client, path)
    assert policy["script-src"] == ["'self'", "'unsafe-eval'"]
    assert policy["style-src"] == ["'self'"]


@pytest.mark.parametrize("path", ["/livez", "/api/v1/items", "/nothing/here", "/adminx/"])
def test_everything_else_is_strict(client: Client, path: str):
    policy = read_policy(client, path)
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["default-src"] == ["'none'"]
