"""The log of a plain file as columns, before it becomes a dataset."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


class Keys:
    """Numbers the keys of a file from 0 in the order of their appearance."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def number(self, keys: Iterable[str]) -> NDArray[np.int32]:
        """Return the number of each key; a key that was not seen before gets the next."""
        places = self._places
        return np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int32)

    def find(self, key: str) -> int | None:
        """Return the number of a key, None where it has not appeared."""
        return self._places.get(key)

    def list(self) -> tuple[str, ...]:
        """Return all keys by their numbers."""
        return tuple(self._places)


@dataclass(frozen=True, slots=True)
class PlainLog:
    """n interactions in the order of the file: ``profiles``, ``items`` (n,) number the keys from 0.

    ``times`` (n,) are the file's own seconds, None where it has only an order; ``values`` (n,) its ratings,
    None where it has none. ``notes`` tell what was found on the way.
    """

    profiles: NDArray[np.int32]
    items: NDArray[np.int32]
    times: NDArray[np.float64] | None = None
    values: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.items)


def count_steps(profiles: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return which interaction of its profile each is, from 0: the time of a file that has only an order."""
    order = np.argsort(profiles, kind="stable")
    sorted_profiles = profiles[order]
    starts = np.flatnonzero(np.diff(sorted_profiles, prepend=-1))
    steps = np.empty(len(profiles), dtype=np.float64)
    steps[order] = np.arange(len(profiles)) - np.repeat(starts, np.diff(starts, append=len(profiles)))
    return steps


def show_count(count: int, one: str, many: str | None = None) -> str:
    """Write ``1 item`` or ``1,234 items``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def join_notes(*groups: Sequence[str]) -> tuple[str, ...]:
    """Put notes together, each once."""
    return tuple(dict.fromkeys(note for group in groups for note in group))
