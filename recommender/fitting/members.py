"""Members of a blend: a learner with options, what it learned, and how good that is on what is held out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.extensions import dump_options, load_options
from recommender.evaluation.cases import Cases
from recommender.fitting.lists import make_case_scorer, measure_lists, rank_cases
from recommender.learners import Learner, Neighbours, Progress, Publication, learners
from recommender.learners.fits import build_learner, fit_learner, ignore_progress
from recommender.training.dataset import InteractionDataset

_READING = {"window", "half_life"}


@dataclass(frozen=True, slots=True)
class Member:
    """A trained learner; ``figures`` are its own on held-out cases, ``seconds`` the time of its training."""

    key: str
    options: Mapping[str, Any]
    learner: Learner
    publication: Publication
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)


def train_member(
    key: str, options: Mapping[str, Any], dataset: InteractionDataset, *, progress: Progress | None = None
) -> Member:
    """Train the learner ``key``; raise OptionError for options that it does not know."""
    learner = build_learner(key, options)
    begun = time.perf_counter()
    publication = fit_learner(learner, dataset, progress=progress or ignore_progress)
    return Member(key, _dump(key, options), learner, publication, time.perf_counter() - begun)


def vary_member(member: Member, options: Mapping[str, Any], dataset: InteractionDataset) -> Member:
    """Return the member with some other ``options``: trained anew, unless only the reading of histories differs."""
    wanted = {**member.options, **options}
    publication = member.publication
    differing = {name for name, value in options.items() if member.options.get(name) != value}
    if not (differing <= _READING and isinstance(publication, Neighbours) and publication.banks is None):
        return train_member(member.key, wanted, dataset)
    readings = load_options(learners.get(member.key).Options, wanted).readings
    return replace(
        member,
        options=_dump(member.key, wanted),
        learner=build_learner(member.key, wanted),
        publication=replace(publication, readings=readings),
    )


def measure_member(member: Member, cases: Cases, *, exclude_seen: bool = True) -> Member:
    """Return the member with its hit rate and NDCG at 10 on ``cases``."""
    scorer = make_case_scorer(member.publication, member.learner, cases)
    ranked = rank_cases(scorer, cases, k=10, exclude_seen=exclude_seen)
    return replace(member, figures=measure_lists(ranked, cases))


def _dump(key: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of the learner ``key`` as JSON values, those not named at their defaults."""
    return dump_options(load_options(learners.get(key).Options, options))
