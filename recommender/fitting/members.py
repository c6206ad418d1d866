"""Members of a blend: a learner with options, what it learned, and how good that is on what is held out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.extensions import dump_options, load_options
from recommender.evaluation.cases import Cases
from recommender.evaluation.scoring import PreciseScorer
from recommender.fitting.lists import make_case_scorer, measure_lists, rank_cases
from recommender.learners import Learner, Neighbours, Progress, Publication, learners
from recommender.learners.fits import build_learner, fit_learner, ignore_progress
from recommender.training.dataset import InteractionDataset

_READING = {"window", "half_life"}

FIRST_SHARE = 0.05
"""Share of a training that must be done for its whole time to be told; from a half on it is let end."""


class TooSlowError(Exception):
    """A training would take longer than it may: ``seconds`` in all."""

    def __init__(self, key: str, seconds: float) -> None:
        super().__init__(f"{key} would take {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Member:
    """A trained learner; ``figures`` are its own on held-out cases.

    ``seconds`` is the time of its training, ``reading_seconds`` that of ranking for those cases.

    Where more than one part of the data is held out in turn, ``publication`` is what it learned beside the first and
    ``further`` what it learned beside the others.
    """

    key: str
    options: Mapping[str, Any]
    learner: Learner
    publication: Publication
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    further: tuple[Publication, ...] = ()
    reading_seconds: float = 0.0

    def make_scorers(self, cases: Sequence[Cases]) -> list[PreciseScorer]:
        """Return the reader of each publication for the cases that were held out beside it."""
        publications = (self.publication, *self.further)
        return [make_case_scorer(each, self.learner, part) for each, part in zip(publications, cases, strict=True)]


def train_member(
    key: str,
    options: Mapping[str, Any],
    *datasets: InteractionDataset,
    progress: Progress = ignore_progress,
    most_seconds: float | None = None,
) -> Member:
    """Train the learner ``key`` on each of the datasets.

    Raises:
        OptionError: it does not know the options.
        TooSlowError: by the progress that it tells, it would take longer than ``most_seconds`` in all.
    """
    learner = build_learner(key, options)
    begun = time.perf_counter()
    first, *further = (
        fit_learner(learner, dataset, progress=_watch(progress, key, parts=len(datasets), most_seconds=most_seconds))
        for dataset in datasets
    )
    return Member(key, _dump(key, options), learner, first, time.perf_counter() - begun, further=tuple(further))


def _watch(progress: Progress, key: str, *, parts: int, most_seconds: float | None) -> Progress:
    """Return a progress from now on that ends what takes more than its share of ``most_seconds``."""
    if most_seconds is None:
        return progress
    begun = time.perf_counter()

    def tell(fraction: float) -> None:
        progress(fraction)
        if FIRST_SHARE <= fraction < 0.5:
            whole = parts * (time.perf_counter() - begun) / fraction
            if whole > most_seconds:
                raise TooSlowError(key, whole)

    return tell


def vary_member(member: Member, options: Mapping[str, Any], *datasets: InteractionDataset) -> Member:
    """Return the member with some other ``options``: trained anew, unless only the reading of histories differs."""
    wanted = {**member.options, **options}
    publications = (member.publication, *member.further)
    differing = {name for name, value in options.items() if member.options.get(name) != value}
    if not (
        differing <= _READING and all(isinstance(each, Neighbours) and each.banks is None for each in publications)
    ):
        return train_member(member.key, wanted, *datasets)
    readings = load_options(learners.get(member.key).Options, wanted).readings
    first, *further = (replace(each, readings=readings) for each in publications)
    return replace(
        member,
        options=_dump(member.key, wanted),
        learner=build_learner(member.key, wanted),
        publication=first,
        further=tuple(further),
    )


def measure_member(member: Member, *cases: Cases, exclude_seen: bool = True) -> Member:
    """Return the member with its hit rate and NDCG at 10: the means over what is held out."""
    begun = time.perf_counter()
    figures = [
        measure_lists(rank_cases(scorer, part, k=10, exclude_seen=exclude_seen), part)
        for scorer, part in zip(member.make_scorers(cases), cases, strict=True)
    ]
    means = {name: sum(figure[name] for figure in figures) / len(figures) for name in figures[0]}
    return replace(member, figures=means, reading_seconds=time.perf_counter() - begun)


def _dump(key: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of the learner ``key`` as JSON values, those not named at their defaults."""
    return dump_options(load_options(learners.get(key).Options, options))
