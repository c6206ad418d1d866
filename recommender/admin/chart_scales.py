"""Scales of charts: from numbers to places, with ticks at round numbers, and labels that do not cover each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Places numbers from ``low`` to ``high`` between ``start`` and ``stop``, which may lie the other way round."""

    low: float
    high: float
    start: float
    stop: float
    ticks: tuple[float, ...]

    def place(self, number: float) -> float:
        """Return where ``number`` lies, rounded to a tenth."""
        share = (number - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start), 1)


def make_scale(highest: float, *, start: float, stop: float, ticks: int = 5) -> Scale:
    """Return a scale from 0 to the first round number that is not below ``highest``, with about ``ticks`` steps."""
    highest = highest if highest > 0 and math.isfinite(highest) else 1.0
    rough = highest / ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * 0.999)
    count = math.ceil(highest / step - 1e-9)
    return Scale(0.0, count * step, start, stop, tuple(round(number * step, 12) for number in range(count + 1)))


def count_decimals(ticks: Sequence[float]) -> int:
    """Return how many decimals tell the ticks apart: 0.25, 0.5 need two."""
    return next((digits for digits in range(6) if all(abs(tick - round(tick, digits)) < 1e-9 for tick in ticks)), 6)


def measure_text(text: str, *, size: float) -> float:
    """Return about how wide a text is, wide letters counted twice."""
    return sum(1.0 if ord(letter) >= 0x2E80 else 0.6 for letter in text) * size


def place_labels(
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    *,
    size: float,
    left: float,
    right: float,
    bottom: float,
) -> list[tuple[float, float]]:
    """Return where each text begins (left end of its baseline): beside its point, clear of points and other texts.

    ``left``, ``right`` and ``bottom`` bound what may be written on. Where all is taken, a text has the nearest place.
    """
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    placed = []
    for (x, y), text in zip(points, texts, strict=True):
        width = measure_text(text, size=size)
        sides = [side for side in (x + 9, x - 9 - width) if left <= side and side + width <= right] or [left]
        shifts = [sign * size * step * 0.55 for step in range(16) for sign in (1, -1)]
        choices = [(side, min(y + size * 0.35 + shift, bottom - size * 0.3)) for shift in shifts for side in sides]
        found = next((choice for choice in choices if not _is_taken(_frame(choice, width, size), taken)), choices[0])
        taken.append(_frame(found, width, size))
        placed.append((round(found[0], 1), round(found[1], 1)))
    return placed


def _frame(baseline: tuple[float, float], width: float, size: float) -> Box:
    left, bottom = baseline
    return left - 3, bottom - size, left + width + 3, bottom + size * 0.3


def _is_taken(box: Box, taken: Sequence[Box]) -> bool:
    return any(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken)
