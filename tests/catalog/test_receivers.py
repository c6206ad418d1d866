"""Changed items ring for a worker: once until one comes, and never at the cost of the write."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import cache
from kombu.exceptions import OperationalError

from catalog import doorbell, receivers, tasks
from catalog.records import ItemRecord
from catalog.services.following import clear_pending
from catalog.services.items import upsert_items
from tests.catalog.encoding import make_catalog


@pytest.fixture(autouse=True)
def own_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "receivers"}}
    cache.clear()


@pytest.fixture(autouse=True)
def broker_that_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_silent", set())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The arguments of the messages that were sent."""
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks.encode_stale_items, "apply_async", lambda args, *_, **__: messages.append(args))
    return messages


@pytest.mark.django_db
def test_written_items_ring_after_the_commit(
    sent: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    catalog = make_catalog(0)

    with django_capture_on_commit_callbacks(execute=True):
        upsert_items(catalog.pk, [ItemRecord(key="a", title="A")])
        assert sent == []

    assert sent == [(catalog.pk,)]


def test_one_message_waits_for_a_worker_at_a_time(sent: list[tuple[Any, ...]]) -> None:
    for _ in range(3):
        receivers.schedule_encoding(catalog_id=1)
    receivers.schedule_encoding(catalog_id=2)
    assert sent == [(1,), (2,)]

    clear_pending(1)
    receivers.schedule_encoding(catalog_id=1)

    assert sent == [(1,), (2,), (1,)]


def test_without_a_broker_the_write_goes_through_with_one_warning_and_the_next_one_rings_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rung: list[tuple[Any, ...]] = []

    def refuse(args: Any, *_: Any, **__: Any) -> None:
        rung.append(args)
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.encode_stale_items, "apply_async", refuse)

    with caplog.at_level(logging.WARNING, logger="catalog.doorbell"):
        receivers.schedule_encoding(catalog_id=1)
        receivers.schedule_encoding(catalog_id=1)

    assert [record.getMessage() for record in caplog.records] == [
        "No broker (connection refused): items wait for the periodic task to be encoded"
    ]
    assert rung == [(1,), (1,)]


def test_without_a_cache_the_write_goes_through(
    settings: Any, sent: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "unix:///nowhere/valkey.sock",
        }
    }

    with caplog.at_level(logging.WARNING, logger="catalog.receivers"):
        receivers.schedule_encoding(catalog_id=1)

    assert sent == []
    assert "No cache" in caplog.text
