"""Aggregation for groups, against the worked example of the literature."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.ranking.group_scores import combine_members, order_items, scale_members

ITEMS = "ABCDEFGHIJ"
JOHN = (10, 4, 3, 6, 10, 9, 6, 8, 10, 8)
ADAM = (1, 9, 8, 9, 7, 9, 6, 9, 3, 8)
MARY = (10, 5, 2, 7, 9, 8, 5, 6, 7, 6)
RATINGS = np.array([JOHN, ADAM, MARY], dtype=np.float64)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("average", (7.0, 6.0, 4.333, 7.333, 8.667, 8.667, 5.667, 7.667, 6.667, 7.333)),
        ("least_misery", (1, 4, 2, 6, 7, 8, 5, 6, 3, 6)),
        ("most_pleasure", (10, 9, 8, 9, 10, 9, 6, 9, 10, 8)),
    ],
)
def test_three_people_and_ten_items_combine_as_by_hand(how: str, expected: tuple[float, ...]) -> None:
    np.testing.assert_allclose(combine_members(RATINGS, how=how), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("how", "order"),
    # Ties by the mean, then by place: E and F of the average; A, E, I of the pleasure, whose means are 7, 8.67, 6.67.
    [("average", "EFHDJAIBGC"), ("least_misery", "FEHDJGBICA"), ("most_pleasure", "EAIFHDBJCG")],
)
def test_the_lists_of_the_group_are_those_of_the_example(how: str, order: str) -> None:
    places = order_items(RATINGS, combine_members(RATINGS, how=how))
    assert "".join(ITEMS[place] for place in places) == order


def test_opposite_tastes_give_three_answers() -> None:
    scores = np.array([[1.0, 0.0, 0.6, 0.9], [0.0, 0.8, 0.6, 0.4]])
    best = {how: int(combine_members(scores, how=how).argmax()) for how in ("average", "least_misery", "most_pleasure")}
    assert best == {"average": 3, "least_misery": 2, "most_pleasure": 0}


def test_each_person_is_brought_to_one_scale_and_what_is_unknown_is_worst() -> None:
    nan = np.nan
    scores = np.array([[10.0, 20.0, 15.0, nan], [-1e308, 1e308, 0.0, 1e308], [3.0, 3.0, nan, 3.0], [nan] * 4])
    scaled = scale_members(scores)
    np.testing.assert_allclose(
        scaled, [[0.0, 1.0, 0.5, 0.0], [0.0, 1.0, 0.5, 1.0], [1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    )


def test_who_says_nothing_has_no_say_among_the_ties() -> None:
    scores = scale_members(np.array([[0.1, 0.9, 0.5], [np.nan, np.nan, np.nan]]))
    assert order_items(scores, combine_members(scores, how="least_misery")).tolist() == [1, 2, 0]


def test_one_person_and_no_items_are_groups_too() -> None:
    alone = np.array([[0.2, 1.0]])
    for how in ("average", "least_misery", "most_pleasure"):
        np.testing.assert_array_equal(combine_members(alone, how=how), alone[0])
        assert combine_members(scale_members(np.empty((2, 0))), how=how).shape == (0,)


def test_an_unknown_way_is_an_error() -> None:
    with pytest.raises(ValueError, match="'median': one of average, least_misery, most_pleasure"):
        combine_members(RATINGS, how="median")
