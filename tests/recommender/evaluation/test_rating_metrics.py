"""Errors of predicted values, and AUC, against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, roc_auc_score

from recommender.evaluation.rating_metrics import (
    measure_absolute_errors,
    measure_auc_by_group,
    measure_mae,
    measure_pooled_auc,
    measure_rmse,
    measure_squared_errors,
)


@pytest.mark.parametrize("seed", range(4))
def test_errors_are_those_of_scikit_learn(seed: int) -> None:
    dice = np.random.default_rng(seed)
    predicted, actual = dice.normal(3, 1, size=200), dice.integers(1, 6, size=200).astype(np.float32)
    assert measure_rmse(predicted, actual=actual) == pytest.approx(math.sqrt(mean_squared_error(actual, predicted)))
    assert measure_mae(predicted, actual=actual) == pytest.approx(mean_absolute_error(actual, predicted))


def test_errors_come_one_a_rating() -> None:
    predicted, actual = np.array([3.0, 5.0]), np.array([4.0, 1.0])
    assert measure_squared_errors(predicted, actual=actual).tolist() == [1.0, 16.0]
    assert measure_absolute_errors(predicted, actual=actual).tolist() == [1.0, 4.0]


@pytest.mark.parametrize(
    ("predicted", "actual", "complaint"),
    [
        ([], [], "0 predictions for 0 ratings"),
        ([1.0], [1.0, 2.0], "1 predictions for 2 ratings"),
        ([1.0, math.nan], [1.0, 2.0], "prediction 1 is not a number"),
        ([1.0, 2.0], [math.inf, 2.0], "rating 0 is not a number"),
    ],
)
def test_what_cannot_be_compared_is_named(predicted: list[float], actual: list[float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        measure_rmse(np.array(predicted), actual=np.array(actual))


@pytest.mark.parametrize("levels", [2, 5, 10_000])
def test_auc_is_that_of_scikit_learn_over_all_and_by_group(levels: int) -> None:
    dice = np.random.default_rng(levels)
    scores = dice.integers(levels, size=600).astype(float)
    positive, groups = dice.random(600) < 0.3, dice.integers(10, size=600)
    assert measure_pooled_auc(scores, positive=positive) == pytest.approx(roc_auc_score(positive, scores))
    expected = [roc_auc_score(positive[groups == group], scores[groups == group]) for group in range(10)]
    np.testing.assert_allclose(measure_auc_by_group(scores, positive=positive, groups=groups), expected)


def test_auc_of_one_kind_is_undefined() -> None:
    positive = np.array([True, True, False, True])
    found = measure_auc_by_group(np.array([1.0, 2.0, 3.0, 4.0]), positive=positive, groups=np.array([0, 0, 2, 2]))
    assert np.isnan(found[:2]).all()
    assert found[2] == 1.0
    assert math.isnan(measure_pooled_auc(np.array([1.0]), positive=np.array([True])))
    assert math.isnan(measure_pooled_auc(np.array([]), positive=np.array([], dtype=bool)))


def test_auc_of_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="score 1 is not a number"):
        measure_pooled_auc(np.array([0.0, math.nan]), positive=np.array([True, False]))
    with pytest.raises(ValueError, match="2 scores, 1 labels and 2 groups"):
        measure_pooled_auc(np.array([0.0, 1.0]), positive=np.array([True]))
