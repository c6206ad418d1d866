"""What friends like, from arrays: the twin of the reader that goes by friendships."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from profiles.conf import get_conf
from profiles.kinds import DAY
from recommender.readers.friends import MOST_FRIENDS
from recommender.training.dataset import InteractionDataset


class FriendVoices:
    """Adds up what the ``friends`` of a profile, by its id, the latest made first, do in ``log``.

    ``log`` is what may be known of anybody; of it, only what lies before the moment that is asked about is read.
    """

    def __init__(self, log: InteractionDataset, friends: Mapping[int, Sequence[int]]) -> None:
        self._log = log
        self._friends = friends
        self._offsets = log.profile_offsets
        days = np.array([log.half_lives[name] for name in log.kind_names] or [1.0])
        self._half_lives = days[log.kinds] * DAY

    def score(self, profile_id: int, *, now: float) -> NDArray[np.float64]:
        """Return float64 (I,) at ``now``, epoch seconds; NaN for an item that no friend speaks for.

        A friend is one voice for an item: the sum of its faded rows, but no more than the strongest, and none below 0.
        """
        scores = np.zeros(len(self._log.item_ids))
        for friend_id in self._friends.get(profile_id, ())[:MOST_FRIENDS]:
            place = int(np.searchsorted(self._log.profile_ids, friend_id))
            if place == len(self._log.profile_ids) or self._log.profile_ids[place] != friend_id:
                continue
            start, stop = int(self._offsets[place]), int(self._offsets[place + 1])
            stop = start + int(np.searchsorted(self._log.times[start:stop], now, side="right"))
            rows = slice(max(start, stop - get_conf().history_length), stop)
            weights = self._log.strengths[rows] * np.exp2(-(now - self._log.times[rows]) / self._half_lives[rows])
            items, inverse = np.unique(self._log.items[rows], return_inverse=True)
            strongest = np.full(len(items), -np.inf)
            np.maximum.at(strongest, inverse, weights)
            sums = np.bincount(inverse, weights=weights, minlength=len(items))
            scores[items] += np.maximum(np.minimum(sums, strongest), 0.0)
        return np.where(scores > 0, scores, np.nan)
