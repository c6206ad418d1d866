"""Where targets stand: in ranked lists, or by exact ranks among all items."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Targets
from recommender.learners.transitions import keep_strongest
from recommender.training.peaks import bound_greatest

Ranked = NDArray[np.integer[Any]]
ScoreMatrix = NDArray[np.float32] | NDArray[np.float64]

_CROWDED = 16
"""Rows with so many times more values at the bound than are listed have many equals, and are not sorted whole."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The h targets that were found over c cases.

    ``cases`` (h,) ascending; ``ranks`` (h,) from 1, ascending in a case, whole numbers or halves; ``counts`` (c,) all
    targets of each case, found or not; ``depth`` how far down was looked: a metric at k needs k of it.
    """

    cases: NDArray[np.int64]
    ranks: NDArray[np.float64]
    counts: NDArray[np.int64]
    depth: float

    def __len__(self) -> int:
        return len(self.counts)


def take_best(scores: ScoreMatrix, *, k: int) -> NDArray[np.int32]:
    """Return the k best items of each row of ``scores`` (B, I), best first, as (B, k); -1 where there are no more.

    Of equal scores the lower index comes first. NaN and -inf mark what is not to be listed.
    """
    rows, items = scores.shape
    width = min(k, items)
    listed = np.full((rows, k), -1, dtype=np.int32)
    if not width:
        return listed
    known = np.fmax(scores, -np.inf)
    least = np.maximum(bound_greatest(known, width), np.finfo(known.dtype).min)[:, None]
    kept = np.asarray(known >= least)
    crowded = np.flatnonzero(np.count_nonzero(kept, axis=1) > _CROWDED * width)
    if len(crowded):
        kept[crowded] = _mark_best(known[crowded], width)
    owners, places = np.divmod(np.flatnonzero(kept), items)
    owners, places, _ = keep_strongest(owners, places, known[owners, places], limit=width)
    listed[owners, np.arange(len(owners)) - np.searchsorted(owners, owners)] = places
    return listed


def _mark_best(known: ScoreMatrix, width: int) -> NDArray[np.bool_]:
    """Mark exactly ``width`` of each row: of those level with the last place, the lowest indices fill it."""
    least: NDArray[Any] = np.partition(known, -width, axis=1)[:, -width, None]
    above, level = known > least, known == least
    room = width - np.count_nonzero(above, axis=1, keepdims=True)
    return np.asarray(above | (level & (np.cumsum(level, axis=1, dtype=np.int32) <= room)))


def find_hits(ranked: Ranked, *, targets: Targets) -> Hits:
    """Return the targets found in ``ranked`` (c, n): item indices, best first, -1 where a list has ended.

    Raises:
        ValueError: another number of lists than cases, a case without a target or with one twice, an item twice in
            one list.
    """
    if ranked.shape[0] != len(targets):
        raise ValueError(f"{ranked.shape[0]} lists for {len(targets)} cases")
    _check_targets(targets)
    in_order: Ranked = np.sort(ranked, axis=1)
    twice = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if twice.any():
        raise ValueError(f"the list of case {int(np.flatnonzero(twice.any(axis=1))[0])} has an item twice")
    span = max(int(ranked.max(initial=-1)), int(targets.items.max(initial=-1))) + 1
    wanted = np.sort(targets.cases * span + targets.items)
    listed = np.arange(len(ranked), dtype=np.int64)[:, None] * span + ranked
    places = np.minimum(np.searchsorted(wanted, listed.ravel()), len(wanted) - 1).reshape(ranked.shape)
    found = (wanted[places] == listed) & (ranked >= 0) if len(wanted) else np.zeros(ranked.shape, dtype=bool)
    cases, columns = np.nonzero(found)
    return Hits(
        cases=cases, ranks=(columns + 1).astype(np.float64), counts=targets.counts, depth=float(ranked.shape[1])
    )


def rank_targets(scores: ScoreMatrix, *, targets: Targets) -> Hits:
    """Return the exact ranks of all targets among the items of ``scores`` (c, I), without making lists.

    rank = 1 + items above + half the others level with it: the mid-rank, so a model that says the same of everything
    gets the middle and not the top. Targets of one case stand one below the other: those level with each other share
    the places, in any order. A target that is not to be listed (NaN or -inf) is not found.

    Raises:
        ValueError: another number of rows than cases, a case without a target or with one twice.
    """
    if scores.shape[0] != len(targets):
        raise ValueError(f"{scores.shape[0]} rows of scores for {len(targets)} cases")
    _check_targets(targets)
    cases = targets.cases
    own = scores[cases, targets.items]
    above, level = _count_above(scores, targets, own)
    order = np.lexsort((-own, cases))
    cases, own, above, level = cases[order], own[order], above[order], level[order]
    places = np.arange(len(cases)) - targets.offsets[cases]
    opens = np.ones(len(cases), dtype=bool)
    opens[1:] = (cases[1:] != cases[:-1]) | (own[1:] != own[:-1])
    starts = np.flatnonzero(opens)
    groups = np.cumsum(opens) - 1
    sizes = np.diff(np.append(starts, len(cases)))[groups]
    # Other targets above and level are taken out of the counts, and come back in by their place.
    ranks = (above - places[starts][groups]) + (level - sizes) / 2 + places + 1.0
    listed = own > -np.inf
    return Hits(cases=cases[listed], ranks=ranks[listed], counts=targets.counts, depth=np.inf)


def join_hits(parts: list[Hits]) -> Hits:
    """Return the hits of batches of cases as those of all, in the order given."""
    starts = np.cumsum([0, *(len(part) for part in parts)])[:-1]
    return Hits(
        cases=np.concatenate([part.cases + start for part, start in zip(parts, starts, strict=True)]),
        ranks=np.concatenate([part.ranks for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
        depth=min(part.depth for part in parts),
    )


def sample_negatives(
    scores: ScoreMatrix,
    *,
    targets: Targets,
    negatives: int,
    seed: int,
    first_case: int = 0,
    weights: NDArray[np.float64] | None = None,
) -> ScoreMatrix:
    """Return ``scores`` (c, I) in which only the targets and ``negatives`` drawn others of each case remain, else NaN.

    **For holding against old tables alone.** Ranks among a sample are not ranks: they exceed full ones several times
    over and may order models the other way round (Krichene and Rendle 2020, "On sampled metrics for item
    recommendation"). Print "sampled" beside every figure made with this.

    Drawn without replacement from what is to be listed, evenly or by ``weights`` (I,) such as popularity; fewer where
    there are fewer. ``first_case`` numbers the first row, so that batches draw as one would.
    """
    kept = np.full_like(scores, np.nan)
    for row in range(len(scores)):
        wanted = targets.items[targets.offsets[row] : targets.offsets[row + 1]]
        open_to_draw = scores[row] > -np.inf
        open_to_draw[wanted] = False
        if weights is not None:
            open_to_draw &= weights > 0
        among = np.flatnonzero(open_to_draw)
        dice = np.random.default_rng([seed, first_case + row])
        # The k largest of u ** (1 / w) are a weighted draw without replacement (Efraimidis and Spirakis 2006).
        keys = np.log(dice.random(len(among))) / (1.0 if weights is None else weights[among])
        drawn = among[np.argsort(-keys, kind="stable")[:negatives]]
        kept[row, drawn] = scores[row, drawn]
        kept[row, wanted] = scores[row, wanted]
    return kept


def _count_above(
    scores: ScoreMatrix, targets: Targets, own: NDArray[np.float32] | NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count items above and level with each target, other targets and itself included: by the j-th of every case."""
    above, level = np.zeros(len(own), dtype=np.int64), np.zeros(len(own), dtype=np.int64)
    counts = targets.counts
    for number in range(int(counts.max(initial=0))):
        asked = np.flatnonzero(counts > number)
        places = targets.offsets[asked] + number
        rows = scores if len(asked) == len(scores) else scores[asked]
        above[places] = (rows > own[places, None]).sum(axis=1)
        level[places] = (rows == own[places, None]).sum(axis=1)
    return above, level


def _check_targets(targets: Targets) -> None:
    if (targets.counts < 1).any():
        raise ValueError(f"case {int(np.flatnonzero(targets.counts < 1)[0])} has no target")
    pairs = targets.cases * (int(targets.items.max(initial=0)) + 1) + targets.items
    in_order = np.sort(pairs)
    if (in_order[1:] == in_order[:-1]).any():
        pair = int(in_order[1:][in_order[1:] == in_order[:-1]][0])
        raise ValueError(f"case {pair // (int(targets.items.max()) + 1)} has a target twice")
