"""Spaces in the admin: made, built, promoted and rolled back to, each after a question."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.admin import failures, spaces
from catalog.encoders import encoders
from catalog.models import Embedding, EmbeddingSpace
from tests.editors import read_text
from tests.recommender.worlds import World, make_world, place_items


@pytest.fixture
def world(db: None) -> World:
    return make_world("a", "b", "c")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The spaces that a worker was asked to encode."""
    found: list[int] = []
    for module in (spaces, failures):
        monkeypatch.setattr(module.encode_space_items, "apply_async", lambda args, *_, **__: found.extend(args))
    return found


def step(name: str, space: EmbeddingSpace) -> str:
    return f"/admin/catalog/embeddingspace/{space.pk}/{name}/"


def add(editor: Client, world: World, encoder: str = "hashing", options: str = ""):
    url = reverse("admin:catalog_embeddingspace_add")
    data = {"catalog": world.catalog.pk, "role": "text", "encoder": encoder, "options": options}
    return editor.post(url, data, follow=True)


def test_a_new_version_is_made_and_the_worker_asked_after_the_commit(
    editor: Client, world: World, asked: list[int], django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        page = add(editor, world, options='{"dimensions": 64}')
        assert asked == []
    space = EmbeddingSpace.objects.get()
    assert (space.encoder, space.options["dimensions"], space.state) == ("hashing", 64, "building")
    assert asked == [space.pk]
    assert "0 encoded, 3 waiting, 0 failed" in read_text(page)


@pytest.mark.parametrize("options", ['{"dimensions": "wide"}', '{"colour": 1}', '{"dimensions": -1}', "[]", "{"])
def test_options_that_do_not_fit_the_encoder_are_refused(editor: Client, world: World, asked: list[int], options: str):
    assert add(editor, world, options=options).status_code == 200
    assert (EmbeddingSpace.objects.count(), asked) == (0, [])


def test_no_encoder_is_built_in_the_web_process(
    editor: Client,
    world: World,
    asked: list[int],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
):
    def refuse(*_: object) -> None:
        raise AssertionError("built")

    monkeypatch.setattr(encoders.get("hashing"), "__init__", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        add(editor, world)
    assert len(asked) == 1


def test_promoting_asks_first(editor: Client, world: World):
    old = place_items(world, {"a": [1, 0], "b": [0, 1], "c": [1, 1]})
    new = EmbeddingSpace.objects.create(catalog=world.catalog, encoder="hashing", dimensions=2)
    Embedding.objects.bulk_create(
        Embedding(space=new, item=item, vector=[1, 2], content_digest=item.content_digest)
        for item in world.items.values()
    )
    assert "Promote text" in read_text(editor.get(step("promote", new)))
    new.refresh_from_db()
    assert new.state == "building"
    assert "is active." in read_text(editor.post(step("promote", new), follow=True))
    assert dict(EmbeddingSpace.objects.values_list("pk", "state")) == {old.pk: "retired", new.pk: "active"}


def test_an_incomplete_space_is_not_promoted_and_the_reason_shown(editor: Client, world: World):
    space = EmbeddingSpace.objects.create(catalog=world.catalog, encoder="hashing")
    assert "is not complete" in read_text(editor.post(step("promote", space), follow=True))
    space.refresh_from_db()
    assert space.state == "building"


def test_rolling_back_without_an_earlier_space_says_so(editor: Client, world: World):
    space = place_items(world, {"a": [1, 0], "b": [0, 1], "c": [1, 1]})
    assert "nothing to go back to" in read_text(editor.get(step("roll_back", space)))
    assert "has been active before" in read_text(editor.post(step("roll_back", space), follow=True))


def test_build_now_asks_the_worker(editor: Client, world: World, asked: list[int]):
    space = place_items(world, {"a": [1, 0]})
    editor.get(step("build", space))
    assert asked == []
    editor.post(step("build", space))
    assert asked == [space.pk]


def test_the_next_version_begins_with_the_options_of_the_active_one(editor: Client, world: World):
    space = place_items(world, {"a": [1, 0]})
    EmbeddingSpace.objects.filter(pk=space.pk).update(options={"dimensions": 77})
    page = editor.get(step("next_version", space), follow=True)
    assert page.context["adminform"].form.get_initial_for_field(
        page.context["adminform"].form.fields["options"], "options"
    ) == {"dimensions": 77}


def test_the_list_shows_how_far_each_space_is(editor: Client, world: World):
    place_items(world, {"a": [1, 0], "b": [0, 1]})
    content = editor.get(reverse("admin:catalog_embeddingspace_changelist")).content.decode()
    assert '<progress max="100" value="66.7">' in content


def test_the_active_space_cannot_be_deleted(editor: Client, world: World):
    space = place_items(world, {"a": [1, 0]})
    answer = editor.post(reverse("admin:catalog_embeddingspace_delete", args=[space.pk]), {"post": "yes"})
    assert answer.status_code == 403
    assert EmbeddingSpace.objects.exists()


def test_failures_are_listed_and_tried_again(editor: Client, world: World, asked: list[int]):
    space = place_items(world, {"a": [1, 0], "b": [0, 1]})
    row = Embedding.objects.get(item=world.items["a"])
    digest = world.items["a"].content_digest
    Embedding.objects.filter(pk=row.pk).update(
        content_digest=None, failed_digest=digest, error="poison", attempts=5, retry_at=None
    )
    url = reverse("admin:catalog_embedding_changelist")
    page = editor.get(url)
    assert [found.item.key for found in page.context["cl"].result_list] == ["a"]
    assert "poison" in read_text(page)
    answer = editor.post(url, {"action": "retry", "_selected_action": [row.pk], "index": "0"}, follow=True)
    assert "1 item will be tried again." in read_text(answer)
    row.refresh_from_db()
    assert (row.attempts, row.retry_at is not None, row.failed_digest) == (0, True, digest)
    assert asked == [space.pk]
