"""The encode tasks, run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from catalog.encoders import encoders
from catalog.models import EmbeddingSpace
from catalog.services.encoder_cache import forget_encoders
from catalog.services.following import mark_pending
from catalog.services.spaces import create_space
from catalog.tasks import encode_space_items, encode_stale_items
from recsite.celery import app
from tests.catalog.encoding import TrickyEncoder, make_catalog, register_tricky

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def surroundings(settings: Any) -> Iterator[None]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "tasks"}}
    settings.RECSITE_ENCODER, settings.RECSITE_ENCODER_OPTIONS = "tricky", {}
    register_tricky()
    yield
    cache.clear()
    forget_encoders()
    encoders.unregister("tricky")


def test_tasks_go_to_the_encode_queue() -> None:
    for task in (encode_space_items, encode_stale_items):
        assert app.amqp.router.route({}, task.name)["queue"].name == "encode"


def test_one_space_is_encoded_and_the_counts_come_back() -> None:
    space = create_space(make_catalog(5).pk, encoder="tricky")

    assert encode_space_items(space.pk) == {"encoded": 5, "failed": 0}
    assert encode_space_items(space.pk) == {"encoded": 0, "failed": 0}


def test_every_catalog_gets_its_first_space() -> None:
    make_catalog(3)
    make_catalog(4, key="films")

    assert encode_stale_items() == {"spaces": 2, "encoded": 7, "failed": 0}
    assert list(EmbeddingSpace.objects.values_list("state", flat=True)) == ["active", "active"]


def test_one_catalog_is_encoded_alone() -> None:
    catalog = make_catalog(3)
    make_catalog(4, key="films")

    assert encode_stale_items(catalog.pk) == {"spaces": 1, "encoded": 3, "failed": 0}


def test_a_catalog_that_is_gone_is_no_error() -> None:
    assert encode_stale_items(0) == {"spaces": 0, "encoded": 0, "failed": 0}


def test_retired_and_published_spaces_are_left_alone() -> None:
    catalog = make_catalog(3)
    EmbeddingSpace.objects.create(catalog=catalog, encoder="tricky", state="retired")
    EmbeddingSpace.objects.create(catalog=catalog, role="ials", dimensions=4, state="active")

    assert encode_stale_items() == {"spaces": 1, "encoded": 3, "failed": 0}


def test_a_space_whose_encoder_is_gone_does_not_stop_the_others() -> None:
    catalog = make_catalog(3)
    broken = EmbeddingSpace.objects.create(catalog=catalog, encoder="gone", role="image")

    assert encode_stale_items() == {"spaces": 1, "encoded": 3, "failed": 0}

    broken.refresh_from_db()
    assert "no 'gone'" in broken.error


def test_the_task_lets_the_next_message_through_before_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog(3)
    encode = TrickyEncoder.encode_documents
    marks: list[bool] = []
    assert mark_pending(catalog.pk)
    assert not mark_pending(catalog.pk)

    def note_mark(self: TrickyEncoder, texts: list[str]) -> Any:
        marks.append(mark_pending(catalog.pk))
        return encode(self, texts)

    monkeypatch.setattr(TrickyEncoder, "encode_documents", note_mark)
    encode_stale_items(catalog.pk)

    assert marks == [True]
