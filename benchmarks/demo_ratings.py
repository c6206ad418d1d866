"""Chooses the readers and ratings of the demo catalogue, and gives them an order in time.

The source holds about 100 ratings of every book and no times. Everything here is decided by hashes of the seed
and the source's own ids, so that the same source gives the same data on every machine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

END = datetime(2026, 11, 1, tzinfo=UTC)
"""No rating is later: a fixed day, so that the files do not depend on the day on which they are made."""
SPAN_MINUTES = 365 * 24 * 60
LATEST_START = 0.9

_MARGIN_MINUTES = 1_000
"""Room before END for moments that are moved on so that no two of a reader fall on one minute."""
_FULL_SHARE = 500_000
_POWER = 0.2
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class DemoRating:
    """One rating with its invented time; ``user`` and ``book`` are the source's ids."""

    occurred_at: datetime
    user: str
    book: str
    value: str


def choose_readers(
    ratings: Iterable[tuple[str, str, str]],
    books: Mapping[str, Mapping[str, Any]],
    *,
    readers: int,
    fewest: int,
    seed: int,
) -> dict[str, dict[str, str]]:
    """Return book -> rating of ``readers`` people with at least ``fewest`` ratings each, of (user, book, rating) rows.

    A rating stays with the probability (ratings_count / 500,000) ** 0.2, between one half and 1: the source
    cut every book to the same number of ratings, and this gives popular books back some of their lead. A
    book in another language than English keeps all of its few. Of two ratings of one book by one person
    the later row counts.
    """
    kept: dict[str, dict[str, str]] = {}
    for user, book, value in ratings:
        if book in books and _draw(seed, "keep", user, book) < _share(books[book]):
            kept.setdefault(user, {})[book] = value
    able = [user for user, rated in kept.items() if len(rated) >= fewest]
    chosen = sorted(able, key=lambda user: (_draw(seed, "reader", user), user))[:readers]
    return {user: kept[user] for user in sorted(chosen, key=int)}


def invent_order(
    rated: Mapping[str, Mapping[str, str]], books: Mapping[str, Mapping[str, Any]], *, seed: int
) -> list[DemoRating]:
    """Return every rating with a time, in the order of time.

    A reader's books come in an order drawn by hash, except that the volumes of one series follow one another by
    their numbers. A reader begins at a drawn moment of the first nine tenths of the year before END, and
    the times are drawn evenly between that and END, a minute apart at least.
    """
    placed = []
    for user, mine in rated.items():
        order = list(_order_books(user, mine, books, seed))
        begun = _draw(seed, "begun", user) * LATEST_START
        drawn = sorted(begun + (1 - begun) * _draw(seed, "time", user, str(place)) for place in range(len(order)))
        minute = -1
        for book, moment in zip(order, drawn, strict=True):
            minute = max(minute + 1, int(moment * (SPAN_MINUTES - _MARGIN_MINUTES)))
            occurred_at = END - timedelta(minutes=SPAN_MINUTES - minute)
            placed.append(DemoRating(occurred_at, user, book, mine[book]))
    return sorted(placed, key=lambda rating: (rating.occurred_at, int(rating.user)))


def _order_books(
    user: str, mine: Mapping[str, str], books: Mapping[str, Mapping[str, Any]], seed: int
) -> Iterator[str]:
    blocks: dict[str, list[str]] = {}
    for book in mine:
        series = books[book]["attributes"].get("series")
        blocks.setdefault(f"series {series}" if series else f"book {book}", []).append(book)
    for name in sorted(blocks, key=lambda name: (_draw(seed, "order", user, name), name)):
        yield from sorted(blocks[name], key=lambda book: (books[book]["attributes"].get("volume", 0), int(book)))


def _share(book: Mapping[str, Any]) -> float:
    if not is_english(book):
        return 1.0
    ratings = book["attributes"].get("ratings_count", 0)
    return float(min(1.0, max(_LEAST_SHARE, (ratings / _FULL_SHARE) ** _POWER)))


def is_english(book: Mapping[str, Any]) -> bool:
    """Say whether the source gives English, or nothing, as the language of a book."""
    return str(book.get("language") or "en").startswith("en")


def _draw(seed: int, *parts: str) -> float:
    """Return a number in [0, 1) that depends on the seed and the parts alone."""
    digest = blake2b("\n".join((str(seed), *parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
