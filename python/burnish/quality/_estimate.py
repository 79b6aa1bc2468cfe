# SPDX-License-Identifier: Apache-2.0
"""How many labels are wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_GROUPS = 20
_LEAST_OF_GROUP = 30
_SURE_SHARE = 0.6  # of the samples, the most confident: there a disagreement is a wrong label


def expected_errors(histogram: Array) -> int:
    """Estimate the number of wrong labels from how often model and label disagree, by the model's confidence.

    Where the model is sure, it is hardly ever wrong about a sample that it was not trained on: if it disagrees with
    the label there, the label is wrong. How the rate of disagreement grows from the surest samples to the less sure
    ones, in a logistic regression on their rank, is carried on to the least sure, where disagreements are the model's
    errors too. Labels that are wrong by chance give a flat curve, labels that are wrong because the sample is hard a
    rising one.

    Parameters
    ----------
    histogram : int64 array of shape (bins, 2)
        Samples with which the model agrees and disagrees, by rising confidence.

    Returns
    -------
    int
        At most the number of disagreements.
    """
    totals, disagreements = _groups(histogram[::-1])
    if totals.sum() == 0:
        return 0
    rank = (np.cumsum(totals) - totals / 2) / totals.sum()
    sure = rank < _SURE_SHARE
    if not sure.any():
        sure = np.arange(len(rank)) == 0
    intercept, slope, center = _logistic(rank[sure], disagreements[sure], totals[sure])
    with np.errstate(over="ignore"):
        carried_on = totals / (1 + np.exp(-(intercept + slope * (rank - center))))
    wrong = np.where(sure, disagreements, np.minimum(carried_on, disagreements))
    return int(np.rint(math.fsum(wrong.tolist())))


def _groups(histogram: Array) -> tuple[Array, Array]:
    """Join neighboring bins to at most 20 groups of about as many samples each."""
    totals = histogram.sum(axis=1)
    used = totals > 0
    totals, disagreements = totals[used].astype(np.float64), histogram[used, 1].astype(np.float64)
    if len(totals) == 0:
        return totals, disagreements
    count = int(np.clip(totals.sum() // _LEAST_OF_GROUP, 1, _GROUPS))
    middle = (np.cumsum(totals) - totals / 2) / totals.sum()
    group = np.minimum((middle * count).astype(np.int64), count - 1)
    sums = np.bincount(group, totals, count), np.bincount(group, disagreements, count)
    kept = sums[0] > 0
    return sums[0][kept], sums[1][kept]


def _logistic(x: Array, successes: Array, trials: Array) -> tuple[float, float, float]:
    """Fit intercept and slope about the mean of x; return them and that mean.

    The slope is made smaller by its standard error, and not negative: a rise that may be chance is not carried on. A
    ridge of 1, and half a success and half a failure, keep it finite.
    """
    center = float((trials * x).sum() / trials.sum())
    z = x - center
    rate = (successes.sum() + 0.5) / (trials.sum() + 1)
    intercept, slope = math.log(rate / (1 - rate)), 0.0
    error = 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-(intercept + slope * z)))
        residual = successes - trials * p
        gradient = residual.sum() + 0.5 - p.mean(), (z * residual).sum() - slope
        weight = trials * p * (1 - p)
        a, b, d = weight.sum() + 1e-9, (weight * z).sum(), (weight * z * z).sum() + 1
        determinant = a * d - b * b
        steps = (d * gradient[0] - b * gradient[1]) / determinant, (a * gradient[1] - b * gradient[0]) / determinant
        intercept += float(np.clip(steps[0], -2, 2))
        slope += float(np.clip(steps[1], -4, 4))
        error = math.sqrt(a / determinant)
        if abs(steps[0]) + abs(steps[1]) < 1e-9:
            break
    return intercept, max(0.0, slope - error), center
