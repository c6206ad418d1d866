"""``auto``: picks, tunes and blends learners by what is held out, within a budget of time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recommender.evaluation.cases import Split
from recommender.fitting.blending import make_ranking_cases
from recommender.fitting.budget import Budget
from recommender.fitting.holdouts import Holdouts
from recommender.fitting.members import Member, train_member
from recommender.fitting.portfolio import list_trials
from recommender.fitting.ranking import fit_ranking, keep_sources
from recommender.fitting.recipe import Recipe
from recommender.fitting.search import NOTHING, Search
from recommender.fitting.selection import select_members
from recommender.training.dataset import InteractionDataset

_logger = logging.getLogger(__name__)

Report = Callable[[str], None]

TREES_SHARE = 0.05
"""Share of the budget that must be left for trees to be tried."""


@dataclass(frozen=True, slots=True)
class AutoOptions:
    """How ``auto`` goes about it. ``only`` limits to some learners; ``ordered`` says that histories have an order.

    ``trained_again`` says that the members will be trained on more before they are asked, as they are with ``refit``.
    """

    budget_seconds: float = 1200.0
    seed: int = 0
    ordered: bool = True
    exclude_seen: bool = True
    trained_again: bool = False
    only: tuple[str, ...] = ()
    memory_bytes: int = 16 * 2**30
    tuning_cases: int = 2000
    blending_cases: int = 6000
    most_members: int = 7
    threads: int = 0


def fit_auto(
    validation: Split,
    options: AutoOptions,
    *,
    further: Sequence[Split] = (),
    refit: InteractionDataset | None = None,
    report: Report | None = None,
) -> Recipe:
    """Return the recipe that is best on ``validation.cases``, learned from ``validation.train`` alone.

    With ``further`` splits of the same people and items, choices go by all of them: by the mean figures, and by all
    cases together. One split of a few hundred people says too little to choose by.

    Each learner that fits the data is tried; the best few are tuned; those whose time can be chosen get what is
    left, and what else takes long comes after them; members are chosen, and put together, by what is held out. With
    ``refit`` the members are trained on that in the end, with the options and the ranking found.

    Raises:
        ValueError: no learner fits the data.
    """
    say = report or _logger.info
    budget = Budget(options.budget_seconds)
    trainings = 0 if refit is None else 1 / (1 + len(further))
    sizes_hold = refit is None and not options.trained_again
    holdouts = Holdouts.of([validation, *further], exclude_seen=options.exclude_seen)
    few = holdouts.sample(size=options.tuning_cases, seed=options.seed)
    many = holdouts.sample(size=options.blending_cases, seed=options.seed + 1)
    trials = list_trials(
        validation.train, ordered=options.ordered, memory_bytes=options.memory_bytes, only=options.only
    )
    more_cases = len(many) / max(1, len(few))
    search = Search(
        trials,
        few,
        budget,
        say,
        last_steps=lambda tried: _estimate_end(tried, more_cases=more_cases, trainings=trainings),
        seed=options.seed,
        again=refit is not None,
    )
    members = search.run()
    if not members:
        raise ValueError("no learner fits these data")
    table, wanted = many.gather(members)
    chosen, steps = select_members(
        table,
        wanted,
        names=[member.key for member in members],
        most=options.most_members,
        seed=options.seed,
        sizes_hold=sizes_hold,
    )
    say(f"{budget.used:6.0f} s  members: " + ", ".join(f"{name} {figure:.4f}" for name, figure in steps.items()))
    kept = [members[place] for place in chosen]
    table, wanted = keep_sources(table, wanted, chosen)
    ranking = fit_ranking(
        make_ranking_cases(table.scores, table.items, wanted, table.lengths, sizes_hold=sizes_hold),
        seed=options.seed,
        threads=options.threads,
        with_trees=budget.left > TREES_SHARE * budget.seconds,
    )
    say(f"{budget.used:6.0f} s  ranking: {ranking.ranker} {dict(ranking.figures)}")
    if refit is not None:
        kept = [replace(train_member(member.key, member.options, refit), figures=member.figures) for member in kept]
        say(f"{budget.used:6.0f} s  trained on all")
    return Recipe(tuple(replace(member, further=()) for member in kept), ranking, tuple(search.tried), steps)


def _estimate_end(tried: Sequence[Member], *, more_cases: float, trainings: float) -> float:
    """Return the seconds that the last steps may take, were the best of each learner members.

    They rank for ``more_cases`` times as many cases as each was measured on, and are trained ``trainings`` times as
    long as on what they learned from.
    """
    best = [member for member in tried if member.publication is not NOTHING]
    reading = sum(member.reading_seconds for member in best) * more_cases
    return reading + sum(member.seconds for member in best) * trainings
