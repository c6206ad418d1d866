"""The learner family: what trains on interactions and content and publishes one shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from catalog.extensions import Registry
from recommender.records import HistoryReading
from recommender.training.dataset import InteractionDataset

Arrays = Mapping[str, NDArray[Any]]
Shape = Literal["vectors", "neighbours", "scores", "shortlists"]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Scores:
    """One number an item: ``item_ids`` (k,) primary keys, ``scores`` (k,) finite, any order."""

    item_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    metrics: Mapping[str, float] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Compressed rows: neighbours of ``item_ids[i]`` are ``neighbour_ids[offsets[i]:offsets[i + 1]]``, best first.

    ``readings`` say how a history is weighed by steps; ``banks`` (k,) which of them each row is read with (the first
    where None), so that an item has a row for each timescale, and the sums over all add up. Weights may be negative.
    """

    item_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    neighbour_ids: NDArray[np.int64]
    weights: NDArray[np.float64]
    metrics: Mapping[str, float] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)
    banks: NDArray[np.int16] | None = None
    readings: tuple[HistoryReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Vectors:
    """Item vectors: ``item_ids`` (k,), ``matrix`` float32 (k, d), and the metric that ranks by them.

    ``profile_ids`` (p,) and ``profile_matrix`` float32 (p, d), where a learner makes query vectors for people; without
    one, a history is read as the weighted mean of its items' vectors.
    """

    item_ids: NDArray[np.int64]
    matrix: NDArray[np.float32]
    metric: Literal["cosine", "inner_product"] = "cosine"
    metrics: Mapping[str, float] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)
    profile_ids: NDArray[np.int64] | None = None
    profile_matrix: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Shortlists:
    """Ready lists: that of ``profile_ids[i]`` is ``item_ids[offsets[i]:offsets[i + 1]]``, best first."""

    profile_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    item_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    metrics: Mapping[str, float] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


class TrainingCancelled(Exception):
    """Somebody has cancelled the training: raised by ``progress``, for a learner to let pass."""


class Checkpoint(Protocol):
    """What a long training puts by, so that another worker can go on after one has died."""

    def load(self) -> Arrays | None:
        """Return the arrays last saved for this run, None at its first start."""
        ...

    def save(self, arrays: Arrays) -> None:
        """Put ``arrays`` by in place of what was saved before."""
        ...


Publication = Scores | Neighbours | Vectors | Shortlists


class Learner(Protocol):
    """A learner, built by ``Component(options)``. Training returns a publication and changes nothing.

    A publication's ``arrays`` are kept with the model. Optional members of a class, read with getattr:

    - ``wants_content = True``: the dataset comes with ``content``;
    - ``resumable = True``: ``train`` also takes ``checkpoint`` (by keyword: a Checkpoint, or None where nothing is put
      by), and a run that starts again after its worker has died goes on from it, to the same result;
    - ``estimate_bytes(items, profiles, interactions) -> int``: the memory that a training needs at its peak, so that
      one that cannot fit is refused before it starts;
    - ``encode_profiles(arrays, dataset) -> matrix`` float32 (P, d): query vectors of the profiles of a dataset from
      the ``arrays`` of the learner's own publication, a row of zeros where nothing is known. ``dataset`` holds their
      histories; its items need not be those trained on.

    And for the automatic choice (``recommender.fitting``), which tries a learner that has ``tuning``:

    - ``tuning``: option → values to try, one option after another; ``tuning_order``: a number, cheap and strong first;
    - ``needs_order``, ``needs_content`` ``= True``: without order, or content, the learner is left out;
    - ``seconds_option``: the option that bounds the time of a training, for those that take what they are given.
    """

    Options: ClassVar[Any]
    shape: ClassVar[Shape]

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        """Learn from ``dataset`` alone (nothing after ``dataset.until`` is in it) and return what to publish.

        Call ``progress`` with fractions from 0 to 1 now and then. Same data and options, same result.
        """
        ...


learners: Registry[Learner] = Registry("learners", members=("shape", "train"))
