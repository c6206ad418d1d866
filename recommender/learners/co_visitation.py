"""Co-visitation: what people go on to after an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from profiles.kinds import DAY
from recommender.learners.base import Neighbours, Progress, Shape, learners
from recommender.learners.people import count_voices, decay
from recommender.learners.transitions import Log, keep_strongest, make_log, split_items, sum_transitions
from recommender.training.dataset import InteractionDataset


@dataclass(frozen=True, slots=True)
class CoVisitationOptions:
    """Options of the co-visitation learner."""

    window: int = field(
        default=5, metadata={"help": "Steps of a history that one transition may span.", "minimum": 1, "maximum": 100}
    )
    step_decay: float = field(
        default=0.8, metadata={"help": "Weight of each further step.", "minimum": 0.0, "maximum": 1.0}
    )
    gap_half_life_days: float = field(
        default=7.0,
        metadata={"help": "Days between the two after which a transition counts half.", "minimum": 0.001},
    )
    half_life_days: float = field(
        default=365.0, metadata={"help": "Days after which a transition as a whole counts half.", "minimum": 0.01}
    )
    backward: float = field(
        default=0.5,
        metadata={
            "help": "Weight of the way back, from the later item to the earlier.",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )
    popularity_exponent: float = field(
        default=0.5,
        metadata={"help": "How far popular targets are held back: 0 not, 1 in full.", "minimum": 0.0, "maximum": 1.0},
    )
    shrinkage: float = field(
        default=10.0, metadata={"help": "People added to every item's count: distrust of rare items.", "minimum": 0.0}
    )
    neighbours: int = field(
        default=100, metadata={"help": "Neighbours kept of each item.", "minimum": 1, "maximum": 1000}
    )


@learners.register("co_visitation")
class CoVisitation:
    """Sums decayed transitions i → j inside people's histories and weighs them by how popular both are.

    A transition counts the geometric mean of both strengths, times ``step_decay`` for each step beyond the
    first, halved by the time between the two and by its age before the newest interaction. Per person and
    pair the strongest counts, once. With n people of an item, weight(i → j) = Σ / ((n_i + s) · (n_j + s)^α):
    the conditional probability of Deshpande and Karypis 2004, "Item-based top-N recommendation algorithms", shrunk.
    """

    Options: ClassVar[type[CoVisitationOptions]] = CoVisitationOptions
    shape: ClassVar[Shape] = "neighbours"
    tuning: ClassVar[Mapping[str, Sequence[float]]] = {
        "popularity_exponent": (0.0, 0.25, 0.5, 0.75),
        "window": (1, 5, 10, 20),
        "backward": (0.0, 0.25, 0.5, 1.0),
        "step_decay": (0.6, 0.8, 0.95),
    }
    tuning_order: ClassVar[int] = 10
    needs_order: ClassVar[bool] = True
    label = _("what others went on to")

    def __init__(self, options: CoVisitationOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Neighbours:
        """Return up to ``neighbours`` targets an item, strongest first; items that lead nowhere are left out."""
        options = self.options
        people = count_voices(dataset, (dataset.strengths > 0).astype(np.float64)) + options.shrinkage
        log = make_log(dataset, fresh=decay(dataset.reference - dataset.times, half_life=options.half_life_days * DAY))
        progress(0.1)
        blocks = split_items(log, pairs_a_row=2 * options.window)
        rows = []
        for done, (start, stop) in enumerate(blocks, start=1):
            sources, targets, sums = self._weigh(log, start, stop)
            weights = sums / (people[sources] * people[targets] ** options.popularity_exponent)
            rows.append(keep_strongest(sources, targets, weights, limit=options.neighbours))
            progress(0.1 + 0.9 * done / len(blocks))
        progress(1.0)
        return _publish(dataset, rows)

    def _weigh(
        self, log: Log, start: int, stop: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        options = self.options
        steps = options.step_decay ** np.arange(options.window, dtype=np.float64)
        return sum_transitions(
            log,
            start,
            stop,
            forward=steps,
            backward=steps * options.backward,
            gap_half_life=options.gap_half_life_days * DAY,
        )


def _publish(
    dataset: InteractionDataset, rows: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]
) -> Neighbours:
    sources, targets, weights = (
        np.concatenate(column) if column else np.empty(0, dtype)
        for column, dtype in zip(zip(*rows, strict=True) if rows else ([], [], []), (int, int, float), strict=True)
    )
    leading, starts = np.unique(sources, return_index=True)
    return Neighbours(
        item_ids=dataset.item_ids[leading],
        offsets=np.append(starts, len(sources)).astype(np.int64),
        neighbour_ids=dataset.item_ids[targets],
        weights=weights,
        metrics={"neighbours": float(len(targets))},
    )
