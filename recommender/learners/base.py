"""The learner family: what trains on interactions and content and publishes one shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from catalog.extensions import Registry
from recommender.training.dataset import InteractionDataset

Shape = Literal["vectors", "neighbours", "scores", "shortlists"]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Scores:
    """One number an item: ``item_ids`` (k,) primary keys, ``scores`` (k,) finite, any order."""

    item_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Compressed rows: neighbours of ``item_ids[i]`` are ``neighbour_ids[offsets[i]:offsets[i + 1]]``, best first."""

    item_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    neighbour_ids: NDArray[np.int64]
    weights: NDArray[np.float64]
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Item vectors: ``item_ids`` (k,), ``matrix`` float32 (k, d), and the metric that ranks by them."""

    item_ids: NDArray[np.int64]
    matrix: NDArray[np.float32]
    metric: Literal["cosine", "inner_product"] = "cosine"
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortlists:
    """Ready lists: that of ``profile_ids[i]`` is ``item_ids[offsets[i]:offsets[i + 1]]``, best first."""

    profile_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    item_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    metrics: Mapping[str, float] = field(default_factory=dict)


Publication = Scores | Neighbours | Vectors | Shortlists


class Learner(Protocol):
    """A learner, built by ``Component(options)``. Training returns a publication and changes nothing."""

    Options: ClassVar[Any]
    shape: ClassVar[Shape]

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        """Learn from ``dataset`` alone (nothing after ``dataset.until`` is in it) and return what to publish.

        Call ``progress`` with fractions from 0 to 1 now and then. Same data and options, same result.
        """
        ...


learners: Registry[Learner] = Registry("learners", members=("shape", "train"))
