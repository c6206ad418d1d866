"""Wrong configuration speaks at start."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage

from catalog.checks import check_encoder, check_spaces, check_worker_pool
from catalog.conf import EncodingConf, get_conf
from catalog.models import EmbeddingSpace
from tests.catalog.encoding import make_catalog


def read(messages: list[CheckMessage]) -> list[tuple[str | None, str]]:
    return [(message.id, message.msg) for message in messages]


def test_the_projects_own_settings_pass() -> None:
    assert check_encoder() == []
    assert check_worker_pool() == []


def test_an_encoder_that_does_not_exist(settings: Any) -> None:
    settings.RECSITE_ENCODER = "nope"

    [(code, text)] = read(check_encoder())

    assert code == "catalog.E001"
    assert text.startswith("RECSITE_ENCODER: no encoder 'nope' (known: hashing")


def test_options_that_do_not_fit_the_encoder(settings: Any) -> None:
    settings.RECSITE_ENCODER, settings.RECSITE_ENCODER_OPTIONS = "hashing", {"size": 3}

    assert read(check_encoder()) == [
        ("catalog.E002", "RECSITE_ENCODER: option 'size': unknown (known: dimensions)"),
    ]


def test_a_setting_that_does_not_exist(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"batch": 3}

    [(code, text)] = read(check_encoder())

    assert code == "catalog.E003"
    assert text.startswith("RECSITE_ENCODING: option 'batch': unknown (known: largest_batch, ")


def test_settings_that_are_not_given_have_defaults(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"largest_batch": 7}

    assert get_conf().encoding == EncodingConf(largest_batch=7)


def test_a_pool_that_forks(settings: Any) -> None:
    settings.CELERY_WORKER_POOL, settings.CELERY_WORKER_POOL_START_METHOD = "prefork", "fork"

    assert read(check_worker_pool()) == [
        ("catalog.W001", "CELERY_WORKER_POOL is 'prefork': torch hangs in a forked child; use threads")
    ]

    settings.CELERY_WORKER_POOL_START_METHOD = "spawn"
    assert check_worker_pool() == []


def test_a_broker_that_is_less_patient_than_the_longest_job(settings: Any) -> None:
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}

    [(code, text)] = read(check_worker_pool())

    assert code == "catalog.W002"
    assert "again after 3600 s" in text


@pytest.mark.django_db
def test_spaces_whose_encoder_is_gone() -> None:
    catalog = make_catalog(0)
    space = EmbeddingSpace.objects.create(catalog=catalog, encoder="gone")
    EmbeddingSpace.objects.create(catalog=catalog, encoder="gone", state="retired")
    EmbeddingSpace.objects.create(catalog=catalog, encoder="hashing")
    EmbeddingSpace.objects.create(catalog=catalog, role="ials")

    assert read(check_spaces(databases=["default"])) == [
        ("catalog.W003", f"embedding space {space.pk}: no encoder 'gone'")
    ]
    assert check_spaces(databases=None) == []
