"""Draws that are kept of a rating model, and people's vectors under each of them in closed form."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.learners.rating_model.rated_rows import RatedRows
from recommender.learners.rating_model.sampler import RatingSampler

Arrays = Mapping[str, NDArray[Any]]

_BLOCK_CELLS = 4_000_000
"""Entries of the systems that are solved together."""

_NAMES = ("vectors", "implicit", "weights", "means", "precisions")


class Draws:
    """S draws of everything but the people: all that a person's vector depends on beside the person's ratings.

    Stacked: ``vectors`` and ``implicit`` float16 (I, S, width), bias first, the latter what an item adds to the mean
    of those who rated it; ``weights`` float32 (I, S), the precision of an item's ratings; ``means`` (S, width) and
    ``precisions`` (S, width, width) of the people's prior.
    """

    def __init__(self) -> None:
        self._kept: list[dict[str, NDArray[Any]]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, sampler: RatingSampler) -> None:
        """Keep the sampler's present draw."""
        vectors = sampler.items.vectors.astype(np.float16)
        implicit = sampler.implicit_vectors()
        self._kept.append(
            {
                "vectors": vectors,
                "implicit": np.zeros_like(vectors) if implicit is None else implicit.astype(np.float16),
                "weights": (sampler.precision * sampler.items.noise).astype(np.float32),
                "means": sampler.people.mean,
                "precisions": sampler.people.factor @ sampler.people.factor.T,
            }
        )

    def stack(self) -> dict[str, NDArray[Any]]:
        """Return all draws as arrays; there must be one."""
        axes = {name: 1 if name in ("vectors", "implicit", "weights") else 0 for name in _NAMES}
        return {name: np.stack([draw[name] for draw in self._kept], axis=axes[name]) for name in _NAMES}

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return what ``restore`` takes back."""
        return {f"{place}.{name}": array for place, draw in enumerate(self._kept) for name, array in draw.items()}

    def restore(self, arrays: Arrays) -> None:
        """Take back what was packed."""
        count = len({key.partition(".")[0] for key in arrays})
        self._kept = [{name: arrays[f"{place}.{name}"] for name in _NAMES} for place in range(count)]


def fold_in(draws: Arrays, ratings: RatedRows, *, profiles: int) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield blocks of profiles with their vectors (b, S, width), the mean of each given each draw.

    ``ratings`` hold scaled values and items as rows of ``draws``. With D the items' vectors (1, q), y the values beyond
    the items' biases and W their precisions, the mean is m + (Λ + DᵀWD)⁻¹ DᵀW(y - Dm) around the prior's m, which is
    linear in the items that were rated.
    """
    draw_count, width = draws["means"].shape
    bounds = ratings.bound(profiles=profiles)
    step = max(1, _BLOCK_CELLS // (draw_count * (width + 1) ** 2))
    for first in range(0, profiles, step):
        block = slice(first, min(first + step, profiles))
        count = block.stop - first
        moments = np.zeros((count, draw_count, width + 1, width + 1), dtype=np.float32)
        priors = np.broadcast_to(draws["means"], (count, draw_count, width)).copy()
        for place in range(count):
            rows = slice(bounds[first + place], bounds[first + place + 1])
            if rows.start < rows.stop:
                items = ratings.items[rows]
                priors[place] += draws["implicit"][items].sum(axis=0, dtype=np.float64) / np.sqrt(len(items))
                _add_up(draws, items, ratings.values[rows], out=moments[place])
        left, right = moments[:, :, :width, :width].astype(np.float64), moments[:, :, :width, width]
        pull = right - np.einsum("bskl,bsl->bsk", left, priors)
        yield block, priors + np.linalg.solve(left + draws["precisions"], pull[..., None])[..., 0]


def _add_up(draws: Arrays, items: NDArray[np.int64], values: NDArray[np.float64], *, out: NDArray[np.float32]) -> None:
    """Write the weighted moments of (D, y) under each draw, (S, width + 1, width + 1)."""
    vectors = draws["vectors"][items].astype(np.float32)
    roots = np.sqrt(draws["weights"][items])[:, :, None]
    design = np.concatenate([vectors, (values[:, None] - vectors[:, :, 0])[:, :, None]], axis=2)
    design[:, :, 0] = 1.0
    design *= roots
    turned = np.ascontiguousarray(design.transpose(1, 0, 2))
    np.matmul(turned.transpose(0, 2, 1), turned, out=out)
