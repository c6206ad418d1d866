"""What a benchmark reads from its files: a dataset without a database, the keys, and the records of items."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.accuracy.item_file import read_items
from benchmarks.accuracy.lines import FileError
from benchmarks.accuracy.logs import Keys, PlainLog, count_steps, join_notes, show_count
from benchmarks.accuracy.rating_file import read_ratings
from benchmarks.accuracy.sequence_file import read_sequences
from catalog.records import ItemRecord
from profiles.conf import DEFAULT_KINDS
from recommender.training.dataset import InteractionDataset

ORDER_ONLY = "no times in the file: the n-th interaction of a user is said to happen at second n"


@dataclass(frozen=True, slots=True)
class PlainData:
    """One data set: ``train`` is all of it, or what is given to train on, with ``test`` beside it.

    Item ids are 1 to I and profile ids 1 to P, in the order of appearance: that of ``item_keys`` and
    ``profile_keys``. ``records`` are the items' records in the same order, where a file of items is given.
    """

    name: str
    train: InteractionDataset
    item_keys: tuple[str, ...]
    profile_keys: tuple[str, ...]
    test: InteractionDataset | None = None
    records: tuple[ItemRecord | None, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers of users, items and interactions."""
        counts = {"users": len(self.profile_keys), "items": len(self.item_keys), "interactions": len(self.train)}
        if self.test is not None:
            counts["test_interactions"] = len(self.test)
        return counts


def read_sequence_data(path: Path, *, item_path: Path | None = None) -> PlainData:
    """Read a file of histories in the order of time."""
    profiles, items = Keys(), Keys()
    data = _make_data(path.name, read_sequences(path, profiles=profiles, items=items), profiles, items)
    return _add_records(_check_size(data, path), item_path, items)


def read_given_data(train_path: Path, test_path: Path, *, item_path: Path | None = None) -> PlainData:
    """Read a file of interactions to train on and one of those to be found; the catalogue is that of both."""
    profiles, items = Keys(), Keys()
    train = read_sequences(train_path, profiles=profiles, items=items, allow_empty=True)
    known = len(profiles), len(items)
    test = read_sequences(test_path, profiles=profiles, items=items, allow_empty=True)
    notes = [
        f"{test_path.name}: {show_count(new, name)} that the file to train on does not have"
        for new, name in ((len(profiles) - known[0], "user"), (len(items) - known[1], "item"))
        if new
    ]
    data = _make_data(train_path.name, train, profiles, items)
    data = replace(
        data,
        test=_make_dataset(test, len(profiles), len(items)),
        notes=join_notes(data.notes, test.notes, notes),
    )
    return _add_records(_check_size(data, train_path), item_path, items)


def read_rating_data(path: Path, *, item_path: Path | None = None) -> PlainData:
    """Read a file of ratings."""
    profiles, items = Keys(), Keys()
    data = _make_data(path.name, read_ratings(path, profiles=profiles, items=items), profiles, items)
    return _add_records(_check_size(data, path), item_path, items)


def _make_data(name: str, log: PlainLog, profiles: Keys, items: Keys) -> PlainData:
    return PlainData(
        name=name,
        train=_make_dataset(log, len(profiles), len(items)),
        item_keys=items.list(),
        profile_keys=profiles.list(),
        notes=join_notes(log.notes, [ORDER_ONLY] if log.times is None else []),
    )


def _make_dataset(log: PlainLog, profiles: int, items: int) -> InteractionDataset:
    """Return the dataset of a log: all strengths 1, rows of one profile at one moment in the order of the file."""
    times = count_steps(log.profiles) if log.times is None else log.times
    order = np.lexsort((times, log.profiles))
    kind = "view" if log.values is None else "rating"
    values = np.full(len(log), np.nan, dtype=np.float32) if log.values is None else log.values
    return InteractionDataset(
        catalog_id=0,
        until=datetime.fromtimestamp(float(times.max(initial=0.0)) + 1.0, UTC),
        profile_ids=np.arange(1, profiles + 1, dtype=np.int64),
        item_ids=np.arange(1, items + 1, dtype=np.int64),
        published=np.zeros(items, dtype=np.float64),
        profiles=log.profiles[order],
        items=log.items[order],
        times=times[order],
        strengths=np.ones(len(log), dtype=np.float32),
        values=values[order],
        kinds=np.zeros(len(log), dtype=np.int16),
        kind_names=(kind,),
        half_lives={kind: float(DEFAULT_KINDS[kind]["half_life_days"])},
    )


def _check_size(data: PlainData, path: Path) -> PlainData:
    if len(data.item_keys) < 2:
        raise FileError(path, "there is only one item: nothing can be ranked")
    if len(data.profile_keys) < 2:
        return replace(data, notes=(*data.notes, "there is only one user: the figures say nothing about others"))
    return data


def _add_records(data: PlainData, path: Path | None, items: Keys) -> PlainData:
    if path is None:
        return data
    records, notes = read_items(path, items)
    return replace(data, records=records, notes=join_notes(data.notes, notes))
