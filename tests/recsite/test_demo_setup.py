"""The demo's steps take up what an interrupted run has left, and keep to what was chosen."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from catalog.models import EmbeddingSpace, Item
from recsite.demo import setup
from recsite.env import read_environment
from tests.recommender.worlds import make_world, place_items, publish_scores

pytestmark = pytest.mark.django_db


def test_an_import_that_was_cut_short_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_world(catalog="demo").catalog
    Item.objects.create(catalog=catalog, key="book-1", title="The Hunger Games", content_digest=uuid.uuid4())

    setup.import_books(catalog, Console(quiet=True))

    assert Item.objects.in_catalog(catalog.pk).count() == 2000
    monkeypatch.setattr(setup, "import_items", None)  # a second run has nothing to import
    setup.import_books(catalog, Console(quiet=True))


def test_a_space_that_is_complete_but_not_in_use_is_work() -> None:
    world = make_world("a")
    space = place_items(world, {"a": [1.0, 0.0]})
    for learner in setup.LEARNERS:
        publish_scores(world, learner, {"a": 1.0})

    assert not setup.has_work(world.catalog, space)
    space.state = EmbeddingSpace.State.BUILDING
    assert setup.has_work(world.catalog, space)


@pytest.mark.parametrize(
    ("asked", "is_set", "chosen", "options"),
    [
        ("hashing", False, "hashing", {"dimensions": 384}),
        (None, False, "transformer", {"pooling": "auto"}),
        (None, True, "hashing", {"dimensions": 64}),
    ],
)
def test_the_encoder_is_the_one_that_was_chosen(
    settings: Any, asked: str | None, is_set: bool, chosen: str, options: dict[str, Any]
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, encoder_is_set=is_set)
    settings.RECSITE_ENCODER, settings.RECSITE_ENCODER_OPTIONS = "hashing", {"dimensions": 64}
    catalog = make_world(catalog="demo").catalog

    space = setup.ensure_space(catalog, asked)

    assert space.encoder == chosen
    assert options.items() <= space.options.items()
    assert setup.ensure_space(catalog, None) == space


def test_the_environment_says_whether_an_encoder_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECSITE_ENCODER", raising=False)
    assert not read_environment().encoder_is_set
    monkeypatch.setenv("RECSITE_ENCODER", "hashing")
    assert read_environment().encoder_is_set
