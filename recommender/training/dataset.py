"""The interaction log as arrays: what learners train on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class InteractionDataset:
    """n interactions with items, until ``until``, sorted by profile, then time, then id.

    ``profile_ids`` (P,) and ``item_ids`` (I,) are primary keys, ascending; all items of the catalog are
    there, interacted with or not. Row arrays of shape (n,): ``profiles`` and ``items`` index into them,
    ``times`` are epoch seconds, ``strengths`` are the signed weights of kind and value (no decay),
    ``values`` the raw values (NaN where none), ``kinds`` index into ``kind_names``.
    ``published`` (I,) are epoch seconds (creation where no publication time is given);
    ``half_lives`` are days by kind name. ``content`` (I, d), where it was asked for and there is any, are unit
    vectors of what the items say (the active text space), a row of zeros where an item has none.
    """

    catalog_id: int
    until: datetime
    profile_ids: NDArray[np.int64]
    item_ids: NDArray[np.int64]
    published: NDArray[np.float64]
    profiles: NDArray[np.int32]
    items: NDArray[np.int32]
    times: NDArray[np.float64]
    strengths: NDArray[np.float32]
    values: NDArray[np.float32]
    kinds: NDArray[np.int16]
    kind_names: tuple[str, ...]
    half_lives: Mapping[str, float]
    content: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def profile_offsets(self) -> NDArray[np.int64]:
        """Offsets of shape (P + 1,): rows of profile p are ``offsets[p]:offsets[p + 1]``."""
        return np.searchsorted(self.profiles, np.arange(len(self.profile_ids) + 1)).astype(np.int64)

    @property
    def reference(self) -> float:
        """Epoch seconds that decay and windows count back from: the newest interaction, not the clock.

        On a live site the two agree. In an imported or resting log they don't: seen from today, everything
        in it would be equally old, and nothing recent. Without interactions: ``until``.
        """
        return float(self.times.max()) if len(self.times) else self.until.timestamp()

    def keep_rows(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "InteractionDataset":
        """Return the dataset with only ``rows`` (a mask of shape (n,), or ascending places); all else stays."""
        return replace(
            self,
            profiles=self.profiles[rows],
            items=self.items[rows],
            times=self.times[rows],
            strengths=self.strengths[rows],
            values=self.values[rows],
            kinds=self.kinds[rows],
        )
