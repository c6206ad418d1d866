"""What a placement is tuned on: people whose choices are held out, half to choose by, half to tell how good it is."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Cases, Split, SplitError
from recommender.evaluation.protocols import ProtocolError, parse_protocol
from recommender.fitting.lists import keep_cases, sample_cases
from recommender.services.held_out import split_for_measuring
from recommender.training.dataset import InteractionDataset

LEAST_CASES = 20
"""People below which nothing can be told."""

_ORDERED = ("time", "next-item", "cut")


class TuningError(ValueError):
    """A placement cannot be tuned; the message says why."""


@dataclass(frozen=True, slots=True)
class TuningSplit:
    """One split whose cases are dealt to two: ``chosen_by`` is fitted to, ``untouched`` is looked at in the end alone.

    ``ordered`` says whether the order of a history means anything in it.
    """

    chosen_by: Split
    untouched: Split
    people: int
    ordered: bool

    @property
    def name(self) -> str:
        """The protocol, as people write it."""
        return self.untouched.name


def split_for_tuning(
    dataset: InteractionDataset,
    *,
    protocol: str = "",
    most_cases: int,
    seed: int,
    candidates: NDArray[np.bool_] | None = None,
) -> TuningSplit:
    """Return the split by ``protocol``, or by what candidates of learners are measured on, with its cases dealt in two.

    ``candidates`` (I,) marks what may be recommended, None for all.

    Raises:
        TuningError: nothing can be held out by the protocol, or of too few people.
    """
    split = _split(dataset, protocol=protocol, most_cases=most_cases, seed=seed)
    people = len(split.cases)
    cases = sample_cases(split.cases, size=most_cases, seed=seed)
    if candidates is not None:
        cases = _keep_candidates(cases, candidates)
    if len(cases) < LEAST_CASES:
        raise TuningError(
            f"{split.name} holds out choices of {len(cases)} people; fewer than {LEAST_CASES} cannot tell what is good"
        )
    dealt = np.random.default_rng([seed, 1]).permutation(len(cases))
    half = len(cases) // 2
    return TuningSplit(
        chosen_by=replace(split, cases=keep_cases(cases, np.sort(dealt[:half]))),
        untouched=replace(split, cases=keep_cases(cases, np.sort(dealt[half:]))),
        people=people,
        ordered=split.name.startswith(_ORDERED),
    )


def check_protocol(protocol: str) -> None:
    """Raise TuningError for a protocol that nothing can be tuned by; an empty one stands for the choice by the data."""
    if not protocol:
        return
    try:
        parsed = parse_protocol(protocol)
    except ProtocolError as error:
        raise TuningError(str(error)) from error
    if parsed.rates:
        raise TuningError(f"{protocol!r}: predicts ratings, which a placement does not")


def _split(dataset: InteractionDataset, *, protocol: str, most_cases: int, seed: int) -> Split:
    if not len(dataset):
        raise TuningError("there are no interactions to tune by")
    if not protocol:
        split = split_for_measuring(dataset, most_cases=most_cases)
        if split is None:
            raise TuningError("nobody has done enough for something to be held out")
        return split
    check_protocol(protocol)
    try:
        return next(parse_protocol(protocol).make_splits(dataset, seed=seed))
    except SplitError as error:
        raise TuningError(str(error)) from error


def _keep_candidates(cases: Cases, candidates: NDArray[np.bool_]) -> Cases:
    """Return the cases that have a target among ``candidates``, with all that may be recommended marked."""
    allowed = candidates if cases.candidates is None else cases.candidates & candidates
    reachable = np.bincount(cases.targets.cases, weights=allowed[cases.targets.items], minlength=len(cases)) > 0
    return replace(keep_cases(cases, np.flatnonzero(reachable)), candidates=allowed)
