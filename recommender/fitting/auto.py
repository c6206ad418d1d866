"""``auto``: picks, tunes and blends learners by what is held out, within a budget of time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.evaluation.cases import Split
from recommender.fitting.blending import make_ranking_cases
from recommender.fitting.budget import Budget
from recommender.fitting.holdouts import Holdouts
from recommender.fitting.members import Member, train_member
from recommender.fitting.portfolio import Trial, list_trials
from recommender.fitting.ranking import fit_ranking, keep_sources
from recommender.fitting.recipe import Recipe
from recommender.fitting.selection import select_members
from recommender.fitting.tuning import tune_member
from recommender.learners import Scores, TrainingCancelled, learners
from recommender.training.dataset import InteractionDataset

_logger = logging.getLogger(__name__)

Report = Callable[[str], None]

NOTHING = Scores(np.empty(0, dtype=np.int64), np.empty(0))

TREES_SHARE = 0.05
"""Share of the budget that must be left for trees to be tried."""

TUNING_PART = 1 / 3
"""Part of the time left for tuning that one learner may take."""


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
    left; members are chosen, and put together, by what is held out. With ``refit`` the members are trained on that
    in the end, with the options and the ranking found.

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
    tried: list[Member] = []

    def note(member: Member) -> None:
        tried[:] = _lighten([*tried, member])
        budget.reserved = _estimate_end(tried, more_cases=len(many) / max(1, len(few)), trainings=trainings)
        say(
            f"{budget.used:6.0f} s  {member.key:<18} NDCG {member.figures['ndcg']:.4f}  "
            f"HR {member.figures['hit_rate']:.4f}  {member.seconds:5.1f} s  {_tell_options(member)}"
        )

    members = _try_all(trials, few, options, budget=budget, note=note)
    if not members:
        raise ValueError("no learner fits these data")
    members = _tune_best(members, trials, few, budget=budget, note=note)
    members += _train_slow(trials, few, options, again=refit is not None, budget=budget, note=note)
    members.sort(key=lambda member: -member.figures["ndcg"])
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
    return Recipe(tuple(replace(member, further=()) for member in kept), ranking, tuple(tried), steps)


def _estimate_end(tried: Sequence[Member], *, more_cases: float, trainings: float) -> float:
    """Return the seconds that the last steps may take, were the best of each learner members.

    They rank for ``more_cases`` times as many cases as each was measured on, and are trained ``trainings`` times as
    long as on what they learned from.
    """
    best = [member for member in tried if member.publication is not NOTHING]
    reading = sum(member.reading_seconds for member in best) * more_cases
    return reading + sum(member.seconds for member in best) * trainings


def _lighten(tried: Sequence[Member]) -> list[Member]:
    """Return the trials; what was learned stays with the best of each learner alone, as tables may be large."""
    best: dict[str, int] = {}
    for place, member in enumerate(tried):
        if member.key not in best or member.figures["ndcg"] > tried[best[member.key]].figures["ndcg"]:
            best[member.key] = place
    return [
        member if best[member.key] == place else replace(member, publication=NOTHING, further=())
        for place, member in enumerate(tried)
    ]


def _try_all(
    trials: Sequence[Trial],
    few: Holdouts,
    options: AutoOptions,
    *,
    budget: Budget,
    note: Callable[[Member], None],
) -> list[Member]:
    members: list[Member] = []
    until = 0.25 if any(trial.seconds_option for trial in trials) else 0.5
    for trial in trials:
        if trial.seconds_option or (members and not (budget.within(until) and budget.spare)):
            continue
        member = _train(trial, few, options)
        if member is not None:
            note(member)
            members.append(member)
    return members


def _tune_best(
    members: Sequence[Member],
    trials: Sequence[Trial],
    few: Holdouts,
    *,
    budget: Budget,
    note: Callable[[Member], None],
) -> list[Member]:
    """Tune the members, the strongest first, each for no more than TUNING_PART of the time that is left for it.

    A blend lives from members that differ, so one must not take up the time of all.
    """
    by_key = {trial.key: trial for trial in trials}
    until = 0.35 if any(trial.seconds_option for trial in trials) else 0.7
    return [
        tune_member(
            member,
            by_key[member.key],
            few,
            may_go_on=_take_part(budget, until=until),
            report=note,
        )
        for member in sorted(members, key=lambda member: -member.figures["ndcg"])
    ]


def _take_part(budget: Budget, *, until: float) -> Callable[[float], bool]:
    """Return what says whether a learner may be trained once more, given the seconds that it takes."""
    own = budget.share + TUNING_PART * (until - budget.share)
    return lambda seconds: budget.within(own) and seconds < min(budget.spare, 0.1 * budget.seconds)


def _train_slow(
    trials: Sequence[Trial],
    few: Holdouts,
    options: AutoOptions,
    *,
    again: bool,
    budget: Budget,
    note: Callable[[Member], None],
) -> list[Member]:
    """Train what takes as long as it may: together they get what is left, but for the blending's share.

    They are trained once for each part held out, and where they are trained ``again`` in the end, as long once more.
    """
    slow = [trial for trial in trials if trial.seconds_option]
    members = []
    for place, trial in enumerate(slow):
        spare = min(budget.left - 0.15 * budget.seconds, budget.spare)
        seconds = spare / (len(slow) - place) / (len(few.trains) + again)
        if seconds < 5:
            continue
        timed = replace(trial, options={**trial.options, trial.seconds_option: seconds})
        member = _train(timed, few, options)
        if member is not None:
            note(member)
            members.append(member)
    return members


def _train(trial: Trial, few: Holdouts, options: AutoOptions) -> Member | None:
    try:
        return few.try_member(trial.key, seed_options(trial, options.seed))
    except TrainingCancelled:
        raise
    except Exception as error:
        # Whatever is wrong with one learner, a plug-in's perhaps, the others are still to be had.
        _logger.warning("%s: left out: %s", trial.key, error, exc_info=error)
        return None


def seed_options(trial: Trial, seed: int) -> dict[str, object]:
    """Return the trial's options with ``seed``, where the learner has one."""
    has_seed = "seed" in learners.get(trial.key).Options.__dataclass_fields__
    return {**trial.options, "seed": seed} if has_seed else dict(trial.options)


def _tell_options(member: Member) -> str:
    return ", ".join(f"{name}={value}" for name, value in member.options.items())
