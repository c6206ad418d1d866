"""The sources that a tuned placement weighs, as arrays, and how they are put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.array_readers import ArraySource
from recommender.evaluation.candidates import count_steps
from recommender.evaluation.cases import Cases
from recommender.evaluation.scoring import PreciseScorer
from recommender.fitting.blending import Arrays, RankingCases, fit_blend, make_ranking_cases
from recommender.fitting.lists import make_case_scorer, sample_cases
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
"""Rows that some histories are cut to, where few of those held out are short: newcomers are served, too."""

FEW_SHORT = 0.1
"""Share of the cases with at most the longest of these below which short histories are few."""

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


def make_scorers(sources: Sequence[TunedSource], cases: Cases) -> list[PreciseScorer]:
    """Return a scorer a source for the people of ``cases``."""
    return [make_case_scorer(each.source.publication, each.source.learner, cases) for each in sources]


def fit_sources(
    sources: Sequence[TunedSource], cases: Cases, *, exclude_seen: bool, seed: int, threads: int, with_trees: bool
) -> RankingFit:
    """Fit how the scores of ``sources`` are put together on ``cases``.

    Where hardly any history is short, as in a log of old customers, weights of their own for short ones are fitted to
    the same people with less of their histories, and what is fitted is a blend: trees never saw such people.
    What serves in the end has learned from everything, so that the sizes of scores say nothing here.
    """
    drawn = sample_cases(cases, size=MOST_FITTED, seed=seed)
    table, wanted = gather_table(make_scorers(sources, drawn), drawn, exclude_seen=exclude_seen)
    whole = make_ranking_cases(table.scores, table.items, wanted, table.lengths, sizes_hold=False)
    longest = max(SHORT_LENGTHS)
    if (table.lengths <= longest).mean() >= FEW_SHORT:
        return fit_ranking(whole, seed=seed, threads=threads, with_trees=with_trees)
    short = _gather_short(sources, drawn, exclude_seen=exclude_seen, seed=seed)
    return RankingFit("blend", put_before(fit_blend(short, ranges=1), fit_blend(whole), length=longest + 1), {})


def put_before(first: Arrays, second: Arrays, *, length: int) -> Arrays:
    """Return the blend that weighs histories of fewer than ``length`` steps as ``first`` does, others as ``second``.

    ``first`` has one range of lengths. The means of ``second`` serve for both: what differs is the same for all
    candidates of a case.
    """
    scale = second["scale"]
    # Without a spread in one of the two, a feature has no weight in it, and no common scale.
    ratio = np.divide(scale, first["scale"], out=np.zeros_like(scale), where=np.isfinite(scale))
    kept = second["bucket_edges"] > length
    weights = second["weights"][np.concatenate([[int((~kept).sum())], np.flatnonzero(kept) + 1])]
    return {
        "mean": second["mean"],
        "scale": scale,
        "weights": np.concatenate([first["weights"] * ratio, weights]),
        "bucket_edges": np.concatenate([[float(length)], second["bucket_edges"][kept]]),
    }


def shorten_histories(
    histories: InteractionDataset, *, profiles: NDArray[np.int64], rows: NDArray[np.int64]
) -> InteractionDataset:
    """Return ``histories`` with the latest ``rows`` (c,) alone of each of ``profiles`` (c,), and nothing of others."""
    kept = np.zeros(len(histories.profile_ids), dtype=np.int64)
    kept[profiles] = rows
    ends = histories.profile_offsets[1:]
    from_end = ends[histories.profiles] - np.arange(len(histories))
    return histories.keep_rows(from_end <= kept[histories.profiles])


def _gather_short(sources: Sequence[TunedSource], cases: Cases, *, exclude_seen: bool, seed: int) -> RankingCases:
    """Return the cases as if no more than a few rows were known of each.

    What they have met before stays left out: it would stand among the best, and is no target.
    """
    rows = np.random.default_rng([seed, 2]).choice(SHORT_LENGTHS, size=len(cases))
    histories = shorten_histories(cases.histories, profiles=cases.profiles, rows=rows)
    shortened = replace(cases, histories=histories)
    table, wanted = gather_table(make_scorers(sources, shortened), cases, exclude_seen=exclude_seen)
    return make_ranking_cases(table.scores, table.items, wanted, count_steps(shortened), sizes_hold=False)
