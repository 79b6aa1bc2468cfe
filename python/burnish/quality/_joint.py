# SPDX-License-Identifier: Apache-2.0
"""Which classes are taken for which: the confident joint and what follows from it.

The rules are those of C. G. Northcutt, L. Jiang, I. L. Chuang, Confident learning, JAIR 70, 2021, in the details as
cleanlab has them. Sums are whole numbers (of 2^-60), so shards may come in any order.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, to_numpy
from burnish.quality._blocks import blocks_of, predictions_of
from burnish.quality._naming import named
from burnish.quality._topk import TopK

Array = npt.NDArray[Any]

FUZZ = 1e-6  # two probabilities closer than this count as equal
LEAST_THRESHOLD = 2 * FUZZ
ABSENT = 2.0  # threshold of a class without samples, which no probability reaches
TINY = 1e-100
MOST_DENSE_CLASSES = 8192  # a joint of so many takes 512 MB


class InvalidRowsWarning(UserWarning):
    """Some rows have no distribution: they could not be judged, and are in no result."""


def warn_of_invalid(call: str, rows: Array) -> None:
    """Say which rows could not be judged."""
    if len(rows):
        shown = ", ".join(map(str, rows[:5].tolist())) + (", ..." if len(rows) > 5 else "")
        warnings.warn(
            f"{call}: {len(rows)} rows have no distribution (NaN, infinite, negative or all 0) and were left out: "
            f"{shown}",
            InvalidRowsWarning,
            stacklevel=3,
        )


class ThresholdSums:
    """Counts and exact sums of self-confidence by class."""

    def __init__(self, num_classes: int) -> None:
        self.counts = np.zeros(num_classes, np.int64)
        self.sums = np.zeros((num_classes, 2), np.int64)

    def merge(self, other: ThresholdSums) -> None:
        """Add what another has seen."""
        self.counts += other.counts
        low = self.sums[:, 0].view(np.uint64) + other.sums[:, 0].view(np.uint64)
        self.sums[:, 1] += other.sums[:, 1] + (low < other.sums[:, 0].view(np.uint64))
        self.sums[:, 0] = low.view(np.int64)

    def thresholds(self) -> npt.NDArray[np.float64]:
        """Mean self-confidence of each class, rounded once."""
        found = np.full(len(self.counts), ABSENT)
        for k in np.flatnonzero(self.counts).tolist():
            low, high = self.sums[k].tolist()
            found[k] = ((high << 64) + (low & (1 << 64) - 1)) / (int(self.counts[k]) << 60)
        thresholds: npt.NDArray[np.float64] = np.maximum(found, LEAST_THRESHOLD)
        return thresholds


def cuts_of(thresholds: Array, dtype: Any) -> Array:
    """At which probability the model is confident of a class, in the precision in which probabilities are compared."""
    return np.asarray(thresholds.astype(dtype) - dtype.type(FUZZ))


def joint_state(call: str, num_classes: int) -> Array:
    """Return an empty joint, if it fits."""
    if num_classes > MOST_DENSE_CLASSES:
        raise ValueError(
            f"{call}: a matrix of {num_classes} x {num_classes} classes is needed; accepted: up to "
            f"{MOST_DENSE_CLASSES} classes, or filter_by='auto' of find_label_issues, which needs none"
        )
    return np.zeros((num_classes, num_classes), np.int64)


@named("class_thresholds")
def class_thresholds(labels: Any, *, probs: Any = None, logits: Any = None) -> npt.NDArray[np.float64]:
    """Find the mean probability of the given label, for each class.

    Parameters
    ----------
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1.
    probs, logits : array of shape (N, C)
        One of them; probabilities as a matrix or `TopK`. CUDA tensors are read through the host, block by block; the
        result is a NumPy array whatever is given.

    Returns
    -------
    float64 array of shape (C,)
        Between 2e-6 and 1; 2 for a class without samples, which no probability reaches.

    Raises
    ------
    TypeError, ValueError
        If a dtype, shape or label is wrong.

    Notes
    -----
    Rows without a distribution are left out, with an `InvalidRowsWarning`. Sums are exact to 2^-60 and rounded once, so
    neither the order of rows nor the number of threads matters.

    Examples
    --------
    >>> from burnish import quality
    >>> quality.class_thresholds([0, 0, 1], probs=[[0.9, 0.1], [0.5, 0.5], [0.25, 0.75]])
    array([0.7 , 0.75])
    """
    predictions, kind = predictions_of("class_thresholds", logits, probs)
    sums = ThresholdSums(int(predictions.shape[1]))
    invalid = []
    for block in blocks_of("class_thresholds", predictions, kind, labels):
        found = block.survey(("valid",), state={"counts": sums.counts, "sums": sums.sums})
        invalid.append(np.flatnonzero(~found["valid"]) + block.first_row)
    warn_of_invalid("class_thresholds", np.concatenate(invalid))
    return sums.thresholds()


@named("confident_joint")
def confident_joint(
    labels: Any, *, probs: Any = None, logits: Any = None, thresholds: Any = None, calibrate: bool = True
) -> npt.NDArray[np.int64]:
    """Count samples by given class and by the class of which the model is confident.

    Parameters
    ----------
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1.
    probs, logits : array of shape (N, C)
        One of them, made for samples that the model was not trained on; probabilities as a matrix or `TopK`. CUDA
        tensors are read through the host, block by block; the result is a NumPy array whatever is given.
    thresholds : array of shape (C,), optional
        Of `class_thresholds`, by default computed.
    calibrate : bool, default True
        Scale the rows to the classes' counts, rounded so that they still sum to them.

    Returns
    -------
    int64 array of shape (C, C)
        Entry (k, j): labeled k, taken for j. The diagonal is at least 1 before calibration.

    Raises
    ------
    TypeError, ValueError
        If a dtype, shape or label is wrong, or C is above 8192.

    Notes
    -----
    The model is confident of a class if its probability reaches the class's threshold less 1e-6; of several such
    classes the likeliest of all counts, and a sample without any is not counted. As in cleanlab's
    ``compute_confident_joint``.

    Examples
    --------
    >>> from burnish import quality
    >>> probs = [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]]
    >>> quality.confident_joint([0, 0, 1, 1], probs=probs)
    array([[1, 1],
           [0, 2]])
    """
    call = "confident_joint"
    predictions, kind = predictions_of(call, logits, probs)
    num_classes = int(predictions.shape[1])
    joint, counts = joint_state(call, num_classes), np.zeros(num_classes, np.int64)
    if thresholds is None:
        thresholds = class_thresholds(labels, probs=probs, logits=logits)
    else:
        thresholds = to_numpy(as_array(thresholds)).astype(np.float64).ravel()
        if thresholds.shape != (num_classes,) or not np.isfinite(thresholds).all():
            raise ValueError(f"{call}: 'thresholds' has shape {thresholds.shape}; accepted: finite, ({num_classes},)")
    for block in blocks_of(call, predictions, kind, labels):
        if isinstance(predictions, TopK):
            found = block.survey(("guess",), cuts=cuts_of(thresholds, block.dtype), state={"counts": counts})
            add_to_joint(joint, to_numpy(as_array(block.labels)), found["guess"])
        else:
            block.survey((), cuts=cuts_of(thresholds, block.dtype), state={"counts": counts, "joint": joint})
    raise_diagonal(joint)
    return calibrated(joint, counts) if calibrate else joint


def add_to_joint(joint: Array, labels: Array, guess: Array) -> None:
    """Count pairs; a guess of -1 is none."""
    known = guess >= 0
    np.add.at(joint, (labels[known], guess[known]), 1)


def raise_diagonal(joint: Array) -> None:
    """Let no class be without a sample that is surely its own."""
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))


def calibrated(joint: Array, counts: Array) -> npt.NDArray[np.int64]:
    """Scale rows to the classes' counts and the whole to N; whole numbers again."""
    scaled = (joint.T / np.maximum(joint.sum(axis=1), TINY) * counts).T
    scaled = scaled / max(float(scaled.sum()), TINY) * counts.sum()
    return rounded_by_row(scaled)


def rounded_by_row(values: Array) -> npt.NDArray[np.int64]:
    """Round to whole numbers so that each row's sum is what it was, rounded.

    What is missing goes, one each, to the entries that lost most by rounding, and what is too much is taken from those
    that gained most; of equals the last goes first when adding and the first when taking away.
    """
    whole = np.rint(values)
    wanted = np.rint(values.sum(axis=1))
    for row in np.flatnonzero(np.abs(whole.sum(axis=1) - wanted) > FUZZ).tolist():
        while (missing := int(wanted[row] - np.rint(whole[row].sum()))) != 0:
            order = np.argsort(values[row] - whole[row], kind="stable")
            step = 1 if missing > 0 else -1
            whole[row, order[::-step][: abs(missing)]] += step
    return whole.astype(np.int64)


@dataclass(frozen=True)
class NoiseRates:
    """How often each class is taken for each other.

    Attributes
    ----------
    priors : float64 array of shape (C,)
        Estimated shares of the true classes.
    noise_matrix : float64 array of shape (C, C)
        Entry (k, j): probability of the label k for a sample of class j; columns sum to 1.
    inverse_noise_matrix : float64 array of shape (C, C)
        Entry (j, k): probability of the class j for a sample labeled k; columns sum to 1.
    """

    priors: npt.NDArray[np.float64]
    noise_matrix: npt.NDArray[np.float64]
    inverse_noise_matrix: npt.NDArray[np.float64]


@named("noise_rates")
def noise_rates(
    labels: Any,
    *,
    probs: Any = None,
    logits: Any = None,
    joint: Any = None,
    converge: bool = False,
) -> NoiseRates:
    """Estimate how labels come about: shares of the true classes, and how often one is taken for another.

    Parameters
    ----------
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1.
    probs, logits : array of shape (N, C), optional
        One of them, unless `joint` is given. CUDA tensors are read through the host, block by block; the result holds
        NumPy arrays whatever is given.
    joint : integer array of shape (C, C), optional
        Of `confident_joint`, by default computed and calibrated.
    converge : bool, default False
        Make the three estimates agree with one another, as cleanlab's ``converge_latent_estimates``.

    Returns
    -------
    NoiseRates
        Priors, noise matrix and inverse noise matrix.

    Raises
    ------
    TypeError, ValueError
        If a dtype, shape or label is wrong.

    Examples
    --------
    >>> from burnish import quality
    >>> rates = quality.noise_rates([0, 0, 0, 1], joint=[[2, 1], [0, 1]])
    >>> rates.inverse_noise_matrix.round(2)
    array([[0.67, 0.  ],
           [0.33, 1.  ]])
    """
    call = "noise_rates"
    if joint is None:
        matrix = confident_joint(labels, probs=probs, logits=logits)
    elif probs is not None or logits is not None:
        raise TypeError(f"{call}: 'joint' is given and predictions too; accepted: one of them")
    else:
        matrix = to_numpy(as_array(joint))
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or (matrix < 0).any():
            raise ValueError(f"{call}: 'joint' has shape {matrix.shape}; accepted: (C, C), no entry below 0")
        if not np.isfinite(matrix).all() or not matrix.any():
            given = "is all 0" if np.isfinite(matrix).all() else "holds NaN or infinity"
            raise ValueError(f"{call}: 'joint' {given}; accepted: finite, at least one entry above 0")
    classes = to_numpy(as_array(labels))
    check.one_dimensional(call, "labels", classes)
    check.integers(call, "labels", classes)
    if len(classes) == 0:
        raise ValueError(f"{call}: 'labels' is empty; accepted: at least one")
    if int(classes.min()) < 0 or int(classes.max()) >= len(matrix):
        raise ValueError(
            f"{call}: 'labels' go from {classes.min()} to {classes.max()}; accepted: 0 to {len(matrix) - 1}"
        )
    shares = np.bincount(classes.astype(np.int64), minlength=len(matrix)) / len(classes)
    noise = matrix / np.maximum(matrix.sum(axis=0), TINY)
    inverse = matrix.T / np.maximum(matrix.sum(axis=1), TINY)
    priors = _priors(shares, noise, inverse)
    noise, inverse = _clipped(noise), _clipped(inverse)
    if converge:
        for _ in range(3):
            for _ in range(5):
                inverse = _clipped((noise * priors).T / np.maximum(shares, TINY))
                priors = _priors(shares, noise, inverse)
            noise = _clipped((inverse * shares).T / np.maximum(priors, TINY))
        priors = np.clip(priors, 1e-5, 1.0)
        priors = priors / np.maximum(priors.sum(), TINY)
        noise, inverse = _clipped(noise), _clipped(inverse)
    return NoiseRates(priors, noise, inverse)


def _priors(shares: Array, noise: Array, inverse: Array) -> Array:
    priors = np.clip(inverse.diagonal() / np.maximum(noise.diagonal(), TINY) * shares, FUZZ, 1.0)
    return np.asarray(priors / np.maximum(priors.sum(), TINY))


def _clipped(rates: Array) -> Array:
    """No rate of error above 0.9999; columns sum to 1."""
    clipped = np.clip(rates, 0, 0.9999)
    np.fill_diagonal(clipped, rates.diagonal())
    return np.asarray(clipped / np.maximum(clipped.sum(axis=0), TINY))
