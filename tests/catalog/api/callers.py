"""Calls the API with a key, as a site does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from django.test import Client
from django.utils import timezone

from catalog.models import ApiKey, Catalog
from catalog.services.api_keys import create_api_key

ROOT = "/api/v1"


@dataclass
class Caller:
    """Speaks JSON with one key; every answer must be JSON, unless there is none."""

    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        options.setdefault("content_type", "application/json")
        response = self.client.generic(method, ROOT + path, raw, headers=headers, **options)
        if response.status_code == 204:
            assert response.content == b""
            return 204, None
        assert response["Content-Type"] == "application/json"
        return response.status_code, orjson.loads(response.content)

    def get(self, path: str, *, headers: dict[str, str] | None = None, **parameters: Any) -> tuple[int, Any]:
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        return self.call("GET", path + query, headers=headers or {})

    def post(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        return self.call("POST", path, body, **options)

    def delete(self, path: str) -> tuple[int, Any]:
        return self.call("DELETE", path)


def make_caller(catalog: Catalog, scope: str = "admin", **options: Any) -> Caller:
    """A caller with a new key whose use is noted already, so that no call has a statement more than the others."""
    key, secret = create_api_key(catalog.pk, name=scope, scope=scope, **options)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
    return Caller(secret)


def read_error(answer: Any) -> tuple[str, str | None, int | None]:
    """Code, field and index of an error, whose shape is always the same."""
    error = answer["error"]
    assert list(error) == ["code", "message", "field", "index", "request_id"]
    assert error["message"]
    assert error["request_id"]
    return error["code"], error["field"], error["index"]
