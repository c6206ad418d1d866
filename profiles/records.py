"""Frozen value objects of profiles; no ORM here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.records import RowError


@dataclass(frozen=True, slots=True)
class InteractionRecord:
    """A checked interaction, ready to be written; ``user_id`` and ``item`` are the site's own ids.

    ``item`` is None for a search. ``recommendation_id`` and ``position`` say which entry of which
    slate it answers.
    """

    user_id: str
    kind: str
    occurred_at: datetime
    item: str | None = None
    value: float | None = None
    interaction_id: str | None = None
    query: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    recommendation_id: UUID | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class InteractionReport:
    """Counts of one batch; ``line`` of an error is the row's index in the batch. They add up to its length.

    ``created_places`` are the indexes of the rows that were recorded.
    """

    created: int = 0
    duplicates: int = 0
    errors: tuple[RowError, ...] = ()
    created_places: frozenset[int] = field(default=frozenset(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FriendshipRecord:
    """A checked friendship, ready to be written; both are the site's own ids."""

    user_id: str
    friend_id: str


@dataclass(frozen=True, slots=True)
class FriendshipReport:
    """Counts of one batch; ``line`` of an error is the row's index in the batch. They add up to its length.

    ``unchanged`` were friends before, or by an earlier row. ``created_places`` are the indexes of the rows that made
    a friendship.
    """

    created: int = 0
    unchanged: int = 0
    errors: tuple[RowError, ...] = ()
    created_places: frozenset[int] = field(default=frozenset(), repr=False, compare=False)
