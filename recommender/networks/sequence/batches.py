"""Batches of windows: histories cut to the network's length, nearly equal ones together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """``items`` (b, n) padded with 0 on the right, ``places`` (m,) of the positions in it, flat, that have a target.

    ``targets`` (m,) are the items that follow.
    """

    items: Ints
    places: Ints
    targets: Ints


def cut_windows(offsets: Ints, *, length: int, random: np.random.Generator) -> Ints:
    """Return rows [start, stop] of windows of at most ``length`` positions that have a next item, each in some window.

    The history p is ``offsets[p]:offsets[p + 1]`` of a flat array; its last item is a target only. Longer histories
    are cut at places drawn anew each time; their last window is a full one.
    """
    counts = np.diff(offsets) - 1
    begins = offsets[:-1][counts > 0]
    counts = counts[counts > 0]
    first = np.where(counts > length, random.integers(1, length + 1, size=len(counts)), counts)
    pieces = 1 + -(-(counts - first) // length)
    owners = np.repeat(np.arange(len(counts)), pieces)
    turns = np.arange(len(owners)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    stops = np.minimum(counts[owners], first[owners] + turns * length)
    starts = np.maximum(0, stops - length)
    return np.stack([begins[owners] + starts, begins[owners] + stops], axis=1)


def plan_epoch(offsets: Ints, *, length: int, tokens: int, seed: int, epoch: int) -> list[Ints]:
    """Return the batches of one epoch in random order, each rows [start, stop] of about ``tokens`` padded positions."""
    random = np.random.default_rng((seed, 1, epoch))
    windows = cut_windows(offsets, length=length, random=random)
    sizes = windows[:, 1] - windows[:, 0]
    # By length, with some noise, so that batches differ from epoch to epoch.
    noisy = sizes * (1 + 0.06 * random.random(len(sizes))) + random.random(len(sizes))
    batches = [windows[part] for part in group_by_size(np.argsort(noisy, kind="stable"), sizes, tokens=tokens)]
    return [batches[place] for place in random.permutation(len(batches))]


def group_by_size(order: Ints, sizes: Ints, *, tokens: int) -> list[Ints]:
    """Cut ``order``, which runs by ``sizes``, into parts of at most ``tokens`` padded positions, at least one each."""
    cuts, start, widest = [], 0, 0
    for place, size in enumerate(sizes[order].tolist()):
        widest = max(widest, size)
        if place > start and widest * (place - start + 1) > tokens:
            cuts.append(place)
            start, widest = place, size
    return np.split(order, cuts) if len(order) else []


def make_batch(flat: Ints, windows: Ints) -> Batch:
    """Return the batch of ``windows`` (b, 2) of the items ``flat``."""
    sizes = windows[:, 1] - windows[:, 0]
    columns = np.arange(int(sizes.max()))
    inside = columns < sizes[:, None]
    at = np.minimum(windows[:, :1] + columns, len(flat) - 2)
    return Batch(np.where(inside, flat[at], 0), np.flatnonzero(inside), flat[at + 1][inside])


def pad_histories(histories: Sequence[Ints]) -> Ints:
    """Return (b, n) items, padded with 0 on the right."""
    padded = np.zeros((len(histories), max(map(len, histories))), dtype=np.int64)
    for row, history in zip(padded, histories, strict=True):
        row[: len(history)] = history
    return padded
