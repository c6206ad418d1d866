"""Encode runs: what is stale is encoded once, what cannot be encoded stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from catalog.encoders import EncoderUnavailable, encoders
from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from catalog.selectors import SpaceCoverage, space_coverage
from catalog.services.batches import EncoderFaultError, EncoderMismatchError
from catalog.services.encoder_cache import forget_encoders, get_encoder
from catalog.services.encoding import EncodingReport, encode_space
from catalog.services.spaces import create_space
from tests.catalog.encoding import TrickyEncoder, digest_title, make_catalog, register_tricky, retitle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tricky(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register_tricky()
    monkeypatch.setattr(TrickyEncoder, "calls", [])
    forget_encoders()
    yield
    forget_encoders()
    encoders.unregister("tricky")


def make_space(catalog: Catalog, **options: Any) -> EmbeddingSpace:
    return create_space(catalog.pk, encoder="tricky", options=options)


def get_embedding(space: EmbeddingSpace, key: str) -> Embedding:
    return Embedding.objects.in_space(space.pk).get(item__key=key)


def test_every_item_gets_the_vector_of_its_text() -> None:
    space = make_space(make_catalog(150))

    report = encode_space(space.pk)

    assert report == EncodingReport(stale=150, encoded=150)
    expected = TrickyEncoder(TrickyEncoder.Options()).encode_documents(["item 7"])[0].astype(np.float16)
    row = get_embedding(space, "k7")
    assert row.vector is not None
    assert np.float16(row.vector).tolist() == expected.tolist()
    assert row.content_digest == digest_title("item 7")
    space.refresh_from_db()
    assert (space.dimensions, space.fingerprint, space.error) == (8, "tricky-1", "")


def test_progress_is_told_after_each_batch(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"largest_batch": 4}
    seen: list[EncodingReport] = []
    space = make_space(make_catalog(10))

    encode_space(space.pk, progress=seen.append)

    assert [(report.stale, report.encoded) for report in seen] == [(10, 0), (10, 4), (10, 8), (10, 10)]


def test_a_second_run_encodes_nothing_and_builds_no_encoder() -> None:
    space = make_space(make_catalog(20))
    encode_space(space.pk)
    forget_encoders()
    TrickyEncoder.calls.clear()

    assert encode_space(space.pk) == EncodingReport()
    assert TrickyEncoder.calls == []


def test_an_edited_title_is_encoded_again_alone() -> None:
    catalog = make_catalog(20)
    space = make_space(catalog)
    encode_space(space.pk)
    before = get_embedding(space, "k4").vector
    TrickyEncoder.calls.clear()

    retitle(Item.objects.get(key="k4"), "another title")

    assert space_coverage(space.pk) == SpaceCoverage(encoded=19, stale=1, failed=0, total=20)
    assert encode_space(space.pk) == EncodingReport(stale=1, encoded=1)
    assert TrickyEncoder.calls == [1]
    assert get_embedding(space, "k4").vector != before


def test_rows_are_added_slice_by_slice(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"top_up_items": 3}
    other = make_catalog(5, key="films")
    space = make_space(make_catalog(10))

    assert encode_space(space.pk).encoded == 10
    assert not Embedding.objects.filter(item__catalog=other).exists()


def test_an_empty_catalog_needs_no_encoder() -> None:
    space = make_space(make_catalog(0))

    assert encode_space(space.pk) == EncodingReport()
    space.refresh_from_db()
    assert (space.state, space.dimensions) == ("building", None)


def test_an_item_without_any_text_is_encoded_too() -> None:
    catalog = make_catalog(1)
    retitle(Item.objects.get(), "")
    space = make_space(catalog)

    assert encode_space(space.pk) == EncodingReport(stale=1, encoded=1)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("poison", "EncodingError: this text is poison"),
        ("not-a-number", "the vector has entries that are not finite numbers"),
        ("nothing", "the vector has no length"),
    ],
)
def test_a_bad_item_is_set_aside_and_the_rest_is_encoded(title: str, reason: str) -> None:
    catalog = make_catalog(50)
    retitle(Item.objects.get(key="k17"), title)
    space = make_space(catalog)

    assert encode_space(space.pk) == EncodingReport(stale=50, encoded=49, failed=1)

    row = get_embedding(space, "k17")
    assert (row.error, row.attempts, row.vector) == (reason, 1, None)
    assert row.failed_digest == digest_title(title)
    assert row.retry_at is not None
    assert timedelta(seconds=50) < row.retry_at - timezone.now() < timedelta(seconds=61)
    assert space_coverage(space.pk) == SpaceCoverage(encoded=49, stale=0, failed=1, total=50)


def test_a_bad_item_is_tried_again_later_and_later_and_then_left_alone(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"most_attempts": 3, "retry_seconds": 100.0, "longest_retry_seconds": 150.0}
    catalog = make_catalog(1)
    retitle(Item.objects.get(), "poison")
    space = make_space(catalog)
    waits = []

    for _ in range(5):
        encode_space(space.pk)
        row = get_embedding(space, "k0")
        waits.append(None if row.retry_at is None else round((row.retry_at - timezone.now()).total_seconds(), -1))
        Embedding.objects.exclude(retry_at=None).update(retry_at=timezone.now() - timedelta(seconds=1))

    assert waits == [100, 150, None, None, None]
    assert get_embedding(space, "k0").attempts == 3


def test_a_bad_item_is_tried_at_once_when_its_content_changes() -> None:
    catalog = make_catalog(3)
    retitle(Item.objects.get(key="k1"), "poison")
    space = make_space(catalog)
    encode_space(space.pk)

    retitle(Item.objects.get(key="k1"), "antidote")

    assert encode_space(space.pk) == EncodingReport(stale=1, encoded=1)
    row = get_embedding(space, "k1")
    assert (row.error, row.attempts, row.failed_digest, row.retry_at) == ("", 0, None, None)


def test_a_failed_edit_keeps_the_vector_of_before() -> None:
    catalog = make_catalog(3)
    space = make_space(catalog)
    encode_space(space.pk)
    before = get_embedding(space, "k1").vector

    retitle(Item.objects.get(key="k1"), "poison")

    assert encode_space(space.pk) == EncodingReport(stale=1, failed=1)
    assert get_embedding(space, "k1").vector == before


def test_where_everything_fails_the_encoder_is_to_blame_and_no_item() -> None:
    catalog = make_catalog(40)
    for item in Item.objects.all():
        retitle(item, f"poison {item.pk}")
    space = make_space(catalog)

    with pytest.raises(EncoderFaultError, match="32 items in a row failed, the last with EncodingError"):
        encode_space(space.pk)

    space.refresh_from_db()
    assert space.error.startswith("32 items in a row failed")
    assert space_coverage(space.pk) == SpaceCoverage(encoded=0, stale=40, failed=0, total=40)


def test_an_array_of_another_shape_stops_the_run() -> None:
    catalog = make_catalog(3)
    retitle(Item.objects.get(key="k1"), "narrow")
    space = make_space(catalog)

    with pytest.raises(EncoderMismatchError, match=r"shape \(3, 7\) instead of \(3, 8\)"):
        encode_space(space.pk)

    space.refresh_from_db()
    assert space.error == "the encoder gave an array of shape (3, 7) instead of (3, 8)"
    assert Embedding.objects.exclude(vector=None).count() == 0


@pytest.mark.parametrize(("name", "value"), [("width", 9), ("fingerprint_now", "changed")])
def test_an_encoder_that_has_changed_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    catalog = make_catalog(3)
    space = make_space(catalog)
    encode_space(space.pk)
    forget_encoders()
    before = list(Embedding.objects.order_by("pk").values_list("vector", "content_digest"))
    monkeypatch.setattr(TrickyEncoder, name, value)
    retitle(Item.objects.get(key="k1"), "edited")

    with pytest.raises(EncoderMismatchError, match="build a new space beside this one"):
        encode_space(space.pk)

    space.refresh_from_db()
    assert "holds vectors of 8 dimensions by 'tricky-1'" in space.error
    assert list(Embedding.objects.order_by("pk").values_list("vector", "content_digest")) == before

    monkeypatch.undo()
    register_tricky()
    forget_encoders()
    assert encode_space(space.pk).encoded == 1
    space.refresh_from_db()
    assert space.error == ""


def test_an_encoder_that_cannot_be_built_is_noted_on_the_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrickyEncoder, "unavailable", "weights are missing: run fetch_weights")
    space = make_space(make_catalog(3))

    with pytest.raises(EncoderUnavailable):
        encode_space(space.pk)

    space.refresh_from_db()
    assert space.error == "weights are missing: run fetch_weights"


def test_an_encoder_that_breaks_while_it_is_built_is_noted_on_the_space(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: TrickyEncoder, options: Any) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(TrickyEncoder, "__init__", fail)
    space = make_space(make_catalog(3))

    with pytest.raises(EncoderUnavailable):
        encode_space(space.pk)

    space.refresh_from_db()
    assert space.error == "encoder 'tricky' cannot be built: RuntimeError: no memory"


@pytest.mark.parametrize("width", [0, 4001])
def test_a_width_that_no_index_takes_is_refused(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(TrickyEncoder, "width", width)
    space = make_space(make_catalog(3))

    with pytest.raises(EncoderMismatchError, match=f"1 to 4000 dimensions, not {width}"):
        encode_space(space.pk)


def test_an_encoder_that_returns_no_array_fails_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrickyEncoder, "encode_documents", lambda self, texts: ["not a vector"] * len(texts))
    space = make_space(make_catalog(3))

    assert encode_space(space.pk) == EncodingReport(stale=3, failed=3)
    assert get_embedding(space, "k0").error.startswith("ValueError: could not convert string to float")


def test_an_unknown_encoder_is_noted_on_the_space() -> None:
    space = EmbeddingSpace.objects.create(catalog=make_catalog(1), encoder="gone")

    with pytest.raises(EncoderUnavailable, match="no 'gone'"):
        encode_space(space.pk)


def test_an_item_that_is_edited_while_it_is_encoded_is_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog(5)
    space = make_space(catalog)
    encode = TrickyEncoder.encode_documents
    edits = iter(["edited meanwhile"])

    def edit_meanwhile(self: TrickyEncoder, texts: list[str]) -> Any:
        for title in edits:
            retitle(Item.objects.get(key="k2"), title)
        return encode(self, texts)

    monkeypatch.setattr(TrickyEncoder, "encode_documents", edit_meanwhile)

    assert encode_space(space.pk) == EncodingReport(stale=5, encoded=5, edited=1)
    assert get_embedding(space, "k2").content_digest == digest_title("edited meanwhile")


def test_a_run_that_is_told_to_stop_ends_after_the_batch_and_another_goes_on(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"largest_batch": 4}
    space = make_space(make_catalog(10))
    seen: list[EncodingReport] = []

    report = encode_space(space.pk, progress=seen.append, should_stop=lambda: len(seen) >= 2)

    assert report == EncodingReport(stale=10, encoded=4, stopped=True)
    assert space_coverage(space.pk) == SpaceCoverage(encoded=4, stale=6, failed=0, total=10)
    assert encode_space(space.pk) == EncodingReport(stale=6, encoded=6)


def test_long_texts_are_read_up_to_the_limit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RECSITE_ENCODING = {"text_characters": 100}
    catalog = make_catalog(1)
    Item.objects.update(text="x" * 10_000_000)
    space = make_space(catalog)
    read: list[str] = []
    encode = TrickyEncoder.encode_documents
    monkeypatch.setattr(
        TrickyEncoder, "encode_documents", lambda self, texts: read.extend(texts) or encode(self, texts)
    )

    encode_space(space.pk)

    assert read == ["item 0\n" + "x" * 100]


def test_categories_and_the_chosen_attributes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog(1)
    Catalog.objects.update(embedded_attributes=["author"])
    Item.objects.update(categories=["crime"], attributes={"author": "A. Nother", "isbn": "123"})
    space = make_space(catalog)
    read: list[str] = []
    encode = TrickyEncoder.encode_documents
    monkeypatch.setattr(
        TrickyEncoder, "encode_documents", lambda self, texts: read.extend(texts) or encode(self, texts)
    )

    encode_space(space.pk)

    assert read == ["item 0\ncrime\nA. Nother"]


def test_spaces_with_the_same_encoder_and_options_share_one() -> None:
    first = get_encoder("tricky", {"version": 2})

    assert get_encoder("tricky", {"version": 2}) is first
    assert get_encoder("tricky", {"version": 3}) is not first


def test_encoders_that_are_not_used_are_let_go(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"encoders_kept": 2}
    first, second = get_encoder("tricky", {"version": 1}), get_encoder("tricky", {"version": 2})
    assert get_encoder("tricky", {"version": 1}) is first

    get_encoder("tricky", {"version": 3})

    assert get_encoder("tricky", {"version": 1}) is first
    assert get_encoder("tricky", {"version": 2}) is not second
