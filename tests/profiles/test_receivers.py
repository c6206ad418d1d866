from __future__ import annotations

import logging
import time

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from catalog import doorbell
from catalog.models import Catalog
from catalog.records import ItemRecord
from catalog.services.items import upsert_items
from profiles import tasks
from profiles.models import Profile
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions
from profiles.signals import interactions_recorded
from recsite.celery import app


@pytest.fixture
def sent(monkeypatch) -> list[list[int]]:
    chunks: list[list[int]] = []
    monkeypatch.setattr(tasks.refresh_interests, "apply_async", lambda args, *_, **__: chunks.append(args[0]))
    return chunks


@pytest.mark.django_db
def test_recorded_interactions_have_their_profiles_refreshed(sent, django_capture_on_commit_callbacks):
    catalog = Catalog.objects.create(key="shop", name="Shop")
    upsert_items(catalog.pk, [ItemRecord(key="a")])
    records = [
        InteractionRecord(user_id=f"u{place}", kind="view", item="a", occurred_at=timezone.now()) for place in range(3)
    ]
    with django_capture_on_commit_callbacks(execute=True):
        record_interactions(catalog.pk, records)
        assert sent == []
    assert sent == [list(Profile.objects.order_by("pk").values_list("pk", flat=True))]


def test_many_profiles_are_sent_in_chunks(sent):
    interactions_recorded.send(None, catalog_id=1, profile_ids=tuple(range(450)))
    assert [len(chunk) for chunk in sent] == [200, 200, 50]
    assert [profile_id for chunk in sent for profile_id in chunk] == list(range(450))


def test_an_unreachable_broker_is_one_warning_and_no_error(monkeypatch, caplog):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(doorbell, "_silent", set())
    monkeypatch.setattr(tasks.refresh_interests, "apply_async", refuse)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            interactions_recorded.send(None, catalog_id=1, profile_ids=(1, 2))
    assert [record.getMessage() for record in caplog.records] == [
        "No broker (connection refused): interests are refreshed by the periodic task alone"
    ]

    monkeypatch.setattr(tasks.refresh_interests, "apply_async", lambda *_, **__: None)
    interactions_recorded.send(None, catalog_id=1, profile_ids=(1,))
    monkeypatch.setattr(tasks.refresh_interests, "apply_async", refuse)
    interactions_recorded.send(None, catalog_id=1, profile_ids=(1,))
    assert len(caplog.records) == 2


def test_a_broker_that_nobody_listens_at_is_unreachable_in_no_time(monkeypatch, caplog):
    monkeypatch.setattr(doorbell, "_silent", set())
    options = app.conf.broker_transport_options
    with app.connection_for_write("redis://127.0.0.1:1/0", transport_options=options) as connection:
        publish = tasks.refresh_interests.apply_async
        monkeypatch.setattr(
            tasks.refresh_interests,
            "apply_async",
            lambda args, named, **options: publish(args, named, connection=connection, **options),
        )
        started = time.monotonic()
        interactions_recorded.send(None, catalog_id=1, profile_ids=(1,))
    assert time.monotonic() - started < 2
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("No broker (")
