"""Interaction datasets without a database, for tests of learners."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from recommender.training.dataset import InteractionDataset

FIRST_ITEM = 101
FIRST_PROFILE = 9001
START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = 86400.0

Row = tuple[int, int, float] | tuple[int, int, float, float]
"""Profile index, item index, time in days after START, and strength (1 where left out)."""


def make_dataset(
    rows: Sequence[Row],
    *,
    items: int,
    published: Sequence[float] | None = None,
    until: float | None = None,
) -> InteractionDataset:
    """Return a dataset of ``rows`` up to ``until``; times and ``published`` are days after START.

    Item i has the primary key ``FIRST_ITEM + i``, profile p ``FIRST_PROFILE + p``. ``until`` is by default a day
    after the last row. Items are by default published at START, one second apart.
    """
    full = [(*row, 1.0)[:4] for row in rows]
    end = until if until is not None else max((row[2] for row in full), default=0.0) + 1.0
    kept = [row for row in full if row[2] <= end]
    order = sorted(range(len(kept)), key=lambda place: (kept[place][0], kept[place][2], place))
    profiles = np.array([kept[place][0] for place in order], dtype=np.int64)
    known, indices = np.unique(profiles, return_inverse=True)
    days = np.array([kept[place][2] for place in order], dtype=np.float64)
    births = np.arange(items) / DAY if published is None else np.array(published, dtype=np.float64)
    return InteractionDataset(
        catalog_id=1,
        until=datetime.fromtimestamp(START.timestamp() + end * DAY, UTC),
        profile_ids=known + FIRST_PROFILE,
        item_ids=np.arange(items, dtype=np.int64) + FIRST_ITEM,
        published=START.timestamp() + births * DAY,
        profiles=indices.astype(np.int32),
        items=np.array([kept[place][1] for place in order], dtype=np.int32),
        times=START.timestamp() + days * DAY,
        strengths=np.array([kept[place][3] for place in order], dtype=np.float32),
        values=np.full(len(kept), np.nan, dtype=np.float32),
        kinds=np.zeros(len(kept), dtype=np.int16),
        kind_names=("like",) if kept else (),
        half_lives={"like": 180.0} if kept else {},
    )


def make_random_rows(seed: int, *, count: int = 400, profiles: int = 30, items: int = 20) -> list[Row]:
    """Return random rows over 100 days, some of them negative, some at the same moment."""
    dice = np.random.default_rng(seed)
    strengths = dice.choice([-1.0, 0.0, 0.3, 0.5, 1.0], size=count)
    return [
        (int(profile), int(item), float(day), float(strength))
        for profile, item, day, strength in zip(
            dice.integers(profiles, size=count),
            dice.zipf(1.6, size=count) % items,
            dice.integers(100, size=count) + dice.integers(4, size=count) / 4,
            strengths,
            strict=True,
        )
    ]
