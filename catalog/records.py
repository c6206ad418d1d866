"""Frozen value objects of the catalogue; no ORM here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A raw row as an importer found it; ``line`` counts from 1 in the file."""

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was not taken: its ``line`` (or index in a batch), the field and the reason."""

    line: int
    field: str
    reason: str
    code: str = "invalid"


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """A checked item, ready to be written. ``key`` is the site's own id."""

    key: str
    title: str = ""
    text: str = ""
    kind: str = "item"
    url: str = ""
    image_url: str = ""
    language: str = ""
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    published_at: datetime | None = None
    expires_at: datetime | None = None
    available: bool = True


@dataclass(slots=True)
class WriteReport:
    """Counts of one bulk write: what was new, changed, the same, refused, overridden by a later row of the batch.

    ``created_keys`` and ``updated_keys`` tell which rows those were; they are of one batch and are not summed.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    duplicates: int = 0
    created_keys: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    updated_keys: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def __iadd__(self, other: "WriteReport") -> "WriteReport":
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.duplicates += other.duplicates
        return self
