"""How far predicted values are off, and how well scores tell likes from dislikes."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64] | NDArray[np.float32]
Figures = NDArray[np.float64]


def measure_squared_errors(predicted: Numbers, *, actual: Numbers) -> Figures:
    """Return (t,): (predicted - actual)², one for each rating, for pairing; RMSE is the root of their mean.

    Raises:
        ValueError: another number of predictions than ratings, none at all, or one that is not a number.
    """
    return _subtract(predicted, actual) ** 2


def measure_absolute_errors(predicted: Numbers, *, actual: Numbers) -> Figures:
    """Return (t,): |predicted - actual|, one for each rating, for pairing; MAE is their mean.

    Raises:
        ValueError: as ``measure_squared_errors``.
    """
    return np.abs(_subtract(predicted, actual))


def measure_rmse(predicted: Numbers, *, actual: Numbers) -> float:
    """Return the root of the mean squared error over all ratings, as Surprise and Microsoft's recommenders do."""
    return float(np.sqrt(measure_squared_errors(predicted, actual=actual).mean()))


def measure_mae(predicted: Numbers, *, actual: Numbers) -> float:
    """Return the mean absolute error over all ratings."""
    return float(measure_absolute_errors(predicted, actual=actual).mean())


def measure_pooled_auc(scores: Numbers, *, positive: NDArray[np.bool_]) -> float:
    """Return the chance that a positive row scores above a negative one, level counting half; rows (n,) of all people.

    NaN where one of the two is missing. The Mann-Whitney statistic over the number of pairs.
    """
    everybody = np.zeros(len(scores), dtype=np.int64)
    return float(measure_auc_by_group(scores, positive=positive, groups=everybody)[0]) if len(scores) else float("nan")


def measure_auc_by_group(scores: Numbers, *, positive: NDArray[np.bool_], groups: NDArray[np.int64]) -> Figures:
    """Return (g,): the AUC of each group's rows, such as a person's; ``groups`` (n,) number them from 0.

    NaN for a group without a positive or without a negative row: the mean over people is ``numpy.nanmean``.

    Raises:
        ValueError: a score that is not a number, or arrays of different lengths.
    """
    if not len(scores) == len(positive) == len(groups):
        raise ValueError(f"{len(scores)} scores, {len(positive)} labels and {len(groups)} groups")
    if np.isnan(scores).any():
        raise ValueError(f"score {int(np.flatnonzero(np.isnan(scores))[0])} is not a number")
    order = np.lexsort((scores, groups))
    scores, positive, groups = scores[order], positive[order], groups[order]
    opens = np.ones(len(scores), dtype=bool)
    opens[1:] = (scores[1:] != scores[:-1]) | (groups[1:] != groups[:-1])
    starts = np.flatnonzero(opens)
    sizes = np.diff(np.append(starts, len(scores)))
    middles = np.repeat(starts + (sizes + 1) / 2, sizes)  # ranks from 1, level rows in the middle of their places
    rows = np.bincount(groups)
    firsts = np.cumsum(rows) - rows
    likes = np.bincount(groups[positive], minlength=len(rows))
    sums = np.bincount(groups[positive], weights=(middles - firsts[groups])[positive], minlength=len(rows))
    pairs = likes * (rows - likes)
    figures: Figures = np.divide(sums - likes * (likes + 1) / 2, pairs, out=np.full(len(rows), np.nan), where=pairs > 0)
    return figures


def _subtract(predicted: Numbers, actual: Numbers) -> Figures:
    if len(predicted) != len(actual) or not len(actual):
        raise ValueError(f"{len(predicted)} predictions for {len(actual)} ratings")
    for name, numbers in (("prediction", predicted), ("rating", actual)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} {int(np.flatnonzero(~np.isfinite(numbers))[0])} is not a number")
    return predicted.astype(np.float64) - actual.astype(np.float64)
