"""Item-to-item tables: from the matrix of who met what, by way of a table of weights, to published neighbours."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.base import Neighbours, Shape
from recommender.learners.transitions import keep_strongest
from recommender.records import HistoryReading
from recommender.training.dataset import InteractionDataset
from recommender.training.peaks import bound_greatest

SHAPE: Shape = "neighbours"
DENSE_ITEMS = 20_000
"""Up to so many items a table is worked out as one dense matrix; 20,000 squared are 1.6 GB in single precision."""

_BLOCK_BYTES = 200_000_000


def people_by_items(dataset: InteractionDataset, *, binary: bool = False) -> Any:
    """Return a CSR matrix float32 (P, I) of each person's strongest positive interaction with each item.

    With ``binary`` every one of them counts 1.
    """
    from scipy.sparse import csr_matrix

    rows = dataset.strengths > 0
    width = max(1, len(dataset.item_ids))
    pairs = dataset.profiles[rows].astype(np.int64) * width + dataset.items[rows]
    strengths = dataset.strengths[rows]
    order = np.argsort(pairs, kind="stable")
    pairs, strengths = pairs[order], strengths[order]
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    strongest = np.maximum.reduceat(strengths, starts) if len(starts) else strengths
    profiles, items = np.divmod(pairs[starts], width)
    values = np.ones(len(starts), dtype=np.float32) if binary else strongest.astype(np.float32)
    return csr_matrix((values, (profiles, items)), shape=(len(dataset.profile_ids), len(dataset.item_ids)))


def item_blocks(count: int, *, bytes_a_row: int) -> Iterator[slice]:
    """Yield slices of ``count`` items, each such that its rows take up some 200 MB."""
    height = max(1, _BLOCK_BYTES // max(1, bytes_a_row))
    for start in range(0, count, height):
        yield slice(start, min(start + height, count))


def strongest_of_rows(
    table: NDArray[np.floating], *, first: int, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return (source, target, weight) of the ``limit`` weights furthest from 0 in each row of ``table`` (h, I).

    Row r belongs to item ``first + r``; its own column is left out. Highest first; of equals the lower index first.
    What speaks against an item counts as much as what speaks for it: tables with negative weights that are cut by sign
    lose several times as much accuracy.
    """
    height, width = table.shape
    own = np.arange(height)
    sizes = np.abs(table)
    sizes[own, first + own] = 0.0
    kept = min(limit, width)
    least = np.maximum(bound_greatest(sizes, kept), np.finfo(sizes.dtype).tiny)
    rows, columns = np.divmod(np.flatnonzero(sizes >= least[:, None]), max(1, width))
    rows, columns, _ = keep_strongest(rows, columns, sizes[rows, columns], limit=kept)
    return keep_strongest(rows + first, columns, table[rows, columns].astype(np.float64), limit=kept)


def publish_rows(
    dataset: InteractionDataset,
    banks: Sequence[Sequence[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]],
    *,
    readings: tuple[HistoryReading, ...] = (),
    metrics: dict[str, float] | None = None,
) -> Neighbours:
    """Publish parts (sources, targets, weights), sorted by source and falling weight, of each bank in turn."""
    owners, offsets, targets, weights, numbers = [], [np.zeros(1, dtype=np.int64)], [], [], []
    placed = 0
    for bank, parts in enumerate(banks):
        for sources, part_targets, part_weights in parts:
            leading, starts = np.unique(sources, return_index=True)
            owners.append(leading)
            offsets.append(placed + np.append(starts, len(sources))[1:].astype(np.int64))
            numbers.append(np.full(len(leading), bank, dtype=np.int16))
            targets.append(part_targets)
            weights.append(part_weights)
            placed += len(sources)
    joined = _join(targets, np.int64)
    return Neighbours(
        item_ids=dataset.item_ids[_join(owners, np.int64)],
        offsets=np.concatenate(offsets),
        neighbour_ids=dataset.item_ids[joined],
        weights=_join(weights, np.float64),
        metrics={"neighbours": float(len(joined)), **(metrics or {})},
        banks=_join(numbers, np.int16) if len(banks) > 1 else None,
        readings=readings,
    )


def _join(parts: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(parts).astype(dtype) if parts else np.empty(0, dtype=dtype)
