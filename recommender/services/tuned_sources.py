"""The sources that a tuned placement weighs, as arrays, and how they are put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.array_readers import ArraySource
from recommender.evaluation.candidates import count_steps
from recommender.evaluation.cases import Cases
from recommender.evaluation.scoring import CaseScorer, make_scorer
from recommender.fitting.blending import RankingCases, make_ranking_cases
from recommender.fitting.lists import keep_cases, sample_cases
from recommender.fitting.members import Member
from recommender.fitting.ranking import RankingFit, fit_ranking, gather_table
from recommender.learners import Shape
from recommender.models import PlacementStrategy
from recommender.selectors import name_strategy
from recommender.training.dataset import InteractionDataset

Reader = PlacementStrategy.Reader

READERS: Mapping[Shape, str] = {
    "vectors": Reader.HISTORY_MATCH,
    "neighbours": Reader.NEIGHBOURS,
    "scores": Reader.SCORES,
    "shortlists": Reader.SHORTLIST,
}
"""How each shape is read where nobody is on a page."""

SHORT_LENGTHS = (0, 1, 2, 3, 5, 8)
"""Lengths that some histories are cut to: newcomers are served by the same ranking, and few are held out."""

SHORT_SHARE = 0.4
"""Cut histories to fit to, as a share of the whole ones."""

MOST_FITTED = 4000
"""Cases that the ranking is fitted to."""


@dataclass(frozen=True, slots=True)
class TunedSource:
    """A strategy with what it reads: ``key`` of the learner or role of the space, and how good it is alone."""

    reader: str
    key: str
    source: ArraySource

    @property
    def name(self) -> str:
        """The name by which a plan, and a fitted ranking, know the strategy."""
        return name_strategy(self.reader, self.key)


def make_source(member: Member) -> TunedSource:
    """Return what ``member`` learned as a source, read as its shape is."""
    return TunedSource(READERS[member.learner.shape], member.key, ArraySource(member.publication, member.learner))


def make_scorers(sources: Sequence[TunedSource], histories: InteractionDataset) -> list[CaseScorer]:
    """Return a scorer a source for the people of ``histories``."""
    return [make_scorer(each.source.publication, each.source.learner, histories) for each in sources]


def fit_sources(
    sources: Sequence[TunedSource], cases: Cases, *, exclude_seen: bool, seed: int, threads: int, with_trees: bool
) -> RankingFit:
    """Fit how the scores of ``sources`` are put together, to people with their whole histories and with short ones."""
    drawn = sample_cases(cases, size=MOST_FITTED, seed=seed)
    table, wanted = gather_table(make_scorers(sources, drawn.histories), drawn, exclude_seen=exclude_seen)
    whole = make_ranking_cases(table.scores, table.items, wanted, table.lengths)
    short = _gather_short(sources, drawn, exclude_seen=exclude_seen, seed=seed)
    return fit_ranking(
        whole if short is None else join_cases(whole, short), seed=seed, threads=threads, with_trees=with_trees
    )


def shorten_histories(
    histories: InteractionDataset, *, profiles: NDArray[np.int64], rows: NDArray[np.int64]
) -> InteractionDataset:
    """Return ``histories`` with the latest ``rows`` (c,) alone of each of ``profiles`` (c,), and nothing of others."""
    kept = np.zeros(len(histories.profile_ids), dtype=np.int64)
    kept[profiles] = rows
    ends = histories.profile_offsets[1:]
    from_end = ends[histories.profiles] - np.arange(len(histories))
    return histories.keep_rows(from_end <= kept[histories.profiles])


def join_cases(first: RankingCases, second: RankingCases) -> RankingCases:
    """Return the cases of both, padded to the same number of candidates."""
    width = max(first.there.shape[1], second.there.shape[1])

    def pad(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.pad(array, [(0, 0), (0, width - array.shape[1]), *[(0, 0)] * (array.ndim - 2)])

    return RankingCases(
        features=np.concatenate([pad(first.features), pad(second.features)]),  # type: ignore[arg-type]
        there=np.concatenate([pad(first.there), pad(second.there)]),  # type: ignore[arg-type]
        wanted=np.concatenate([pad(first.wanted), pad(second.wanted)]),  # type: ignore[arg-type]
        lengths=np.concatenate([first.lengths, second.lengths]),
    )


def _gather_short(
    sources: Sequence[TunedSource], cases: Cases, *, exclude_seen: bool, seed: int
) -> RankingCases | None:
    """Return some of the cases as if no more than their latest rows were known; None where none is longer than that.

    What they have met before stays left out: it would stand among the best, and is no target.
    """
    dice = np.random.default_rng([seed, 2])
    rows = dice.choice(SHORT_LENGTHS, size=len(cases))
    offsets = cases.histories.profile_offsets
    longer = np.flatnonzero(np.diff(offsets)[cases.profiles] > rows)
    chosen = np.sort(dice.permutation(longer)[: round(SHORT_SHARE * len(cases))])
    if not len(chosen):
        return None
    some = keep_cases(cases, chosen)
    histories = shorten_histories(cases.histories, profiles=some.profiles, rows=rows[chosen])
    table, wanted = gather_table(make_scorers(sources, histories), some, exclude_seen=exclude_seen)
    lengths = count_steps(replace(some, histories=histories))
    return make_ranking_cases(table.scores, table.items, wanted, lengths)
