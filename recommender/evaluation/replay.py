"""Replays cases through the pipeline that serves: each is asked for as a page would have done at that moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from recommender import pipeline
from recommender.evaluation.cases import Cases
from recommender.evaluation.offline_plans import Variant
from recommender.pipeline import FALLBACK_PREFIX
from recommender.readers.candidate_readers import CandidateReaders
from recommender.records import Query


@dataclass(frozen=True, slots=True)
class Replay:
    """What one variant recommended in c cases.

    ``ranked`` (c, k) item indices, best first, -1 where a list has ended; ``filled`` (c,) the share of the k places
    that no strategy but a fallback filled.
    """

    variant: Variant
    ranked: NDArray[np.int32]
    filled: NDArray[np.float64]


def replay_cases(
    variants: Sequence[Variant],
    cases: Cases,
    readers: CandidateReaders,
    *,
    k: int,
    on_page: bool = False,
    progress: Callable[[float], None] | None = None,
) -> tuple[Replay, ...]:
    """Return the lists of ``k`` that each variant gives in each case.

    ``on_page``: a case is on the page of the item that it met last, as on a product page; without a history, on none.
    ``progress`` is called with fractions of the cases.
    """
    item_ids = cases.histories.item_ids
    ranked = np.full((len(variants), len(cases), k), -1, dtype=np.int32)
    filled = np.zeros((len(variants), len(cases)))
    for place in range(len(cases)):
        query = make_query(cases, place, k=k, on_page=on_page)
        for number, variant in enumerate(variants):
            selection = pipeline.recommend(variant.plan, query, readers=readers)
            own = np.array([not sources[0].startswith(FALLBACK_PREFIX) for sources in selection.sources], dtype=bool)
            kept = selection.item_ids[own] if variant.own_only else selection.item_ids
            ranked[number, place, : len(kept)] = np.searchsorted(item_ids, kept)
            filled[number, place] = 0.0 if variant.own_only else np.count_nonzero(~own) / k
        if progress is not None:
            progress((place + 1) / len(cases))
    return tuple(Replay(variant, ranked[number], filled[number]) for number, variant in enumerate(variants))


def make_query(cases: Cases, place: int, *, k: int, on_page: bool = False) -> Query:
    """Return what is asked for the case at ``place``."""
    histories, profile = cases.histories, int(cases.profiles[place])
    page: tuple[int, ...] = ()
    if on_page:
        first, end = np.searchsorted(histories.profiles, [profile, profile + 1])
        page = (int(histories.item_ids[histories.items[end - 1]]),) if end > first else ()
    return Query(
        catalog_id=histories.catalog_id,
        now=datetime.fromtimestamp(float(cases.times[place]), tz=UTC),
        size=k,
        profile_id=int(histories.profile_ids[profile]),
        item_ids=page,
    )
