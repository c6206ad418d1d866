"""Frozen value objects of the recommender; numpy inside, no ORM."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
FloatMatrix = NDArray[np.float32]

LONGEST_HISTORY = 1000
"""Steps of a history that are counted at most: longer ones are as long as this to a ranker."""


@dataclass(frozen=True, slots=True)
class Query:
    """Everything known when a recommendation is asked for. Ids are rows' primary keys.

    ``item_ids`` are context items (the page's item); ``filters`` are Django lookups that narrow the
    placement's own; ``diversity`` overrides the placement's. ``companion_ids`` are the others of a group: what any of
    them has seen is left out too, or, where ``seen_by_all`` says so, only what all have seen.
    """

    catalog_id: int
    now: datetime
    size: int
    profile_id: int | None = None
    item_ids: tuple[int, ...] = ()
    exclude_ids: tuple[int, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    diversity: float | None = None
    companion_ids: tuple[int, ...] = ()
    seen_by_all: bool = False

    @property
    def people(self) -> tuple[int, ...]:
        """The profiles whose histories say what has been seen."""
        own = () if self.profile_id is None else (self.profile_id,)
        return own + tuple(companion for companion in self.companion_ids if companion != self.profile_id)


@dataclass(frozen=True, slots=True)
class SpaceRef:
    """A vectors shape that a reader can read: the space, its width, its metric."""

    id: int
    dimensions: int
    metric: str


@dataclass(frozen=True, slots=True)
class HistoryReading:
    """How a history is weighed, by steps rather than time: the latest ``window``, each ``half_life`` half as much.

    The step r back (0 is the newest) weighs ``2 ** (-r / half_life)``; with a half-life of 0 all weigh 1. A step is a
    positive interaction, a run of one item being one; steps of one item add up.
    """

    half_life: float
    window: int


@dataclass(frozen=True, slots=True)
class StrategyPlan:
    """One strategy, resolved: a reader with the published shape that it reads.

    ``name`` is what a slate's ``sources`` show: the reader's name for vectors shapes
    (``history_match``), the learner's key for the others (``popular``). ``readings`` are those of a
    neighbours shape, one a bank; without any, the history is weighed by kind and time.
    """

    name: str
    reader: str
    weight: float
    space: SpaceRef | None = None
    model_id: int | None = None
    readings: tuple[HistoryReading, ...] = ()


@dataclass(frozen=True, slots=True)
class FittedRef:
    """A fitted ranking that is live: its id, the ranker that it is for, and the strategies that it weighs, in order."""

    id: int
    ranker: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a placement does, resolved against what is published now."""

    catalog_id: int
    strategies: tuple[StrategyPlan, ...]
    size: int = 10
    placement_id: int | None = None
    placement_key: str = ""
    heading: str = ""
    ranker: str = "reciprocal_rank"
    ranker_options: Mapping[str, Any] = field(default_factory=dict)
    fitted: FittedRef | None = None
    reranker: str = "mmr"
    reranker_options: Mapping[str, Any] = field(default_factory=dict)
    diversity: float = 0.0
    diversity_space: SpaceRef | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    exclude_seen: bool = True
    widget: str = "grid"
    widget_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CandidateList:
    """What one strategy proposed, best first: ``item_ids`` and ``scores`` of shape (k,).

    ``evidence_ids[i]`` is the history or context item that speaks for candidate i, 0 for none, -1
    where a vectors reader leaves it to be looked up.
    """

    name: str
    weight: float
    item_ids: Ids
    scores: Floats
    evidence_ids: Ids


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the strategies of a plan proposed, a list each, and how many steps the history has.

    ``history_length`` is 0 for a stranger and counts up to ``LONGEST_HISTORY``.
    """

    lists: tuple[CandidateList, ...]
    history_length: int = 0


@dataclass(frozen=True, slots=True)
class RankingContext:
    """What a ranker may know beyond the lists.

    ``item_ids`` (m,) are the merged candidates, distinct, in the order of lists and places. Where the ranker wants
    scores, ``scores`` float32 (m, S) say what each strategy makes of each candidate, whoever proposed it, NaN where it
    has nothing to say; ``names`` (S,) are the strategies: those of the plan, fallbacks among them, or for a fitted
    ranking its sources. ``arrays`` are those of the fitted ranking.
    """

    history_length: int = 0
    item_ids: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    scores: FloatMatrix | None = None
    names: tuple[str, ...] = ()
    arrays: Mapping[str, NDArray[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Merged candidates, best first: distinct ``item_ids`` and ``scores`` of shape (m,)."""

    item_ids: Ids
    scores: Floats


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an entry is there: a ``code`` with its evidence, and the sentence in the reader's language."""

    code: str
    text: str
    item_key: str = ""


@dataclass(frozen=True, slots=True)
class SlateEntry:
    """One entry of a slate with all that a page needs to show it."""

    item_id: int
    key: str
    kind: str
    title: str
    url: str
    image_url: str
    categories: tuple[str, ...]
    attributes: Mapping[str, Any]
    score: float
    sources: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Slate:
    """The final ordered list. ``exhausted``: no further eligible item exists.

    ``recommendation_id`` is None for previews, which are not logged.
    """

    entries: tuple[SlateEntry, ...]
    requested: int
    exhausted: bool
    milliseconds: float
    timings: Mapping[str, float]
    placement_key: str = ""
    heading: str = ""
    widget: str = "grid"
    widget_options: Mapping[str, Any] = field(default_factory=dict)
    recommendation_id: UUID | None = None
