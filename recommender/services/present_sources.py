"""What a placement reads as it is, learned from the part of the log that it is tuned on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from recommender.evaluation.array_readers import ArraySource
from recommender.evaluation.offline_plans import CONTENT, find_source
from recommender.fitting.members import Member
from recommender.fitting.recipe import Recipe
from recommender.learners import Progress
from recommender.records import Plan
from recommender.services.offline_sources import LearnerChoice, choose_learners, read_content, train_sources
from recommender.services.tuned_sources import Reader, TunedSource, make_source
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class PresentSources:
    """What the placement reads now, learned from the same part of the log: learners by key, content by its role."""

    choices: Mapping[str, LearnerChoice]
    learned: Mapping[str, ArraySource]
    content: Mapping[str, ArraySource]
    seconds: Mapping[str, float]


def read_present(plan: Plan, dataset: InteractionDataset, *, progress: Progress) -> PresentSources:
    """Train what the strategies of ``plan`` read, with the options of the active models, on ``dataset``."""
    choices = choose_learners(plan)
    learned, seconds = train_sources(choices, dataset, progress=progress)
    return PresentSources({choice.key: choice for choice in choices}, learned, read_content(dataset, plan), seconds)


def keep_options(member: Member, present: PresentSources) -> Member:
    """Return a member that has no options to tune with those that a person has given its active model."""
    choice = present.choices.get(member.key)
    if getattr(type(member.learner), "tuning", None) or choice is None or choice.model_id is None:
        return member
    source = present.learned[member.key]
    if source.learner is None:
        return member
    return replace(member, options=choice.options, learner=source.learner, publication=source.publication)


def choose_sources(plan: Plan, recipe: Recipe, content: Mapping[str, ArraySource]) -> tuple[TunedSource, ...]:
    """Return the members of the recipe, and the likeness of content where the placement goes by it already."""
    sources = [make_source(member) for member in recipe.members]
    goes_by_content = any(
        strategy.reader == Reader.HISTORY_MATCH and find_source(strategy) == CONTENT for strategy in plan.strategies
    )
    if goes_by_content and CONTENT in content:
        sources.append(TunedSource(Reader.HISTORY_MATCH, CONTENT, content[CONTENT]))
    return tuple(sources)
