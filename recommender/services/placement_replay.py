"""One split of an evaluation: trained on its first part, replayed and measured on its second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.evaluation.array_readers import ArrayReaders, ArraySource
from recommender.evaluation.case_figures import CaseFacts, VariantFigures, describe_cases, measure_replay
from recommender.evaluation.cases import Cases, Split
from recommender.evaluation.friend_voices import FriendVoices
from recommender.evaluation.offline_plans import CONTENT, Variant, bind_plan, find_source, make_variants
from recommender.evaluation.replay import replay_cases
from recommender.fitting.lists import sample_cases
from recommender.learners import Progress
from recommender.pipeline import FALLBACK_PREFIX
from recommender.readers.fitted_rankings import read_ranking_arrays
from recommender.readers.friends import FRIENDS
from recommender.records import Plan
from recommender.services.offline_items import mark_filtered, read_friends, read_published
from recommender.services.offline_sources import BASELINE, LearnerChoice, read_content, train_sources
from recommender.services.training_progress import scale_progress

_TRAINED = 0.5


@dataclass(frozen=True, slots=True)
class MeasuredSplit:
    """The variants that were replayed, the figures of each, what the cases are like, and each learner's seconds."""

    variants: tuple[Variant, ...]
    figures: tuple[VariantFigures, ...]
    facts: CaseFacts
    seconds: Mapping[str, float]


def draw_cases(cases: Cases, *, size: int, seed: int) -> Cases:
    """Return at most ``size`` of the cases, drawn at random, with the histories of these people alone."""
    drawn = sample_cases(cases, size=size, seed=seed)
    asked = np.zeros(len(cases.histories.profile_ids), dtype=bool)
    asked[drawn.profiles] = True
    return replace(drawn, histories=cases.histories.keep_rows(asked[cases.histories.profiles]))


def measure_split(
    plan: Plan, choices: Sequence[LearnerChoice], split: Split, *, k: int, progress: Progress
) -> MeasuredSplit:
    """Train every learner on ``split.train`` alone, and ask every variant of ``plan`` for ``k`` items in each case."""
    trained, seconds = train_sources(choices, split.train, progress=scale_progress(progress, start=0.0, stop=_TRAINED))
    offline = bind_plan(plan, {**trained, **read_content(split.train, plan)})
    variants = make_variants(offline, baseline=BASELINE)
    replays = replay_cases(
        variants,
        split.cases,
        _make_readers(plan, offline.sources, split),
        k=k,
        on_page=is_on_page(plan),
        progress=scale_progress(progress, start=_TRAINED, stop=1.0),
    )
    figures = [measure_replay(replay, split, k=k, vectors=split.train.content) for replay in replays]
    return MeasuredSplit(variants, tuple(figures), describe_cases(split), seconds)


def is_on_page(plan: Plan) -> bool:
    """Return whether a placement stands on the page of an item: one of its strategies goes by that item."""
    return any(strategy.reader == "similar_items" for strategy in plan.strategies)


def goes_by_friends(plan: Plan) -> bool:
    """Return whether a placement asks what friends like."""
    return any(strategy.reader == FRIENDS for strategy in plan.strategies)


def describe_strategies(plan: Plan, choices: Sequence[LearnerChoice]) -> list[dict[str, Any]]:
    """Return what each strategy of ``plan`` read in the evaluation, as plain JSON."""
    by_key = {choice.key: choice for choice in choices}
    described = []
    for strategy in plan.strategies:
        if strategy.name.startswith(FALLBACK_PREFIX):
            continue
        source = find_source(strategy)
        choice = by_key.get(source)
        as_it_is = source == CONTENT or strategy.reader == FRIENDS
        state = "content" if as_it_is else "trained" if choice and choice.learner else "missing"
        described.append(
            {
                "name": strategy.name,
                "reader": strategy.reader,
                "source": source,
                "weight": strategy.weight,
                "state": state,
                "model": choice.model_id if choice else None,
                "options": dict(choice.options) if choice else {},
            }
        )
    return described


def list_notes(plan: Plan) -> list[str]:
    """Return the codes of what a reader of the figures has to know."""
    notes = ["visibility"]
    if is_on_page(plan):
        notes.append("on_page")
    if goes_by_friends(plan):
        notes.append("friends")
    if read_ranking_arrays(plan) is not None:
        notes.append("fitted_ranking")
    return notes


def _make_readers(plan: Plan, sources: Mapping[int, ArraySource], split: Split) -> ArrayReaders:
    cases = split.cases
    histories = cases.histories
    times = np.full(len(histories.profile_ids), cases.times.max())
    times[cases.profiles] = cases.times
    candidates = mark_filtered(plan.catalog_id, histories.item_ids, plan.filters)
    if cases.candidates is not None:
        candidates = cases.candidates if candidates is None else candidates & cases.candidates
    arrays = read_ranking_arrays(plan)
    return ArrayReaders(
        histories,
        models=sources,
        spaces=sources,
        times=times,
        published=read_published(plan.catalog_id, histories.item_ids),
        candidates=candidates,
        people=cases.profiles,
        friends=FriendVoices(split.train, read_friends(plan.catalog_id)) if goes_by_friends(plan) else None,
        ranking_arrays={} if arrays is None or plan.fitted is None else {plan.fitted.id: arrays},
    )
