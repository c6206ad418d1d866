"""A placement's plan with its strategies bound to publications of this process instead of those that are live."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from recommender.evaluation.array_readers import ArraySource
from recommender.learners import Neighbours, Vectors
from recommender.pipeline import FALLBACK_PREFIX
from recommender.records import Plan, SpaceRef, StrategyPlan

CONTENT = "text"
"""The space of what the items say: read as it is, as it learns nothing from interactions."""

_BY_SPACE = ("history_match", "similar_items")


@dataclass(frozen=True, slots=True)
class OfflinePlan:
    """A plan, the number that each source goes by in it, and the sources by number: models and spaces in one."""

    plan: Plan
    numbers: Mapping[str, int]
    sources: Mapping[int, ArraySource]


@dataclass(frozen=True, slots=True)
class Variant:
    """A way of recommending that is measured: ``kind`` is placement, strategy or baseline.

    ``own_only``: what the fallbacks fill in is no merit of it, and left out.
    """

    name: str
    kind: str
    plan: Plan
    own_only: bool = False


def find_source(strategy: StrategyPlan) -> str:
    """Return the role of the space, or the key of the learner, that a strategy reads."""
    if strategy.reader in _BY_SPACE:
        return strategy.name.removeprefix(strategy.reader).removeprefix("_") or CONTENT
    return strategy.name.removeprefix(FALLBACK_PREFIX)


def bind_plan(plan: Plan, sources: Mapping[str, ArraySource]) -> OfflinePlan:
    """Return ``plan`` with every strategy reading from ``sources``, by role or key; without one it proposes nothing."""
    numbers = {name: number for number, name in enumerate(sorted(sources), start=1)}

    def refer(name: str) -> SpaceRef | None:
        publication = sources[name].publication if name in sources else None
        if not isinstance(publication, Vectors):
            return None
        return SpaceRef(numbers[name], publication.matrix.shape[1], publication.metric)

    def bind(strategy: StrategyPlan) -> StrategyPlan:
        name = find_source(strategy)
        if strategy.reader in _BY_SPACE:
            return replace(strategy, space=refer(name), model_id=None, readings=())
        publication = sources[name].publication if name in sources else None
        readings = publication.readings if isinstance(publication, Neighbours) else ()
        return replace(strategy, space=None, model_id=numbers.get(name), readings=readings)

    strategies = tuple(bind(strategy) for strategy in plan.strategies)
    return OfflinePlan(
        plan=replace(plan, strategies=strategies, diversity_space=refer(CONTENT)),
        numbers=numbers,
        sources={numbers[name]: source for name, source in sources.items()},
    )


def make_variants(offline: OfflinePlan, *, baseline: str = "popular") -> tuple[Variant, ...]:
    """Return the placement as it is, each of its strategies alone, and the scores of ``baseline`` (a bound learner).

    A strategy alone is its own list: neither ranked with others, nor re-ranked, nor filled up.
    """
    plan = offline.plan
    strategies = [strategy for strategy in plan.strategies if not strategy.name.startswith(FALLBACK_PREFIX)]
    if baseline in offline.numbers and not any(_is_baseline(strategy, baseline) for strategy in strategies):
        strategies.append(StrategyPlan(baseline, "scores", 1.0, model_id=offline.numbers[baseline]))
    variants = [Variant(plan.placement_key, "placement", plan)]
    taken = {plan.placement_key}
    for strategy in strategies:
        name = strategy.name if strategy.name not in taken else f"{strategy.name} ({strategy.reader})"
        taken.add(name)
        alone = replace(
            plan,
            strategies=(replace(strategy, weight=1.0),),
            ranker="reciprocal_rank",
            ranker_options={},
            fitted=None,
            reranker="",
            diversity=0.0,
        )
        kind = "baseline" if _is_baseline(strategy, baseline) else "strategy"
        variants.append(Variant(name, kind, alone, own_only=True))
    return tuple(variants)


def _is_baseline(strategy: StrategyPlan, baseline: str) -> bool:
    return strategy.reader == "scores" and strategy.name == baseline
