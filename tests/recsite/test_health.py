"""Liveness and readiness: each part by itself, and no secret in what is said."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from recsite import health
from recsite.celery import app

PARTS = ["database", "migrations", "cache", "broker"]


def test_liveness_asks_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PARTS", {})

    response = Client().get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_all_parts_are_well() -> None:
    response = Client().get("/readyz")

    answer = response.json()
    assert (response.status_code, answer["status"]) == (200, "ok")
    assert list(answer["parts"]) == PARTS
    assert all(part["status"] == "ok" and part["ms"] >= 0 for part in answer["parts"].values())


@pytest.mark.django_db
def test_a_migration_that_is_missing_makes_it_unready_and_names_the_app() -> None:
    MigrationRecorder(connection).migration_qs.filter(app="catalog").delete()

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["parts"]["migrations"]["reason"] == "migrations to be applied in: catalog"
    assert response.json()["parts"]["database"]["status"] == "ok"


@pytest.mark.django_db
def test_a_part_that_is_down_does_not_hide_the_others_nor_tell_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OperationalError("password authentication failed for user recsite with hunter2 at 10.0.0.5")

    monkeypatch.setattr(health, "PARTS", {**health.PARTS, "database": fail})
    response = Client().get("/readyz")

    assert (response.status_code, response.json()["status"]) == (503, "down")
    parts = response.json()["parts"]
    assert (parts["database"]["status"], parts["database"]["reason"]) == ("down", "out of reach")
    assert [parts[name]["status"] for name in PARTS[1:]] == ["ok"] * 3
    assert "hunter2" not in response.text + caplog.text
    assert "10.0.0.5" not in response.text + caplog.text


@pytest.mark.django_db
def test_a_broker_that_nobody_listens_at_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = app.connection_for_write

    monkeypatch.setattr(app, "connection_for_write", lambda **options: connect("redis://127.0.0.1:1/0", **options))
    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["parts"]["broker"]["reason"] == "out of reach"
    assert response.json()["parts"]["broker"]["ms"] < 3000


@pytest.mark.django_db
def test_a_cache_that_forgets_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "get", lambda *args, **options: None)

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["parts"]["cache"]["reason"] == "does not keep what is written"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_read_only(path: str) -> None:
    assert Client().post(path).status_code == 405
