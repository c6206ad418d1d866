"""A small catalogue and an encoder that tests can make fail, slow or wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from catalog.encoders import EncoderUnavailable, EncodingError, FloatMatrix, encoders
from catalog.item_text import compose_text, digest_text
from catalog.models import Catalog, Item


def make_catalog(count: int, *, key: str = "books") -> Catalog:
    """A catalog with items "item 0", "item 1", …"""
    catalog = Catalog.objects.create(key=key, name=key.title())
    Item.objects.bulk_create(
        Item(catalog=catalog, key=f"k{n}", title=f"item {n}", content_digest=digest_title(f"item {n}"))
        for n in range(count)
    )
    return catalog


def retitle(item: Item, title: str) -> None:
    """Edit an item as the services do."""
    Item.objects.filter(pk=item.pk).update(title=title, content_digest=digest_title(title))


def digest_title(title: str) -> Any:
    """The content digest of an item that has nothing but a title."""
    return digest_text(compose_text(title=title))


@dataclass(frozen=True, slots=True)
class TrickyOptions:
    """Options of the encoder under test."""

    version: int = 1


class TrickyEncoder:
    """Puts every text somewhere on the unit sphere; texts with certain words go wrong."""

    Options: ClassVar[type[TrickyOptions]] = TrickyOptions
    width: ClassVar[int] = 8
    fingerprint_now: ClassVar[str] = "tricky"
    unavailable: ClassVar[str] = ""
    calls: ClassVar[list[int]] = []

    def __init__(self, options: TrickyOptions) -> None:
        if self.unavailable:
            raise EncoderUnavailable(self.unavailable)
        self.dimensions = self.width
        self.fingerprint = f"{self.fingerprint_now}-{options.version}"

    def encode_documents(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode, or do what a word in the texts says."""
        self.calls.append(len(texts))
        time.sleep(float(os.environ.get("TRICKY_SECONDS", "0")) * len(texts))
        vectors = np.empty((len(texts), self.width), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            if "poison" in text:
                raise EncodingError("this text is poison")
            seed = int.from_bytes(digest_text(text).bytes[:8], "little")
            drawn = np.random.default_rng(seed).normal(size=self.width)
            row[:] = drawn / np.linalg.norm(drawn)
            if "not-a-number" in text:
                row[0] = np.nan
            if "nothing" in text:
                row[:] = 0
        return vectors[:, :-1] if any("narrow" in text for text in texts) else vectors

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """The same as documents."""
        return self.encode_documents(texts)


def register_tricky() -> None:
    """Enter the encoder in the registry, once."""
    if "tricky" not in encoders:
        encoders.register("tricky")(TrickyEncoder)
