"""How good a tuned placement is on people whom nothing was chosen by: beside what it was, and each strategy alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.array_readers import ArrayReaders, ArraySource
from recommender.evaluation.case_figures import describe_cases, measure_replay
from recommender.evaluation.cases import Split
from recommender.evaluation.offline_plans import CONTENT, OfflinePlan, Variant, bind_plan, find_source
from recommender.evaluation.placement_report import make_report
from recommender.evaluation.replay import Replay, replay_cases
from recommender.fitting.lists import rank_cases
from recommender.fitting.members import Member
from recommender.fitting.ranking import RankingFit
from recommender.fitting.recipe import Recipe
from recommender.learners import Progress
from recommender.pipeline import FALLBACK_PREFIX
from recommender.readers.fitted_rankings import read_ranking_arrays
from recommender.records import FittedRef, Plan, StrategyPlan
from recommender.services.offline_items import group_by_category
from recommender.services.offline_sources import BASELINE
from recommender.services.placement_replay import list_notes
from recommender.services.present_sources import PresentSources
from recommender.services.training_progress import scale_progress
from recommender.services.tuned_sources import Reader, TunedSource, make_scorers, make_source
from recommender.services.tuning_cases import TuningSplit
from recommender.training.dataset import InteractionDataset

BEFORE = "before"
_TUNED_ID = -1


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was found: the placement's sources in order, and the ranking fitted to them."""

    sources: tuple[TunedSource, ...]
    ranking: RankingFit


def measure_tuned(
    plan: Plan,
    tuned: Tuned,
    split: Split,
    *,
    alone: Sequence[TunedSource],
    shared: Mapping[str, ArraySource],
    k: int,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Return the report on ``split``: the placement as it would serve, as it was, and each source ``alone``.

    The first two are asked for through the pipeline that serves. ``shared`` has what the strategies of ``plan`` read
    by key or role, and the popular items and vectors of content where there are any.
    """
    after = bind_tuned(plan, tuned, shared)
    variants = [Variant(plan.placement_key, "placement", after.plan)]
    replays = [
        _replay(variants[0], after, tuned, split, k=k, progress=scale_progress(progress, start=0.0, stop=0.4)),
    ]
    if any(not strategy.name.startswith(FALLBACK_PREFIX) for strategy in plan.strategies):
        before = bind_plan(plan, shared)
        variants.append(Variant(f"{plan.placement_key} ({BEFORE})", "placement", before.plan))
        part = scale_progress(progress, start=0.4, stop=0.8)
        replays.append(_replay(variants[1], before, tuned, split, k=k, progress=part))
    for source, scorer in zip(alone, make_scorers(alone, split.cases), strict=True):
        kind = "baseline" if source.key == BASELINE else "strategy"
        variants.append(Variant(source.name, kind, plan))
        ranked = rank_cases(scorer, split.cases, k=k, exclude_seen=plan.exclude_seen)
        replays.append(Replay(variants[-1], ranked, np.zeros(len(split.cases))))
    figures = [measure_replay(replay, split, k=k, vectors=split.train.content) for replay in replays]
    item_ids = split.train.item_ids
    report = make_report(
        variants,
        figures,
        describe_cases(split),
        items=len(item_ids),
        k=k,
        seed=seed,
        categories=group_by_category(plan.catalog_id, item_ids),
    )
    progress(1.0)
    return report


def tell_tuning(
    plan: Plan,
    tuned: Tuned,
    split: TuningSplit,
    dataset: InteractionDataset,
    recipe: Recipe,
    present: PresentSources,
    *,
    k: int,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Return the report: the best of each learner that was tried counts as a strategy, and those of the placement."""
    best: dict[str, Member] = {}
    for member in recipe.tried:
        if member.key not in best or member.figures["ndcg"] > best[member.key].figures["ndcg"]:
            best[member.key] = member
    best |= {member.key: member for member in recipe.members}
    alone = {key: make_source(member) for key, member in best.items()}
    if CONTENT in present.content:
        alone[CONTENT] = TunedSource(Reader.HISTORY_MATCH, CONTENT, present.content[CONTENT])
    for strategy in plan.strategies:
        key = find_source(strategy)
        if key in present.learned and key not in alone:
            alone[key] = TunedSource(strategy.reader, key, present.learned[key])
    if BASELINE in present.learned and BASELINE not in alone:
        alone[BASELINE] = TunedSource(Reader.SCORES, BASELINE, present.learned[BASELINE])
    report = measure_tuned(
        plan,
        tuned,
        split.untouched,
        alone=list(alone.values()),
        shared={**present.learned, **present.content},
        k=k,
        seed=seed,
        progress=progress,
    )
    return {
        "placement": plan.placement_key,
        "protocol": split.name,
        "data": {
            "interactions": len(dataset),
            "profiles": len(dataset.profile_ids),
            "items": len(dataset.item_ids),
            "learned_from": len(split.untouched.train),
            "people": split.people,
            "chosen_by": len(split.chosen_by.cases),
            "splits": 1,
        },
        **report,
        "members": [_describe_member(member) for member in recipe.members],
        "ranker": tuned.ranking.ranker,
        "ranking_figures": dict(tuned.ranking.figures),
        "strategies": _describe_sources(tuned, recipe),
        "notes": [note for note in list_notes(plan) if note == "fitted_ranking"],
        "seconds": {
            "training": {**present.seconds, **{member.key: round(member.seconds, 3) for member in recipe.members}},
            "all": 0.0,
        },
    }


def bind_tuned(plan: Plan, tuned: Tuned, shared: Mapping[str, ArraySource]) -> OfflinePlan:
    """Return ``plan`` with the tuned strategies and ranking in place of its own, read from arrays."""
    strategies = [StrategyPlan(source.name, source.reader, 1.0) for source in tuned.sources]
    names = tuple(source.name for source in tuned.sources)
    if BASELINE in shared and BASELINE not in names:
        strategies.append(StrategyPlan(f"{FALLBACK_PREFIX}{BASELINE}", "scores", 0.0))
    fitted = FittedRef(_TUNED_ID, tuned.ranking.ranker, names)
    served = replace(plan, strategies=tuple(strategies), ranker=tuned.ranking.ranker, ranker_options={}, fitted=fitted)
    return bind_plan(served, {**shared, **{source.key: source.source for source in tuned.sources}})


def _replay(
    variant: Variant, offline: OfflinePlan, tuned: Tuned, split: Split, *, k: int, progress: Progress
) -> Replay:
    cases = split.cases
    times = np.full(len(cases.histories.profile_ids), cases.times.max())
    times[cases.profiles] = cases.times
    arrays: dict[int, Mapping[str, NDArray[Any]]] = {_TUNED_ID: tuned.ranking.arrays}
    live = read_ranking_arrays(offline.plan) if offline.plan.fitted and offline.plan.fitted.id != _TUNED_ID else None
    if live is not None and offline.plan.fitted is not None:
        arrays[offline.plan.fitted.id] = live
    readers = ArrayReaders(
        cases.histories,
        models=offline.sources,
        spaces=offline.sources,
        times=times,
        candidates=cases.candidates,
        people=cases.profiles,
        ranking_arrays=arrays,
    )
    return replay_cases([variant], cases, readers, k=k, progress=progress)[0]


def _describe_sources(tuned: Tuned, recipe: Recipe) -> list[dict[str, Any]]:
    options = {member.key: member.options for member in recipe.members}
    return [
        {
            "name": source.name,
            "reader": source.reader,
            "source": source.key,
            "weight": 1.0,
            "state": "trained" if source.key in options else "content",
            "model": None,
            "options": dict(options.get(source.key, {})),
        }
        for source in tuned.sources
    ]


def _describe_member(member: Member) -> dict[str, Any]:
    return {"learner": member.key, "options": dict(member.options), "chosen_by": dict(member.figures)}
