"""The settings of the catalog app as a frozen dataclass; an unknown key is an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from catalog.extensions import OptionError, load_options


@dataclass(frozen=True, slots=True)
class EncodingConf:
    """How an encode run works; the keys of ``RECSITE_ENCODING``."""

    largest_batch: int = field(default=1024, metadata={"minimum": 1})
    """Most items that one transaction claims."""
    batch_seconds: float = field(default=5.0, metadata={"minimum": 0.001})
    """Aim for the length of one batch: what a killed worker loses, what Ctrl-C waits for."""
    top_up_items: int = field(default=20_000, metadata={"minimum": 1})
    """Items for which one statement adds missing rows."""
    text_characters: int = field(default=100_000, metadata={"minimum": 1})
    """Characters of an item's text that are read at most."""
    most_attempts: int = field(default=5, metadata={"minimum": 1})
    """Failures after which an item is left alone until its content changes."""
    retry_seconds: float = field(default=60.0, metadata={"minimum": 0.001})
    """Wait after an item's first failure; doubles with each further one."""
    longest_retry_seconds: float = field(default=21_600.0, metadata={"minimum": 0.001})
    failures_in_a_row: int = field(default=32, metadata={"minimum": 1})
    """So many single items that fail before any succeeds mean that the encoder is at fault, not the items."""
    encoders_kept: int = field(default=2, metadata={"minimum": 1})
    """Built encoders that a worker process keeps."""
    index_from_rows: int = field(default=5_000, metadata={"minimum": 0})
    """Vectors of a space below which an exact scan is fast enough, and no index is built."""
    index_memory_mb: int = field(default=1_024, metadata={"minimum": 1})
    """Most memory that Postgres may take to build an index."""


@dataclass(frozen=True, slots=True)
class CatalogConf:
    """``encoder`` and ``encoder_options`` make a catalog's first text space."""

    encoder: str
    encoder_options: Mapping[str, Any]
    encoding: EncodingConf


def get_conf() -> CatalogConf:
    """Return the settings: ``RECSITE_ENCODER``, ``RECSITE_ENCODER_OPTIONS``, ``RECSITE_ENCODING``."""
    try:
        encoding = load_options(EncodingConf, getattr(settings, "RECSITE_ENCODING", {}))
    except OptionError as error:
        raise ImproperlyConfigured(f"RECSITE_ENCODING: {error}") from error
    return CatalogConf(
        encoder=getattr(settings, "RECSITE_ENCODER", "hashing"),
        encoder_options=getattr(settings, "RECSITE_ENCODER_OPTIONS", {}),
        encoding=encoding,
    )
