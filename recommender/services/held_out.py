"""What a learner would have recommended to people before they chose: its figures on interactions held out from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.candidates import batches, mark_allowed
from recommender.evaluation.cases import Cases, Split, SplitError
from recommender.evaluation.metrics import measure_hits
from recommender.evaluation.ranks import find_hits, join_hits, take_best
from recommender.evaluation.scoring import make_scorer
from recommender.evaluation.splits import next_item, time_split
from recommender.learners import Learner, Publication
from recommender.training.dataset import InteractionDataset

CUTOFF = 10
METRICS = (f"ndcg@{CUTOFF}", f"hr@{CUTOFF}", f"recall@{CUTOFF}")
"""The first decides between two models."""

SHARE_BEFORE = 0.9
LEAST_BEFORE = 0.5
"""Where so much of the log lies at one moment that less than this comes before the cut, times carry nothing."""

FEW_PEOPLE = 200
FEW_SHARE = 0.25
"""Where a cut in time asks fewer people than both say (of those with a next item), hardly anybody comes back."""

CASES_SEED = 0
BATCH_NUMBERS = 2**24


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """Figures (c,) of c people by metric, in the order of the split's cases."""

    protocol: str
    figures: Mapping[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.figures[METRICS[0]])


def split_for_measuring(dataset: InteractionDataset, *, most_cases: int) -> Split | None:
    """Return the split that candidates are measured on, with up to ``most_cases`` people; None where there is none.

    The cut in time with a tenth of the rows behind it, for people known before it; where times carry nothing or few
    come back, the next item of each. People are drawn at random, the same for the same data.
    """
    split = _cut_by_time(dataset)
    if split is None or len(split.cases) < FEW_PEOPLE:
        in_order = _cut_by_order(dataset)
        if split is None or (in_order is not None and len(split.cases) < FEW_SHARE * len(in_order.cases)):
            split = in_order
    if split is None or len(split.cases) <= most_cases:
        return split
    drawn = np.random.default_rng(CASES_SEED).permutation(len(split.cases))[:most_cases]
    return replace(split, cases=_keep_cases(split.cases, np.sort(drawn)))


def measure_publication(publication: Publication, learner: Learner, split: Split) -> HeldOutFigures:
    """Return the figures of what ``learner`` published from ``split.train``, ranking all items for every case.

    Items that a person has met are left out of the list, unless most of the targets are such items.
    """
    cases = split.cases
    scorer = make_scorer(publication, learner, cases.histories)
    excludes = _share_of_met_targets(cases) < 0.5
    parts = []
    for batch in batches(len(cases), size=max(1, BATCH_NUMBERS // max(1, len(cases.histories.item_ids)))):
        profiles = cases.profiles[batch]
        scores = scorer.score(profiles)
        scores[~mark_allowed(cases, profiles, exclude_seen=excludes)] = np.nan
        parts.append(find_hits(take_best(scores, k=CUTOFF), targets=cases.targets.keep_cases(batch)))
    names = [name.partition("@")[0] for name in METRICS]
    return HeldOutFigures(split.name, measure_hits(join_hits(parts), cutoffs=[CUTOFF], metrics=names))


def _cut_by_time(dataset: InteractionDataset) -> Split | None:
    try:
        split = time_split(dataset, share=SHARE_BEFORE, newcomers=False)
    except SplitError:
        return None
    return split if len(split.train) >= LEAST_BEFORE * len(dataset) else None


def _cut_by_order(dataset: InteractionDataset) -> Split | None:
    try:
        return next_item(dataset)
    except SplitError:
        return None


def _keep_cases(cases: Cases, kept: NDArray[np.int64]) -> Cases:
    asked = np.zeros(len(cases.histories.profile_ids), dtype=bool)
    asked[cases.profiles[kept]] = True
    return replace(
        cases,
        profiles=cases.profiles[kept],
        histories=cases.histories.keep_rows(asked[cases.histories.profiles]),
        targets=cases.targets.keep_cases(kept),
        times=cases.times[kept],
    )


def _share_of_met_targets(cases: Cases) -> float:
    histories = cases.histories
    span = max(1, len(histories.item_ids))
    met = histories.profiles.astype(np.int64) * span + histories.items
    targets = cases.profiles[cases.targets.cases] * span + cases.targets.items
    return float(np.isin(targets, met).mean()) if len(targets) else 0.0
