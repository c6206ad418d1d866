"""What is held out: cases with their histories and targets, and what may be learned from beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from recommender.training.dataset import InteractionDataset


class SplitError(ValueError):
    """The data do not carry the split that was asked for."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What c cases went on to: those of case j are ``items[offsets[j]:offsets[j + 1]]``, in the order of the data.

    ``offsets`` (c + 1,); ``items`` (t,) index into the dataset's items; ``values`` (t,) are raw values such as ratings,
    NaN where none.
    """

    offsets: NDArray[np.int64]
    items: NDArray[np.int32]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """Targets of each case, shape (c,)."""
        return np.diff(self.offsets)

    @property
    def cases(self) -> NDArray[np.int64]:
        """The case of each target, shape (t,), ascending."""
        return np.repeat(np.arange(len(self)), self.counts)

    def keep_cases(self, cases: NDArray[np.int64]) -> "Targets":
        """Return the targets of ``cases`` (b,), numbered from 0 in that order: a batch."""
        counts = self.counts[cases]
        offsets = np.concatenate(([0], np.cumsum(counts)))
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[cases] - offsets[:-1], counts)
        return Targets(offsets=offsets, items=self.items[places], values=self.values[places])


@dataclass(frozen=True, slots=True)
class Cases:
    """c people to recommend to, each at one moment.

    ``profiles`` (c,) ascending, indices into the profiles of train, each at most once. ``histories`` holds what may be
    read of them and nothing else: the same profiles and items as train, rows of the cases alone. ``times`` (c,) epoch
    seconds: when the recommendation is asked for. ``candidates`` (I,) marks what may be recommended, None for all.
    """

    profiles: NDArray[np.int64]
    histories: InteractionDataset
    targets: Targets
    times: NDArray[np.float64]
    candidates: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.profiles)


@dataclass(frozen=True, slots=True)
class Split:
    """What may be learned from (``train``) and what is asked (``cases``), made by the protocol ``name``."""

    name: str
    train: InteractionDataset
    cases: Cases


def make_targets(lists: Sequence[Sequence[int]]) -> Targets:
    """Return targets without values from one list of item indices a case."""
    counts = [len(items) for items in lists]
    items = np.array([item for row in lists for item in row], dtype=np.int32)
    offsets = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return Targets(offsets=offsets, items=items, values=np.full(len(items), np.nan, dtype=np.float32))


def make_split(
    name: str,
    dataset: InteractionDataset,
    *,
    train: NDArray[np.bool_],
    readable: NDArray[np.bool_],
    held: NDArray[np.int64],
    times: NDArray[np.float64] | float,
    candidates: NDArray[np.bool_] | None = None,
) -> Split:
    """Return the split of ``dataset`` by rows: learned from (n,), readable (n,), and held (t,) places, ascending.

    The people with a held row are the cases. ``times`` (P,) by profile, or one for all. What is learned from
    is dated by its own newest row, so that nothing published later is known in it.

    Raises:
        SplitError: nothing is left to learn from, or nothing is held.
    """
    if not train.any():
        raise SplitError(f"{name} leaves no interaction to learn from, of {len(dataset)}")
    if not len(held):
        raise SplitError(f"{name} leaves nobody to test: no target among {len(dataset)} interactions")
    profiles, starts = np.unique(dataset.profiles[held], return_index=True)
    asked = np.zeros(len(dataset.profile_ids), dtype=bool)
    asked[profiles] = True
    targets = Targets(
        offsets=np.append(starts, len(held)).astype(np.int64), items=dataset.items[held], values=dataset.values[held]
    )
    cases = Cases(
        profiles=profiles.astype(np.int64),
        histories=_date(dataset.keep_rows(readable & asked[dataset.profiles])),
        targets=targets,
        times=np.broadcast_to(np.asarray(times, dtype=np.float64), asked.shape)[profiles].copy(),
        candidates=candidates,
    )
    return Split(name=name, train=_date(dataset.keep_rows(train)), cases=cases)


def find_first_meetings(dataset: InteractionDataset, *, held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the places, ascending, of rows in ``held`` (n,) that are targets.

    A target is a positive row of an item that its profile meets in no row outside ``held``; of several rows the first
    counts.
    """
    pairs = dataset.profiles.astype(np.int64) * len(dataset.item_ids) + dataset.items
    wanted = np.flatnonzero(held & (dataset.strengths > 0))
    wanted = wanted[~np.isin(pairs[wanted], pairs[~held])]
    return np.sort(wanted[np.unique(pairs[wanted], return_index=True)[1]])


def _date(dataset: InteractionDataset) -> InteractionDataset:
    if not len(dataset):
        return dataset
    return replace(dataset, until=datetime.fromtimestamp(dataset.reference, tz=UTC))
