"""A split that holds out of each history some items that belong together."""

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Split
from recommender.evaluation.holdouts import hold_out
from recommender.learners.spectrum import find_leading_directions, weigh_edges
from recommender.learners.tables import people_by_items
from recommender.training.dataset import InteractionDataset

RANK = 64
"""Leading directions of the item graph by which items are said to be alike."""

_BLOCK_ROWS = 200_000


def kindred_split(dataset: InteractionDataset, *, share: float = 0.9, seed: int | tuple[int, ...] = 0) -> Split:
    """Return the split that learns from ``share`` of each profile's rows; what is held are those most like one of them.

    That one is drawn at random. Items are alike by the cosine of their leading directions in the graph of who met
    what. Where people's next interests keep together, as on a journey, what is left of them says less of what comes
    than random parts of the same histories do; this split says how well a model does then.

    Raises:
        SplitError: nothing is left to learn from, or nothing to test.
    """
    dice = np.random.default_rng(seed)
    offsets = dataset.profile_offsets
    counts = np.diff(offsets)
    known = np.flatnonzero(counts)
    anchors = np.zeros(len(counts), dtype=np.int64)
    anchors[known] = offsets[:-1][known] + dice.integers(counts[known])
    likeness = _measure_likeness(dataset, anchors[dataset.profiles])
    order = np.lexsort((likeness, dataset.profiles))
    ranks = np.empty(len(dataset), dtype=np.int64)
    ranks[order] = np.arange(len(dataset)) - offsets[dataset.profiles]
    held = ranks >= np.rint(share * counts)[dataset.profiles]
    return hold_out(dataset, held=held, name=f"kindred:{share:g}")


def _measure_likeness(dataset: InteractionDataset, others: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return (n,) the cosine of each row's item and that of the row ``others`` (n,); 2 for the row itself."""
    met = people_by_items(dataset, binary=True)
    likeness = np.zeros(len(dataset), dtype=np.float32)
    if met.nnz:
        singular, directions = find_leading_directions(weigh_edges(met), count=RANK, seed=0)
        places = directions * singular
        places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12)
        for start in range(0, len(dataset), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            ours, theirs = places[dataset.items[block]], places[dataset.items[others[block]]]
            likeness[block] = np.einsum("nd,nd->n", ours, theirs)
    likeness[others == np.arange(len(dataset))] = 2.0
    return likeness
