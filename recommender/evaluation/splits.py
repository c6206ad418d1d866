"""Splits along time: the next item of each person, and one cut for all."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Split, SplitError, find_first_meetings, make_split
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps

SHORTEST = 3
"""Steps of a profile with a test target, a validation target and something before them."""


def next_item(dataset: InteractionDataset, *, which: Literal["test", "validation"] = "test") -> Split:
    """Return the split in which the last step of each profile with three or more is left out.

    The target of ``test`` is the last step and its history all rows before it; the target of ``validation`` is the last
    step but one. What is learned from is the same for both: of these profiles only what lies before the last but one,
    so that a test figure owes nothing to the rows that a model was picked by. Shorter profiles are learned from whole.
    Steps are positive interactions, a run of one item being one; rows at one time keep the order of the dataset. An
    item that was met before stays a target: leave seen items in where such are to be found.

    Kang and McAuley 2018, "Self-attentive sequential recommendation", section IV, but for the test row's
    statistics, which there include the validation row.

    Raises:
        SplitError: no profile is long enough, or nothing comes before.
    """
    steps = make_steps(dataset)
    lengths = np.diff(steps.offsets)
    profiles = np.flatnonzero(lengths >= SHORTEST)
    ends = steps.offsets[profiles + 1]
    positive = np.flatnonzero(dataset.strengths > 0)
    row_numbers = np.arange(len(dataset))

    def find_starts(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first row of each chosen step: a run's earlier rows must not give it away."""
        before = np.searchsorted(positive, steps.rows[chosen - 1])
        return positive[before + 1].astype(np.int64)

    limits = np.full(len(dataset.profile_ids), len(dataset))
    limits[profiles] = find_starts(ends - 2)
    train = row_numbers < limits[dataset.profiles]
    held = find_starts(ends - (1 if which == "test" else 2))
    limits[profiles] = held
    times = np.zeros(len(dataset.profile_ids))
    times[profiles] = dataset.times[held]
    return make_split(
        "next-item" if which == "test" else "next-item:validation",
        dataset,
        train=train,
        readable=row_numbers < limits[dataset.profiles],
        held=held,
        times=times,
    )


def time_split(dataset: InteractionDataset, *, share: float = 0.9, newcomers: bool = True) -> Split:
    """Return the split at the moment before which ``share`` of the rows lie; rows of that moment come after it.

    See ``cut_at``. A share of rows, so the moment moves when their number does: two runs on a growing log
    are comparable by ``cut_at`` alone.

    Raises:
        SplitError: nothing lies before the cut, or nothing new after it.
    """
    if not len(dataset):
        raise SplitError(f"time:{share:g} cannot cut an empty log")
    place = min(int(share * len(dataset)), len(dataset) - 1)
    cut = float(np.partition(dataset.times, place)[place])
    return cut_at(dataset, cut=cut, newcomers=newcomers, name=f"time:{share:g}")


def cut_at(dataset: InteractionDataset, *, cut: float, newcomers: bool = True, name: str = "") -> Split:
    """Return the split at ``cut``, epoch seconds, for all at once.

    Learned from and read are the rows before it, whoever's they are. The cases are the profiles with targets after it:
    items that they had not met before, in the order of meeting. ``newcomers``: profiles with no row before it are cases
    too, with empty histories. This is what a site does that trains at night and serves the next day.

    Raises:
        SplitError: nothing lies before the cut, or nothing new after it.
    """
    before = dataset.times < cut
    held = find_first_meetings(dataset, held=~before)
    if not newcomers:
        known = np.bincount(dataset.profiles[before], minlength=len(dataset.profile_ids)) > 0
        held = held[known[dataset.profiles[held]]]
    return make_split(name or f"cut:{cut:.0f}", dataset, train=before, readable=before, held=held, times=cut)
