"""The search of ``auto``: learners tried, the best tuned, and the slow given what time is left."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.fitting.budget import Budget
from recommender.fitting.holdouts import Holdouts
from recommender.fitting.members import Member, TooSlowError
from recommender.fitting.portfolio import Trial
from recommender.fitting.tuning import tune_member
from recommender.learners import Scores, TrainingCancelled, learners

_logger = logging.getLogger(__name__)

NOTHING = Scores(np.empty(0, dtype=np.int64), np.empty(0))

TUNING_PART = 1 / 3
"""Part of the time left for tuning that one learner may take."""

SLOW_SHARE = 0.1
"""Share of the budget that a training may take without being slow: slow ones are put off, and are not tuned."""

END_SHARE = 0.15
"""Share of the budget that is kept for the last steps at least."""


@dataclass(slots=True)
class Search:
    """Tries learners on what is held out, within a budget that everything shares.

    ``last_steps`` returns the seconds that are to be kept for the end, given all that was tried; ``again`` says that
    the members will be trained once more then. ``tried`` are all trials; what was learned stays with the best of each
    learner alone, as tables may be large.
    """

    trials: Sequence[Trial]
    few: Holdouts
    budget: Budget
    say: Callable[[str], None]
    last_steps: Callable[[Sequence[Member]], float]
    seed: int = 0
    again: bool = False
    tried: list[Member] = field(default_factory=list)
    _put_off: list[tuple[float, Trial]] = field(default_factory=list)

    def run(self) -> list[Member]:
        """Return the best of each learner that could be trained, the strongest first."""
        members = self._tune_best(self._try_all())
        members += self._train_timed()
        members += self._train_put_off()
        return sorted(members, key=lambda member: -member.figures["ndcg"])

    def _try_all(self) -> list[Member]:
        members: list[Member] = []
        until = 0.25 if self._has_timed else 0.5
        for trial in self.trials:
            if trial.seconds_option or (members and not (self.budget.within(until) and self.budget.spare)):
                continue
            most = max(SLOW_SHARE, until - self.budget.share) * self.budget.seconds if members else None
            try:
                members += self._train(trial, most_seconds=most)
            except TooSlowError as error:
                self._say(f"{trial.key:<18} put off: it would take {error.seconds:.0f} s")
                self._put_off.append((error.seconds, trial))
        return members

    def _tune_best(self, members: Sequence[Member]) -> list[Member]:
        """Tune the members, the strongest first, each for no more than TUNING_PART of the time that is left for it.

        A blend lives from members that differ, so one must not take up the time of all.
        """
        by_key = {trial.key: trial for trial in self.trials}
        until = 0.35 if self._has_timed else 0.7
        return [
            tune_member(member, by_key[member.key], self.few, may_go_on=self._take_part(until=until), report=self._note)
            for member in sorted(members, key=lambda member: -member.figures["ndcg"])
        ]

    def _take_part(self, *, until: float) -> Callable[[float], bool]:
        """Return what says whether a learner may be trained once more, given the seconds that it takes."""
        budget = self.budget
        own = budget.share + TUNING_PART * (until - budget.share)
        return lambda seconds: budget.within(own) and seconds < min(budget.spare, SLOW_SHARE * budget.seconds)

    def _train_timed(self) -> list[Member]:
        """Train what takes as long as it may: together they get what is left, but for the share of the end.

        They are trained once for each part held out, and where they are trained ``again`` in the end, as long once
        more.
        """
        timed = [trial for trial in self.trials if trial.seconds_option]
        members = []
        for place, trial in enumerate(timed):
            seconds = self._spare / (len(timed) - place) / (len(self.few.trains) + self.again)
            if seconds >= 5:
                members += self._train(replace(trial, options={**trial.options, trial.seconds_option: seconds}))
        return members

    def _train_put_off(self) -> list[Member]:
        """Train what was put off, the shortest first, as far as there is time."""
        members = []
        for seconds, trial in sorted(self._put_off, key=lambda pair: pair[0]):
            if seconds < self._spare:
                members += self._train(trial)
        return members

    @property
    def _has_timed(self) -> bool:
        return any(trial.seconds_option for trial in self.trials)

    @property
    def _spare(self) -> float:
        return min(self.budget.left - END_SHARE * self.budget.seconds, self.budget.spare)

    def _train(self, trial: Trial, *, most_seconds: float | None = None) -> list[Member]:
        """Return the trial's member, or nothing: whatever is wrong with one learner, a plug-in's perhaps, the others
        are still to be had."""
        try:
            member = self.few.try_member(trial.key, seed_options(trial, self.seed), most_seconds=most_seconds)
        except (TrainingCancelled, TooSlowError):
            raise
        except Exception as error:
            _logger.warning("%s: left out: %s", trial.key, error, exc_info=error)
            return []
        self._note(member)
        return [member]

    def _note(self, member: Member) -> None:
        self.tried = lighten([*self.tried, member])
        self.budget.reserved = self.last_steps(self.tried)
        options = ", ".join(f"{name}={value}" for name, value in member.options.items())
        self._say(
            f"{member.key:<18} NDCG {member.figures['ndcg']:.4f}  HR {member.figures['hit_rate']:.4f}  "
            f"{member.seconds:5.1f} s  {options}"
        )

    def _say(self, text: str) -> None:
        self.say(f"{self.budget.used:6.0f} s  {text}")


def lighten(tried: Sequence[Member]) -> list[Member]:
    """Return the trials; what was learned stays with the best of each learner alone."""
    best: dict[str, int] = {}
    for place, member in enumerate(tried):
        if member.key not in best or member.figures["ndcg"] > tried[best[member.key]].figures["ndcg"]:
            best[member.key] = place
    return [
        member if best[member.key] == place else replace(member, publication=NOTHING, further=())
        for place, member in enumerate(tried)
    ]


def seed_options(trial: Trial, seed: int) -> dict[str, object]:
    """Return the trial's options with ``seed``, where the learner has one."""
    has_seed = "seed" in learners.get(trial.key).Options.__dataclass_fields__
    return {**trial.options, "seed": seed} if has_seed else dict(trial.options)
