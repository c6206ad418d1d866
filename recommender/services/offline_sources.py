"""Trains what a placement's strategies read, for an evaluation alone: nothing of it is published."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recommender.evaluation.array_readers import ArraySource
from recommender.evaluation.offline_plans import CONTENT, find_source
from recommender.learners import Learner, Progress, Vectors, learners
from recommender.learners.fits import build_learner, fit_learner, wants_content
from recommender.models import TrainedModel
from recommender.readers.friends import FRIENDS
from recommender.records import Plan
from recommender.services.training_memory import check_memory
from recommender.services.training_progress import scale_progress
from recommender.training.dataset import InteractionDataset

BASELINE = "popular"


@dataclass(frozen=True, slots=True)
class LearnerChoice:
    """A learner that a placement draws on: with the options of its active model (whose id that is), else the defaults.

    ``learner`` is None where there is no such learner.
    """

    key: str
    options: Mapping[str, Any]
    model_id: int | None
    learner: Learner | None


def choose_learners(plan: Plan) -> tuple[LearnerChoice, ...]:
    """Return the learners that the strategies of ``plan`` name, and that of the baseline, each once, by key.

    Raises OptionError for stored options that a learner no longer takes.
    """
    trained = [strategy for strategy in plan.strategies if strategy.reader != FRIENDS]
    names = {find_source(strategy) for strategy in trained} - {CONTENT} | {BASELINE}
    active = {
        model.learner: model
        for model in TrainedModel.objects.filter(
            catalog_id=plan.catalog_id, learner__in=names, state=TrainedModel.State.ACTIVE
        )
    }
    chosen = []
    for name in sorted(names):
        model = active.get(name)
        options = {} if model is None else model.options
        learner = build_learner(name, options) if name in learners else None
        chosen.append(LearnerChoice(name, options, None if model is None else model.pk, learner))
    return tuple(chosen)


def train_sources(
    choices: Sequence[LearnerChoice], dataset: InteractionDataset, *, progress: Progress
) -> tuple[dict[str, ArraySource], dict[str, float]]:
    """Return what each learner makes of ``dataset`` by its key, and the seconds that it took.

    Raises TrainingTooLargeError, PublicationError, and whatever a learner does.
    """
    sources: dict[str, ArraySource] = {}
    seconds: dict[str, float] = {}
    wanted = [choice for choice in choices if choice.learner is not None]
    for number, choice in enumerate(wanted):
        assert choice.learner is not None
        part = scale_progress(progress, start=number / len(wanted), stop=(number + 1) / len(wanted))
        check_memory(choice.learner, dataset.catalog_id)
        begun = time.perf_counter()
        given = dataset if wants_content(choice.learner) else replace(dataset, content=None)
        publication = fit_learner(choice.learner, given, progress=part)
        seconds[choice.key] = round(time.perf_counter() - begun, 3)
        sources[choice.key] = ArraySource(publication, choice.learner)
    return sources, seconds


def read_content(dataset: InteractionDataset, plan: Plan) -> dict[str, ArraySource]:
    """Return the vectors of what the items say, as a source; nothing where there are none."""
    if dataset.content is None:
        return {}
    metrics = {s.space.metric for s in plan.strategies if s.space is not None and find_source(s) == CONTENT}
    there = dataset.content.any(axis=1)
    metric: Any = "inner_product" if metrics == {"inner_product"} else "cosine"
    return {CONTENT: ArraySource(Vectors(dataset.item_ids[there], dataset.content[there], metric))}
