"""The command embed_items: what it prints, how it stops, what it refuses."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.encoders import encoders
from catalog.management.commands import embed_items
from catalog.models import EmbeddingSpace, Item
from catalog.selectors import space_coverage
from catalog.services.encoding import encode_space
from catalog.services.spaces import create_space
from tests.catalog.encoding import TrickyEncoder, make_catalog, register_tricky, retitle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tricky(settings: Any) -> Iterator[None]:
    settings.RECSITE_ENCODER, settings.RECSITE_ENCODER_OPTIONS = "tricky", {}
    register_tricky()
    yield
    encoders.unregister("tricky")


def embed(*arguments: str) -> str:
    output = StringIO()
    call_command("embed_items", "--catalog", "books", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_the_first_text_space_is_made_built_and_put_into_use() -> None:
    make_catalog(30)

    text = embed()

    space = EmbeddingSpace.objects.get()
    assert text.startswith(f"space {space.pk} (text, tricky): 30 embedded in ")
    assert text.endswith("; active\n")
    assert "0 embedded" in embed()


def test_a_chosen_space_is_built_alone() -> None:
    catalog = make_catalog(3)
    other = create_space(catalog.pk, encoder="tricky")
    space = create_space(catalog.pk, encoder="tricky", options={"version": 2})

    embed("--space", str(space.pk))

    assert space_coverage(space.pk).encoded == 3
    assert space_coverage(other.pk).encoded == 0


def test_items_that_cannot_be_encoded_are_named() -> None:
    make_catalog(5)
    retitle(Item.objects.get(key="k2"), "poison")

    text = embed()

    assert "1 set aside, among them:\n  k2: EncodingError: this text is poison\n" in text


def test_ctrl_c_ends_after_the_batch_and_the_next_run_goes_on(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RECSITE_ENCODING = {"largest_batch": 4}
    make_catalog(10)
    before = signal.getsignal(signal.SIGINT)
    encode = TrickyEncoder.encode_documents

    def press_ctrl_c(self: TrickyEncoder, texts: list[str]) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return encode(self, texts)

    monkeypatch.setattr(TrickyEncoder, "encode_documents", press_ctrl_c)
    text = embed()
    monkeypatch.undo()

    assert ": 4 embedded in" in text
    assert text.endswith("building\nstopped; the same command goes on from here\n")
    assert signal.getsignal(signal.SIGINT) is before
    assert ": 6 embedded in" in embed()


def test_an_encoder_at_fault_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    make_catalog(3)
    monkeypatch.setattr(TrickyEncoder, "unavailable", "the weights are missing")

    with pytest.raises(CommandError, match=r"^space \d+: the weights are missing$"):
        embed()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "0"], "--space: catalog 'books' has no space 0 that an encoder fills"),
        (["--space", "x"], "Error: argument --space: 'x' is no id"),
        (["--role", "image"], "--role: catalog 'books' has no space in use of role 'image' that an encoder fills"),
    ],
)
def test_what_does_not_exist_is_refused(arguments: list[str], message: str) -> None:
    make_catalog(3)

    with pytest.raises(CommandError) as caught:
        embed(*arguments)
    assert str(caught.value) == message


def test_an_unknown_catalog_is_refused() -> None:
    with pytest.raises(CommandError, match="--catalog: no catalog 'books'"):
        embed()


def test_the_space_of_another_catalog_is_refused() -> None:
    make_catalog(3)
    foreign = create_space(make_catalog(3, key="films").pk, encoder="tricky")

    with pytest.raises(CommandError, match="has no space"):
        embed("--space", str(foreign.pk))


def test_the_command_waits_for_the_worker_and_says_how_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog(6)
    space = create_space(catalog.pk, encoder="tricky")

    class Queue:
        name = "queue"

        @staticmethod
        def apply_async(args: tuple[int], *_: Any, **__: Any) -> None:
            encode_space(*args)

    monkeypatch.setattr(embed_items, "encode_space_items", Queue)
    monkeypatch.setattr(embed_items.current_app.control, "ping", lambda timeout: [])

    text = embed("--queue")

    assert text.startswith("no worker answers; waiting for one (or use this command without --queue)\n")
    assert f"space {space.pk} (text, tricky): 6 embedded in" in text
