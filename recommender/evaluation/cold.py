"""Cold starts: items that nobody has met yet, people of whom little is known."""

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Split, SplitError, find_first_meetings, make_split
from recommender.training.dataset import InteractionDataset
from recommender.training.steps import make_steps


def cold_items(dataset: InteractionDataset, *, share: float = 0.1, seed: int = 0, candidates: str = "cold") -> Split:
    """Return the split in which a random ``share`` of the items that somebody likes has never been met.

    All their rows are left out of what is learned from and read; the cases are those who liked them, with all their
    other rows as history. ``candidates``: ``cold`` ranks the cold items among themselves, ``all`` among all.

    Raises:
        SplitError: nothing is left to learn from, or nobody liked anything.
    """
    if candidates not in ("cold", "all"):
        raise ValueError(f"candidates are 'cold' or 'all', not {candidates!r}")
    liked = np.unique(dataset.items[dataset.strengths > 0]).astype(np.int64)
    cold = np.zeros(len(dataset.item_ids), dtype=bool)
    cold[_draw(liked, share=share, seed=seed)] = True
    warm = ~cold[dataset.items]
    return make_split(
        f"cold-items:{share:g}",
        dataset,
        train=warm,
        readable=warm,
        held=find_first_meetings(dataset, held=~warm),
        times=dataset.reference,
        candidates=cold if candidates == "cold" else None,
    )


def cold_profiles(dataset: InteractionDataset, *, share: float = 0.1, seed: int = 0, given: int = 5) -> Split:
    """Return the split in which a random ``share`` of the people is unknown but for the first ``given`` steps of each.

    Drawn from those who meet something new after that. None of their rows is learned from (they keep their place
    among the profiles, without rows); the history is what lies up to the last given step, the targets are the items
    first met after it. Liang et al. 2018, "Variational autoencoders for collaborative filtering", section 4.2, call
    it strong generalisation, and give a random part instead of the first.

    Raises:
        SplitError: nobody has so many steps, or nobody else is left to learn from.
    """
    if given < 0:
        raise ValueError(f"a history cannot have {given} steps")
    steps = make_steps(dataset)
    name = f"cold-profiles:{share:g}:{given}"
    long_enough = np.flatnonzero(np.diff(steps.offsets) > given)
    limits = dataset.profile_offsets[:-1].copy()
    if given:
        limits[long_enough] = steps.rows[steps.offsets[long_enough] + given - 1] + 1
    later = np.isin(dataset.profiles, long_enough) & (np.arange(len(dataset)) >= limits[dataset.profiles])
    held = find_first_meetings(dataset, held=later)
    if not len(held):
        raise SplitError(f"{name} leaves nobody to test: no profile meets anything new after {given} steps")
    cold = np.zeros(len(dataset.profile_ids), dtype=bool)
    cold[_draw(np.unique(dataset.profiles[held]).astype(np.int64), share=share, seed=seed)] = True
    held = held[cold[dataset.profiles[held]]]
    is_cold = cold[dataset.profiles]
    readable = is_cold & ~later
    times = np.zeros(len(dataset.profile_ids))
    asked, starts = np.unique(dataset.profiles[held], return_index=True)
    times[asked] = dataset.times[held[starts]]
    return make_split(name, dataset, train=~is_cold, readable=readable, held=held, times=times)


def _draw(among: NDArray[np.int64], *, share: float, seed: int) -> NDArray[np.int64]:
    """Draw a share of ``among``, at least one."""
    count = min(len(among), max(1, round(share * len(among))))
    return np.random.default_rng(seed).permutation(among)[:count]
