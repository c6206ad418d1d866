"""Transitions between the items of people's histories, summed block by block in bounded memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.learners.people import decay
from recommender.training.dataset import InteractionDataset

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]

BLOCK_PAIRS = 2_000_000
"""Pairs of interactions looked at together: some 100 bytes each while they are summed."""


@dataclass(frozen=True, slots=True)
class Log:
    """m interactions that speak for an item, by profile and time; repeats of one item in a row are one.

    ``by_item`` (m,) orders the rows by item, keeping their order inside one; those of item i are
    ``by_item[item_offsets[i]:item_offsets[i + 1]]``. ``fresh`` is each row's own decay, from 0 to 1.
    """

    profiles: NDArray[np.int32]
    items: NDArray[np.int32]
    times: NDArray[np.float64]
    strengths: NDArray[np.float64]
    fresh: NDArray[np.float64]
    by_item: NDArray[np.int64]
    item_offsets: NDArray[np.int64]


def make_log(dataset: InteractionDataset, *, fresh: NDArray[np.float64]) -> Log:
    """Return the log of positive interactions; a run of one item has its strongest strength and its last time."""
    rows = np.flatnonzero(dataset.strengths > 0)
    profiles, items = dataset.profiles[rows], dataset.items[rows]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (np.diff(items) != 0) | (np.diff(profiles) != 0)
    starts = np.flatnonzero(is_first)
    strengths = dataset.strengths[rows].astype(np.float64)
    strongest = np.maximum.reduceat(strengths, starts) if len(starts) else strengths
    lasts = np.append(starts[1:], len(rows))[: len(starts)] - 1
    items = items[lasts]
    by_item = np.argsort(items, kind="stable")
    return Log(
        profiles=profiles[lasts],
        items=items,
        times=dataset.times[rows][lasts],
        strengths=strongest,
        fresh=fresh[rows][lasts],
        by_item=by_item,
        item_offsets=np.searchsorted(items[by_item], np.arange(len(dataset.item_ids) + 1)).astype(np.int64),
    )


def split_items(log: Log, *, pairs_a_row: int) -> list[tuple[int, int]]:
    """Split the items into ranges (start, stop) whose rows make up to BLOCK_PAIRS pairs, or one item each."""
    limit = max(1, BLOCK_PAIRS // pairs_a_row)
    count = len(log.item_offsets) - 1
    blocks = []
    start = 0
    while start < count:
        stop = int(np.searchsorted(log.item_offsets, log.item_offsets[start] + limit, side="right")) - 1
        stop = min(max(stop, start + 1), count)
        blocks.append((start, stop))
        start = stop
    return blocks


def sum_transitions(
    log: Log,
    start: int,
    stop: int,
    *,
    forward: NDArray[np.float64],
    backward: NDArray[np.float64],
    gap_half_life: float,
) -> Pairs:
    """Sum the transitions from the items ``start`` to ``stop`` over people, each person's strongest for a pair.

    ``forward[d]`` weighs the way to the row d + 1 steps later, ``backward[d]`` to the one as much earlier.
    Returns sources and targets (item indices, ascending) and sums above 0, of shape (k,).
    """
    rows = log.by_item[log.item_offsets[start] : log.item_offsets[stop]]
    steps = [(1 + step, weight) for step, weight in enumerate(forward)]
    steps += [(-1 - step, weight) for step, weight in enumerate(backward)]
    found = [
        _step(log, rows, step=step, weight=weight, gap_half_life=gap_half_life) for step, weight in steps if weight
    ]
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    origins, targets, weights = (np.concatenate(column) for column in zip(*found, strict=True))
    # Rows of a block are by item, then by profile: sorting stably by pair keeps a person's rows together.
    order = np.argsort(origins, kind="stable")
    origins, targets, weights = origins[order], targets[order], weights[order]
    sources, people = log.items[rows[origins]].astype(np.int64), log.profiles[rows[origins]]
    pairs = sources * (len(log.item_offsets) - 1) + targets
    order = np.argsort(pairs, kind="stable")
    pairs, people, weights = pairs[order], people[order], weights[order]
    is_pair = np.diff(pairs, prepend=-1) != 0
    voices = np.flatnonzero(is_pair | (np.diff(people, prepend=-1) != 0))
    if not len(voices):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    strongest = np.maximum.reduceat(weights, voices)
    starts = np.flatnonzero(is_pair[voices])
    sums = np.add.reduceat(strongest, starts)
    kept = pairs[voices[starts]]
    sources, targets = np.divmod(kept, len(log.item_offsets) - 1)
    positive = sums > 0
    return sources[positive], targets[positive], sums[positive]


def _step(log: Log, rows: NDArray[np.int64], *, step: int, weight: float, gap_half_life: float) -> Pairs:
    """Return (place in ``rows``, target item, weight) of the transitions ``step`` rows on, inside a history."""
    others = rows + step
    places = np.flatnonzero((others >= 0) & (others < len(log.items)))
    rows, others = rows[places], others[places]
    inside = (log.profiles[rows] == log.profiles[others]) & (log.items[rows] != log.items[others])
    places, rows, others = places[inside], rows[inside], others[inside]
    weights = weight * np.sqrt(log.strengths[rows] * log.strengths[others])
    weights *= decay(np.abs(log.times[rows] - log.times[others]), half_life=gap_half_life)
    weights *= np.maximum(log.fresh[rows], log.fresh[others])
    return places, log.items[others].astype(np.int64), weights


def keep_strongest(
    sources: NDArray[np.int64], targets: NDArray[np.int64], weights: NDArray[np.float64], *, limit: int
) -> Pairs:
    """Keep the ``limit`` strongest targets of each source, strongest first; of equals the lower index first."""
    order = np.lexsort((targets, -weights, sources))
    sources, targets, weights = sources[order], targets[order], weights[order]
    starts = np.flatnonzero(np.diff(sources, prepend=-1))
    ranks = np.arange(len(sources)) - np.repeat(starts, np.diff(np.append(starts, len(sources))))
    kept = ranks < limit
    return sources[kept], targets[kept], weights[kept]
