# SPDX-License-Identifier: Apache-2.0
"""The best threshold is the best of all, found by trying each one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import metrics
from metrics_data import scores_of, two_classes

sklearn_metrics = pytest.importorskip("sklearn.metrics")

COSTS = np.array([[0.0, 1.0], [7.0, -0.5]])


def cost(y: Any, p: Any) -> float:
    return -float((metrics.confusion_matrix(y, p, labels=[0, 1]) * COSTS).sum())


def precision(y: Any, p: Any) -> float:
    return float(sklearn_metrics.precision_score(y, p, zero_division=0))


def recall(y: Any, p: Any) -> float:
    return float(sklearn_metrics.recall_score(y, p, zero_division=0))


def youden(y: Any, p: Any) -> float:
    return recall(y, p) + recall(1 - y, ~p) - 1


OBJECTIVES: dict[str, tuple[Any, Callable[[Any, Any], float]]] = {
    "f1": ("f1", lambda y, p: sklearn_metrics.f1_score(y, p, zero_division=0)),
    "f2": ("f2", lambda y, p: sklearn_metrics.fbeta_score(y, p, beta=2, zero_division=0)),
    "f0.5": ("f0.5", lambda y, p: sklearn_metrics.fbeta_score(y, p, beta=0.5, zero_division=0)),
    "accuracy": ("accuracy", sklearn_metrics.accuracy_score),
    "balanced_accuracy": ("balanced_accuracy", sklearn_metrics.balanced_accuracy_score),
    "youden": ("youden", youden),
    "costs": (COSTS, cost),
    "recall": ("recall>=0.8", lambda y, p: precision(y, p) if recall(y, p) >= 0.8 and p.any() else -math.inf),
    "precision": (" precision >= 0.6 ", lambda y, p: recall(y, p) if precision(y, p) >= 0.6 else -math.inf),
}


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("kind", ["probabilities", "ties", "both signs", "negative"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_against_every_threshold(name: str, kind: str, dtype: str) -> None:
    objective, value = OBJECTIVES[name]
    labels = two_classes(60, seed=3)
    scores = scores_of(kind, labels, seed=3).astype(dtype)
    candidates = [math.inf, *np.unique(scores)[::-1].tolist()]
    values = [float(value(labels, scores >= np.asarray(each, dtype))) for each in candidates]
    choice = metrics.choose_threshold(labels, scores, objective)
    best = max(values)
    assert choice.value == pytest.approx(-best if name == "costs" else best, rel=1e-12)
    # Ties to the highest threshold; what differs by rounding alone is one.
    assert choice.threshold == next(t for t, v in zip(candidates, values, strict=True) if v >= best - 1e-12)
    predicted = scores >= np.asarray(choice.threshold, dtype)
    wanted = sklearn_metrics.confusion_matrix(labels, predicted, labels=[0, 1])
    np.testing.assert_array_equal(choice.confusion, wanted)
    assert (choice.precision, choice.recall) == (precision(labels, predicted), recall(labels, predicted))
    assert choice.f1 == pytest.approx(sklearn_metrics.f1_score(labels, predicted, zero_division=0))
    assert tuple(choice) == (choice.threshold, choice.value)
    assert f"{choice.threshold:.6g}" in str(choice)


def test_weights() -> None:
    """An integer weight is as many samples."""
    labels = two_classes(400)
    scores = scores_of("ties", labels)
    weights = np.random.default_rng(0).integers(0, 4, 400)
    repeated = np.repeat(labels, weights), np.repeat(scores, weights)
    for objective, _ in OBJECTIVES.values():
        weighted = metrics.choose_threshold(labels, scores, objective, sample_weight=weights)
        plain = metrics.choose_threshold(*repeated, objective)
        assert weighted.threshold == plain.threshold
        assert weighted.value == pytest.approx(plain.value, rel=1e-12)


def test_nobody_may_be_called_positive() -> None:
    choice = metrics.choose_threshold([0, 1, 0], [0.2, 0.1, 0.3], [[0, 10], [1, 0]])
    assert tuple(choice) == (math.inf, 1.0)
    assert choice.confusion.tolist() == [[2, 0], [1, 0]]
    assert "inf" in str(choice)


def test_labels() -> None:
    scores = [0.1, 0.6, 0.5, 0.9]
    wanted = metrics.choose_threshold([0, 0, 1, 1], scores)
    assert metrics.choose_threshold(["a", "a", "b", "b"], scores).threshold == wanted.threshold
    assert metrics.choose_threshold([5, 5, 3, 3], scores, pos_label=3).threshold == wanted.threshold


BAD: dict[str, tuple[Any, str]] = {
    "unknown": ("f", r"'objective' is 'f'; accepted: 'f1' "),
    "bound above 1": ("recall>=1.5", r"'objective' is 'recall>=1.5'; accepted: a recall above 0, at most 1"),
    "bound 0": ("precision>=0", r"accepted: a precision above 0"),
    "no number": ("recall>=e", r"accepted: a recall above 0"),
    "shape": ([[1, 2, 3]], r"'objective' has shape \(1, 3\); accepted: 4 finite costs"),
    "NaN": ([[0, 1], [np.nan, 0]], r"accepted: 4 finite costs"),
    "None": (None, r"accepted: (4 finite costs|'f1')"),
    "ragged": ([[1], [1, 2]], r"'objective' is \[\[1\], \[1, 2\]\]; accepted: 'f1'"),
    "out of reach": ("precision>=0.9", r"no threshold has precision>=0.9; the largest is 0.333333, at threshold 0.5"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_objective(name: str) -> None:
    objective, words = BAD[name]
    with pytest.raises((TypeError, ValueError), match=f"choose_threshold: .*{words}|choose_threshold: {words}"):
        metrics.choose_threshold([0, 1, 0, 0], [0.9, 0.5, 0.7, 0.3], objective)


def test_a_class_is_absent() -> None:
    for objective in ("f1", "recall>=0.5", "youden"):
        with pytest.raises(ValueError, match="has no positive sample"):
            metrics.choose_threshold([0, 0], [0.1, 0.2], objective)
    for objective in ("balanced_accuracy", "youden"):
        with pytest.raises(ValueError, match="has no negative sample"):
            metrics.choose_threshold([1, 1], [0.1, 0.2], objective)
    assert metrics.choose_threshold([0, 0], [0.1, 0.2], "accuracy").threshold == math.inf
    assert metrics.choose_threshold([1, 1], [0.1, 0.2], "f1").threshold == 0.1
