"""What is measured: a learner, the automatic choice, or a peer, fitted to a split and asked for scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.biases import Biases
from benchmarks.accuracy.protocols import Run
from catalog.extensions import discover, dump_options
from recommender.evaluation.cases import Cases, Split
from recommender.evaluation.holdouts import random_split
from recommender.evaluation.kindred_holdouts import kindred_split
from recommender.evaluation.scoring import make_scorer
from recommender.fitting.auto import AutoOptions, fit_auto
from recommender.fitting.portfolio import choose_reading
from recommender.learners import Learner, Progress, TrainingCancelled, learners

ScoreMatrix = NDArray[np.float32] | NDArray[np.float64]

TRAINING_SHARE = 0.85
"""Share of a row's time for learners that train as long as they may; the rest is for reading what they learned."""

VALIDATION_SHARE = 0.9
"""Share of each user's training part that is learned from while choosing, where a protocol says nothing of it.

Near 1, for the best options move with how much there is to learn from: see the notes on ML-100k.
"""

ENOUGH_CASES = 3000
"""Held-out cases that choosing wants: their mean NDCG is known to some .005, differences to less."""

MOST_SPLITS = 4
"""Parts held out in turn at most, where one has few people: each costs every training once more."""

_ONLY_HERE: Mapping[str, type[Learner]] = {"biases": Biases}
AUTO_DEPTH = 50
"""Length of the lists asked of the automatic choice: a target further down counts as not found."""


class Fitted(Protocol):
    """A fitted model."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What it was made with, as JSON values."""
        ...

    def score(self, cases: Cases, batch: NDArray[np.int64]) -> ScoreMatrix:
        """Return (b, I) for the cases ``batch`` (b,); NaN for what is not to be listed."""
        ...


class Candidate(Protocol):
    """Something that can be fitted."""

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int | None:
        """Return the memory that fitting takes, None where that is not known."""
        ...

    def fit(self, run: Run, *, keep_seen: bool, progress: Progress) -> Fitted:
        """Fit to the training part of a run. Its targets are not looked at."""
        ...


@dataclass(frozen=True, slots=True)
class LearnerCandidate:
    """A learner with the options that the automatic choice starts from; ``seed`` among them is that of the run."""

    component: type[Learner]
    ordered: bool
    limit_seconds: float | None = None

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int | None:
        """Ask the learner."""
        estimate = getattr(self._build(0), "estimate_bytes", None)
        return None if estimate is None else int(estimate(items, profiles, interactions))

    def fit(self, run: Run, *, keep_seen: bool, progress: Progress) -> Fitted:
        """Train, and read what is published as the readers would."""
        learner = self._build(run.seed)
        publication = learner.train(run.split.train, progress=progress)
        scorer = make_scorer(publication, learner, run.split.cases.histories)
        return _ScorerFitted(scorer.score, dump_options(self._make_options(run.seed)))

    def _make_options(self, seed: int) -> Any:
        named = choose_reading(self.component, ordered=self.ordered)
        bounded = getattr(self.component, "seconds_option", "")
        if bounded and self.limit_seconds is not None:
            named[bounded] = max(1.0, TRAINING_SHARE * self.limit_seconds)
        options = self.component.Options(**named)
        return replace(options, seed=seed) if hasattr(options, "seed") else options

    def _build(self, seed: int) -> Learner:
        return self.component(self._make_options(seed))  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class _ScorerFitted:
    """A reader of profiles as a reader of cases."""

    read: Callable[[NDArray[np.int64]], ScoreMatrix]
    options: Mapping[str, Any]

    def score(self, cases: Cases, batch: NDArray[np.int64]) -> ScoreMatrix:
        """Read the profiles of the cases."""
        return self.read(cases.profiles[batch])


@dataclass(frozen=True, slots=True)
class AutoCandidate:
    """The automatic choice: what a user gets who changes nothing. ``report`` hears of each of its trials."""

    ordered: bool
    budget_seconds: float
    memory_bytes: int
    report: Callable[[str], None]

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int | None:
        """Return None: it chooses what fits."""
        return None

    def fit(self, run: Run, *, keep_seen: bool, progress: Progress) -> Fitted:
        """Choose by the protocol's own validation part, or by a part of what may be learned from, and fit to that."""
        progress(0.0)
        validation, *further = [run.validation] if run.validation else _hold_out(run)
        options = AutoOptions(
            budget_seconds=self.budget_seconds,
            seed=run.seed,
            ordered=self.ordered,
            exclude_seen=not keep_seen,
            memory_bytes=self.memory_bytes,
        )
        refit = None if run.validation is not None else run.split.train
        recipe = fit_auto(validation, options, further=further, refit=refit, report=self.report)
        members = [{"learner": member.key, "options": dict(member.options)} for member in recipe.members]
        lists = recipe.rank(run.split.cases, k=AUTO_DEPTH, exclude_seen=not keep_seen)
        return ListsFitted(lists, {"members": members, "ranker": recipe.ranking.ranker})


def _hold_out(run: Run) -> list[Split]:
    """Return random splits of the training part: one, or as many as have ENOUGH_CASES together, up to MOST_SPLITS.

    Where nobody says how the test was drawn, there is one that holds out what belongs together beside each.
    """
    train, share = run.split.train, VALIDATION_SHARE
    first = random_split(train, share=share, seed=run.seed)
    count = min(MOST_SPLITS, -(-ENOUGH_CASES // max(1, len(first.cases))))
    splits = [first, *(random_split(train, share=share, seed=(run.seed, number)) for number in range(1, count))]
    if run.at_random:
        return splits
    return [*splits, *(kindred_split(train, share=share, seed=(run.seed, number)) for number in range(count))]


@dataclass(frozen=True, slots=True)
class ListsFitted:
    """Lists of all cases, (c, k) item indices, best first, -1 behind an end."""

    lists: NDArray[np.int32]
    options: Mapping[str, Any]

    def score(self, cases: Cases, batch: NDArray[np.int64]) -> ScoreMatrix:
        """Return scores that put the items of each list in their order and leave out all others."""
        scores = np.full((len(batch), len(cases.histories.item_ids)), np.nan, dtype=np.float32)
        rows, places = np.nonzero(self.lists[batch] >= 0)
        scores[rows, self.lists[batch][rows, places]] = -places
        return scores


def find_learner(name: str) -> type[Learner]:
    """Return the learner of the registry, ``biases``, or that of ``module:Class``, which need not be in it.

    Raises:
        RegistryError: no learner of that name.
        ImportError, AttributeError: no such module or class.
    """
    discover(learners)
    if name in _ONLY_HERE:
        return _ONLY_HERE[name]
    module, colon, attribute = name.partition(":")
    component: type[Learner] = getattr(import_module(module), attribute) if colon else learners.get(name)
    return component


def list_learners(*, rates: bool) -> list[str]:
    """Return the keys of the learners that predict ratings (those that say so), or of those that rank."""
    discover(learners)
    known = [*_ONLY_HERE.items(), *learners]
    return [key for key, component in known if bool(getattr(component, "predicts_ratings", False)) is rates]


def limit_time(progress: Progress, *, until: float, clock: Callable[[], float]) -> Progress:
    """Return ``progress`` that raises TrainingCancelled once ``clock`` is past ``until``."""

    def report(fraction: float) -> None:
        progress(fraction)
        if clock() > until:
            raise TrainingCancelled

    return report
