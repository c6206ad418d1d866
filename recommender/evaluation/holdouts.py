"""Splits at random, in folds, and by given files."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Split, SplitError, find_first_meetings, make_split
from recommender.training.dataset import InteractionDataset


def random_split(
    dataset: InteractionDataset, *, share: float = 0.75, seed: int | tuple[int, ...] = 0, per_profile: bool = True
) -> Split:
    """Return the split that learns from a random ``share`` of the rows, of each profile's or of all.

    Per profile, round(share · n) of its n rows are learned from, halves to even: ``python_stratified_split`` of
    Microsoft's recommenders, but for the dice. Targets are positive held rows of items that the profile does not meet
    among the others.

    Raises:
        SplitError: nothing is left to learn from, or nothing to test.
    """
    order = np.random.default_rng(seed).permutation(len(dataset))
    ranks = np.empty(len(dataset), dtype=np.int64)
    ranks[order] = np.arange(len(dataset))
    if per_profile:
        by_profile = np.lexsort((ranks, dataset.profiles))
        offsets = dataset.profile_offsets
        ranks[by_profile] = np.arange(len(dataset)) - offsets[dataset.profiles]
        limits = np.rint(share * np.diff(offsets))[dataset.profiles]
    else:
        limits = np.rint(np.full(len(dataset), share * len(dataset)))
    name = f"{'random-per-profile' if per_profile else 'random'}:{share:g}"
    return hold_out(dataset, held=ranks >= limits, name=name)


def k_folds(dataset: InteractionDataset, *, folds: int = 5, seed: int = 0) -> Iterator[Split]:
    """Yield ``folds`` splits, each holding out another part of the shuffled rows; sizes differ by at most one.

    Rows are shuffled over all profiles, as ``NewKFoldSplitter`` of Gorse does, so a profile may be held out whole.

    Raises:
        SplitError: fewer rows than folds, or a fold with nothing to test.
    """
    for number, held in enumerate(_assign_folds(len(dataset), folds=folds, seed=seed), start=1):
        yield hold_out(dataset, held=held, name=f"k-fold:{folds} ({number})")


def given_split(train: InteractionDataset, test: InteractionDataset) -> Split:
    """Return the split of two given logs over the same profiles and items: learned from and read is ``train`` alone.

    Targets are what ``find_first_meetings`` says of the two put together.

    Raises:
        SplitError: the two do not have the same profiles, items and kinds, or one of them is empty.
    """
    for name in ("profile_ids", "item_ids", "kind_names"):
        if not np.array_equal(getattr(train, name), getattr(test, name)):
            raise SplitError(f"given: train and test do not have the same {name}")
    held = np.repeat([False, True], [len(train), len(test)])
    times = np.concatenate((train.times, test.times))
    profiles = np.concatenate((train.profiles, test.profiles))
    order = np.lexsort((times, profiles))
    both = replace(
        train,
        profiles=profiles[order],
        times=times[order],
        items=np.concatenate((train.items, test.items))[order],
        strengths=np.concatenate((train.strengths, test.strengths))[order],
        values=np.concatenate((train.values, test.values))[order],
        kinds=np.concatenate((train.kinds, test.kinds))[order],
    )
    return hold_out(both, held=held[order], name="given")


def hold_out(dataset: InteractionDataset, *, held: NDArray[np.bool_], name: str) -> Split:
    """Return the split that learns from and reads the rows not ``held`` (n,), and asks for what is new in those.

    Time plays no part: everybody is asked at the newest moment of the log.

    Raises:
        SplitError: nothing is left to learn from, or nothing to test.
    """
    targets = find_first_meetings(dataset, held=held)
    return make_split(name, dataset, train=~held, readable=~held, held=targets, times=dataset.reference)


def rating_split(dataset: InteractionDataset, *, share: float = 0.75, seed: int = 0) -> Split:
    """Return the split that learns from a random ``share`` of the rated rows, and from all that bear no value.

    Each held rating is a target with its value, liked or not.

    Raises:
        SplitError: no row bears a value, or nothing is left on one side.
    """
    rated = _find_rated(dataset)
    held = np.zeros(len(dataset), dtype=bool)
    held[np.random.default_rng(seed).permutation(rated)[round(share * len(rated)) :]] = True
    return _hold_out_ratings(dataset, held=held, name=f"rating:{share:g}")


def rating_folds(dataset: InteractionDataset, *, folds: int = 5, seed: int = 0) -> Iterator[Split]:
    """Yield ``folds`` splits of the rated rows, as ``KFold`` of Surprise does; see ``rating_split``.

    Raises:
        SplitError: fewer rated rows than folds.
    """
    rated = _find_rated(dataset)
    for number, part in enumerate(_assign_folds(len(rated), folds=folds, seed=seed), start=1):
        held = np.zeros(len(dataset), dtype=bool)
        held[rated[part]] = True
        yield _hold_out_ratings(dataset, held=held, name=f"rating-k-fold:{folds} ({number})")


def _find_rated(dataset: InteractionDataset) -> NDArray[np.int64]:
    rated = np.flatnonzero(np.isfinite(dataset.values))
    if not len(rated):
        raise SplitError(f"no rating among {len(dataset)} interactions")
    return rated


def _hold_out_ratings(dataset: InteractionDataset, *, held: NDArray[np.bool_], name: str) -> Split:
    places = np.flatnonzero(held)
    return make_split(name, dataset, train=~held, readable=~held, held=places, times=dataset.reference)


def _assign_folds(count: int, *, folds: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    if count < folds:
        raise SplitError(f"{count} interactions cannot be dealt to {folds} folds")
    for part in np.array_split(np.random.default_rng(seed).permutation(count), folds):
        held = np.zeros(count, dtype=bool)
        held[part] = True
        yield held
