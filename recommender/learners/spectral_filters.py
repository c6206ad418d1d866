"""Filters on a spectrum: how much of each direction of the item graph is kept."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FilterName = Literal["ridge", "linear"]

_GRID = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """``gains`` (k,) of the directions found, on top of ``slope`` times the graph itself, which all directions get."""

    gains: NDArray[np.float32]
    slope: float


def respond(strengths: NDArray[np.float64], *, name: FilterName, ridge: float) -> NDArray[np.float64]:
    """Return the response of the filter ``name`` to directions of ``strengths`` from 0 to 1, same shape; 0 at 0."""
    if name == "linear":
        return strengths
    return strengths / np.maximum(strengths + ridge, 1e-12)


def make_filter(
    strengths: NDArray[np.float64],
    *,
    complete: bool,
    name: FilterName,
    ridge: float,
    low_pass: float,
    low_pass_rank: int,
    tail: bool,
) -> Filter:
    """Return the filter for the ``strengths`` (k,) found, falling, of all directions or (not ``complete``) the leading.

    Behind the last one found, the response is replaced by the line through 0 that fits it best (least squares on even
    steps from 0 to the last strength), unless there is to be no ``tail``. ``low_pass`` is added to the leading
    ``low_pass_rank``.
    """
    gains = respond(strengths, name=name, ridge=ridge)
    slope = 0.0
    if name == "linear":
        slope = 1.0
    elif tail and not complete and len(strengths):
        grid = np.linspace(0.0, float(strengths[-1]), _GRID)[1:]
        slope = float((grid * respond(grid, name=name, ridge=ridge)).sum() / (grid * grid).sum())
    gains = gains - slope * strengths
    gains[:low_pass_rank] += low_pass
    return Filter(gains.astype(np.float32), slope)
