"""What a learner returns is refused, with what and where, unless it is sound."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.learners import Neighbours, Publication, Scores, Shape, Shortlists, Vectors
from recommender.learners.verification import PublicationError, verify_publication

NAN, INF = float("nan"), float("inf")


def ids(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def neighbours(owners: list[int], offsets: list[int], targets: list[int], weights: list[float]) -> Neighbours:
    return Neighbours(ids(*owners), ids(*offsets), ids(*targets), np.array(weights, dtype=float))


@pytest.mark.parametrize(
    ("shape", "publication"),
    [
        ("scores", Scores(ids(), np.empty(0))),
        ("scores", Scores(ids(3, 1), np.array([-1.0, 5.0]))),
        ("neighbours", neighbours([], [0], [], [])),
        ("neighbours", neighbours([1, 2], [0, 2, 2], [2, 3], [0.5, 0.5])),
        ("neighbours", neighbours([1, 2], [0, 1, 2], [3, 3], [0.1, 0.9])),
        ("vectors", Vectors(ids(1), np.ones((1, 4000), dtype=np.float32))),
        ("shortlists", Shortlists(ids(7), ids(0, 2), ids(1, 2), np.array([2.0, 1.0]))),
    ],
)
def test_what_is_sound_passes(shape: Shape, publication: Publication) -> None:
    verify_publication(publication, shape=shape)


@pytest.mark.parametrize(
    ("shape", "publication", "reason"),
    [
        ("neighbours", Scores(ids(1), np.ones(1)), "publishes neighbours, but returned Scores"),
        ("scores", Scores(ids(1, 2), np.array([0.0, NAN])), "scores: nan at 1: must be finite"),
        ("scores", Scores(ids(1, 2), np.array([-INF, 0.0])), "scores: -inf at 0: must be finite"),
        ("scores", Scores(ids(1, 1), np.ones(2)), "item_ids: an id is there twice"),
        ("scores", Scores(ids(1, 2), np.ones(3)), r"scores: shape \(3,\), expected \(2,\)"),
        ("scores", Scores(np.ones(1), np.ones(1)), "item_ids: must be one-dimensional whole numbers"),  # type: ignore[arg-type]
        ("vectors", Vectors(ids(1), np.full((1, 2), NAN, dtype=np.float32)), "matrix: must be finite"),
        ("vectors", Vectors(ids(1), np.full((1, 2), 7e4, dtype=np.float32)), "within ±65504"),
        ("vectors", Vectors(ids(1), np.ones((1, 4001), dtype=np.float32)), "4001 dimensions"),
        ("vectors", Vectors(ids(1), np.ones((2, 3), dtype=np.float32)), r"expected \(1, d\)"),
        ("neighbours", neighbours([1], [0, 1], [1], [1.0]), "an item is its own neighbour"),
        ("neighbours", neighbours([1], [0, 2], [2, 3], [0.1, 0.9]), "from best to worst"),
        ("neighbours", neighbours([1], [0, 2], [2, 2], [0.9, 0.1]), "holds an item twice"),
        ("neighbours", neighbours([1], [0, 1], [2, 3], [0.9, 0.1]), "offsets: must run from 0 to 2 in 2 entries"),
        ("neighbours", neighbours([1, 4], [0, 2], [2, 3], [0.9, 0.1]), "offsets: must run from 0 to 2 in 3 entries"),
        ("neighbours", neighbours([1, 4], [0, 3, 2], [2, 3], [0.9, 0.1]), "offsets: must not fall"),
        ("neighbours", neighbours([1], [0, 2], [2, 3], [INF, 0.1]), "inf at 0"),
        ("shortlists", Shortlists(ids(7, 7), ids(0, 0, 0), ids(), np.empty(0)), "profile_ids: an id is there twice"),
    ],
)
def test_what_is_not_sound_is_refused(shape: Shape, publication: Publication, reason: str) -> None:
    with pytest.raises(PublicationError, match=reason):
        verify_publication(publication, shape=shape)
