# SPDX-License-Identifier: Apache-2.0
"""Whether balancing helps: a linear classifier trained on uneven classes as they are, and again after each method.

The test part is put aside before anything else. Only then are classes made uneven, features learned and rows made, so
that no row of the training part, and none made of it, has a twin among those that the classifier is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._command.balance_split import Indices
from burnish._extras import needs_extra
from burnish.data import DataError, LabeledImages

Floats = npt.NDArray[np.floating[Any]]

BEFORE = "none"
WITHOUT_NEW_ROWS = ("class-weights", "logit-adjustment")
_SAMPLERS: dict[str, dict[str, Any]] = {
    "RandomOverSampler": {},
    "RandomUnderSampler": {},
    "SMOTE": {"small_class": "copy"},
    "BorderlineSMOTE": {"small_class": "copy", "exact_counts": True},
    "ADASYN": {"small_class": "copy", "exact_counts": True},
}
METHODS = (*WITHOUT_NEW_ROWS, *_SAMPLERS)

_BINS = 15  # Guo et al., On calibration of modern neural networks, ICML 2017
_LEAST_PROBABILITY = 1e-15


@dataclass(frozen=True)
class Measures:
    """How good one classifier is.

    Attributes
    ----------
    recall : float64 array of shape (C,)
    accuracy, log_loss, calibration_error : float64 arrays of shape (2,)
        First with every class counting the same, then with classes as frequent as in training.
    """

    recall: Floats
    accuracy: Floats
    log_loss: Floats
    calibration_error: Floats


@dataclass(frozen=True)
class Run:
    """One split, and how good the classifiers trained on it are.

    Attributes
    ----------
    train_counts, test_counts : int64 arrays of shape (C,)
        Images per class, before balancing.
    by_method : dict of str to Measures
        `BEFORE` first.
    refused : dict of str to str
        Methods that refused these rows, and why.
    """

    train_counts: npt.NDArray[np.int64]
    test_counts: npt.NDArray[np.int64]
    by_method: dict[str, Measures]
    refused: dict[str, str]


def run(
    data: LabeledImages,
    train: Indices,
    test: Indices,
    features: Callable[[Indices], Floats],
    *,
    methods: Sequence[str],
    seed: int,
) -> Run:
    """Train and judge a classifier on `features` before balancing and after each of `methods`.

    Parameters
    ----------
    data : LabeledImages
        Of which `train` and `test` are indices, with every class among both.
    features : callable
        Takes indices (B,), returns features (B, D); it must not have seen `test`.
    methods : sequence of str
        Some of `METHODS`.
    seed : int
        Of the samplers.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        If a feature is not finite.
    """
    X, y, X_test, y_test = features(train), data.labels[train], features(test), data.labels[test]
    if not (np.isfinite(X).all() and np.isfinite(X_test).all()):
        raise DataError("the network's training diverged; try another --seed, or fewer --epochs")
    counts = np.bincount(y, minlength=len(data.names))
    shares = counts / len(y)
    before = _probabilities(X, y, X_test)
    by_method, refused = {BEFORE: measures(before, y_test, shares)}, {}
    for method in methods:
        if method == "logit-adjustment":
            after = _adjusted(before, shares)
        elif method == "class-weights":
            after = _probabilities(X, y, X_test, class_weight="balanced")
        else:
            try:
                rows, labels = _resampled(method, X, y, seed)
            except (RuntimeError, ValueError) as error:  # such as no neighbor of another class
                refused[method] = " ".join(str(error).split())
                continue
            after = _probabilities(rows, labels, X_test, n=len(y))
        by_method[method] = measures(after, y_test, shares)
    return Run(counts, np.bincount(y_test, minlength=len(counts)), by_method, refused)


def _adjusted(probs: Floats, shares: Floats) -> Floats:
    """Divide by how frequent classes were: Menon et al., Long-tail learning via logit adjustment, ICLR 2021."""
    raised: Floats = probs / shares
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def _resampled(method: str, X: Floats, y: Indices, seed: int) -> tuple[Floats, Indices]:
    from burnish import balance

    rows, labels = getattr(balance, method)(random_state=seed, **_SAMPLERS[method]).fit_resample(X, y)
    return rows, labels


def _probabilities(
    X: Floats, y: Indices, X_test: Floats, *, n: int | None = None, class_weight: str | None = None
) -> Floats:
    """Fit a multinomial logistic regression, with as much regularization a row as `n` rows get by default."""
    with needs_extra("balance"):
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits  # type: ignore[import-not-found, import-untyped, unused-ignore]
    with threadpool_limits(1):  # matrices this narrow gain nothing from BLAS threads
        model = LogisticRegression(C=(n or len(y)) / len(y), class_weight=class_weight, max_iter=2000).fit(X, y)
        probs: Floats = model.predict_proba(X_test)
    return probs


def measures(probs: Floats, labels: Indices, shares: Floats) -> Measures:
    """Judge predicted probabilities.

    Parameters
    ----------
    probs : float array of shape (N, C)
    labels : int64 array of shape (N,)
        With every class among them.
    shares : float array of shape (C,)
        How frequent each class was in training.

    Returns
    -------
    Measures
    """
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == labels
    sizes = np.bincount(labels, minlength=len(shares))
    surprise = -np.log(np.maximum(probs[np.arange(len(labels)), labels], _LEAST_PROBABILITY))
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    accuracy, log_loss, calibration_error = np.empty((3, 2))
    for i, frequency in enumerate((np.full(len(shares), 1 / len(shares)), shares)):
        weights = (frequency / sizes)[labels]
        accuracy[i], log_loss[i] = weights @ right, weights @ surprise
        calibration_error[i] = np.abs(np.bincount(bins, weights * (confidence - right))).sum()
    return Measures(np.bincount(labels, right, minlength=len(shares)) / sizes, accuracy, log_loss, calibration_error)
