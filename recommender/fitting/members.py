"""Members of a blend: a learner with options, what it learned, and how good that is on what is held out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from catalog.extensions import dump_options, load_options
from recommender.evaluation.cases import Cases
from recommender.fitting.lists import make_case_scorer, measure_lists, rank_cases
from recommender.learners import Learner, Neighbours, Progress, Publication, learners
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
    component = learners.get(key)
    loaded = load_options(component.Options, options)
    learner: Learner = component(loaded)  # type: ignore[call-arg]
    checkpoint = {"checkpoint": _NoCheckpoint()} if getattr(component, "resumable", False) else {}
    begun = time.perf_counter()
    publication = learner.train(dataset, progress=progress or _ignore, **checkpoint)
    return Member(key, dump_options(loaded), learner, publication, time.perf_counter() - begun)


def vary_member(member: Member, options: Mapping[str, Any], dataset: InteractionDataset) -> Member:
    """Return the member with some other ``options``: trained anew, unless only the reading of histories differs."""
    wanted = {**member.options, **options}
    publication = member.publication
    differing = {name for name, value in options.items() if member.options.get(name) != value}
    if not (differing <= _READING and isinstance(publication, Neighbours) and publication.banks is None):
        return train_member(member.key, wanted, dataset)
    component = learners.get(member.key)
    loaded = load_options(component.Options, wanted)
    learner: Learner = component(loaded)  # type: ignore[call-arg]
    read_anew = replace(publication, readings=loaded.readings)
    return Member(member.key, dump_options(loaded), learner, read_anew, member.seconds)


def measure_member(member: Member, cases: Cases, *, exclude_seen: bool = True) -> Member:
    """Return the member with its hit rate and NDCG at 10 on ``cases``."""
    scorer = make_case_scorer(member.publication, member.learner, cases)
    ranked = rank_cases(scorer, cases, k=10, exclude_seen=exclude_seen)
    return replace(member, figures=measure_lists(ranked, cases))


class _NoCheckpoint:
    """For a training that ends with its process."""

    def load(self) -> None:
        return None

    def save(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        return None


def _ignore(fraction: float) -> None:
    return None
