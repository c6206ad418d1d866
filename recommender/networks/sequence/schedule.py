"""How far a training is, by time or by epochs, and the learning rate that goes with it."""

import math
import time
from collections.abc import Callable

from recommender.networks.sequence.plan import MOST_EPOCHS, TrainingPlan


class Schedule:
    """Keeps count of ``share``, from 0 to 1, of the training that is done.

    With a time budget the pace of the steps is measured on the way, so that the rate has sunk to nearly nothing when
    the time ends. With ``plan.epochs`` no clock is looked at, and the share follows from the steps alone.
    """

    def __init__(
        self, plan: TrainingPlan, *, used: float = 0.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._plan, self._clock = plan, clock
        self._begun = clock() - used
        self._last = clock()
        self._pace: float | None = None
        self._measured = 0
        self.share = 0.0

    @property
    def epochs(self) -> int:
        """Passes over the data after which it is over in any case."""
        return self._plan.epochs or MOST_EPOCHS

    @property
    def used(self) -> float:
        """Seconds since the beginning, those before an interruption counted."""
        return self._clock() - self._begun

    @property
    def rate(self) -> float:
        """The learning rate now: a straight rise, then half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
        plan = self._plan
        if self.share < plan.warm_up:
            rate = plan.rate * self.share / plan.warm_up
        else:
            rate = plan.rate * (0.5 + 0.5 * math.cos(math.pi * (self.share - plan.warm_up) / (1 - plan.warm_up)))
        return max(rate, 1e-3 * plan.rate)

    def note_step(self, *, left: float) -> None:
        """Note that a step is done, and that ``left`` are to come until the last epoch ends."""
        if not self._plan.epochs:
            self._measure_pace()
            left = min(left, (self._plan.seconds - self.used) / max(self._pace or 0.0, 1e-9))
        self.share = 1.0 if left < 1 else self.share + (1 - self.share) / (left + 1)

    def _measure_pace(self) -> None:
        """Follow the seconds that a step takes; the first ones, in which kernels are made, tell nothing."""
        now = self._clock()
        took, self._last = now - self._last, now
        self._measured += 1
        self._pace = took if self._pace is None or self._measured < 4 else self._pace + 0.03 * (took - self._pace)
