# SPDX-License-Identifier: Apache-2.0
"""What people measure predictions with today, and burnish; and the same in plain NumPy, to check them all."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from burnish import metrics
from contest import Contender, Work
from timing import optional

LIBRARIES = ("numpy", "scipy", "sklearn", "torch", "torchmetrics")
NEEDS_SKLEARN, NEEDS_TORCHMETRICS = ("sklearn",), ("torch", "torchmetrics")

sklearn_metrics, class_weight = optional("sklearn.metrics"), optional("sklearn.utils.class_weight")
torch, torchmetrics = optional("torch"), optional("torchmetrics.functional.classification")


@dataclass(frozen=True)
class Inputs:
    """What all contenders of a workload are given."""

    y_true: Any  # (n,) int64
    y_pred: Any  # (n,) int64
    scores: Any  # (n,) or (n, c)


def binary(n: int, dtype: str = "float32") -> Inputs:
    """Three of ten samples positive; scores are probabilities that know something."""
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.3).astype(np.int64)
    scores = (1 / (1 + np.exp(-(1.5 * rng.standard_normal(n) + 2 * y - 1.5)))).astype(dtype)
    return Inputs(y, (scores >= 0.5).astype(np.int64), scores)


def multiclass(n: int, classes: int) -> Inputs:
    rng = np.random.default_rng(1)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    logits = rng.standard_normal((n, classes)).astype(np.float32) * 2
    logits[np.arange(n), y] += 2
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs = weights / weights.sum(axis=1, keepdims=True)
    return Inputs(y, probs.argmax(axis=1), probs)


# ---- contenders ----


def call(function: Callable[[Inputs], Any]) -> Callable[[Inputs], Work]:
    """A contender whose whole work is one call."""
    return lambda inputs: Work(lambda: function(inputs))


def sklearn(function: Callable[[Inputs], Any], name: str = "scikit-learn") -> Contender:
    def quiet(inputs: Inputs) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(inputs)

    return Contender(name, call(quiet), needs=NEEDS_SKLEARN, tolerance=1e-6)


def torchmetric(function: Callable[[Any, Any], Any], name: str, use: str = "scores") -> Contender:
    """Tensors are made beforehand: they share the memory of the arrays."""

    def prepare(inputs: Inputs) -> Work:
        target, given = torch.from_numpy(inputs.y_true), torch.from_numpy(getattr(inputs, use))
        return Work(lambda: _as_numpy(function(given, target)))

    return Contender(name, prepare, needs=NEEDS_TORCHMETRICS, tolerance=1e-4)


def _as_numpy(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(map(_as_numpy, result))
    return result.numpy()


def best_f1_of_curve(inputs: Inputs) -> Any:
    precision, recall, thresholds = sklearn_metrics.precision_recall_curve(inputs.y_true, inputs.scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    best = int(f1[:-1].argmax())
    return np.array([thresholds[best], f1[best]])


def all_of_scikit_learn(inputs: Inputs) -> Any:
    y, p = inputs.y_true, inputs.scores
    predicted = p >= 0.5
    sklearn_metrics.classification_report(y, predicted)
    sklearn_metrics.confusion_matrix(y, predicted)
    sklearn_metrics.roc_curve(y, p)
    sklearn_metrics.precision_recall_curve(y, p)
    return np.array([
        sklearn_metrics.roc_auc_score(y, p),
        sklearn_metrics.average_precision_score(y, p),
        sklearn_metrics.log_loss(y, p),
        sklearn_metrics.brier_score_loss(y, p),
    ])  # fmt: skip


def all_of_burnish(inputs: Inputs) -> Any:
    report = metrics.evaluate(inputs.y_true, inputs.scores)
    return np.array([report.roc_auc, report.average_precision, report.log_loss, report.brier])


# ---- what is right ----


def points(y: Any, scores: Any) -> tuple[Any, Any, Any]:
    """False and true positives at each distinct score, highest first."""
    thresholds, places = np.unique(scores, return_inverse=True)
    tps = np.bincount(places, weights=y, minlength=len(thresholds))[::-1].cumsum()
    both = np.bincount(places, minlength=len(thresholds))[::-1].cumsum()
    return both - tps, tps, thresholds[::-1]


def right_auc(y: Any, scores: Any) -> float:
    fps, tps, _ = points(y, scores)
    fps, tps = np.append(0, fps), np.append(0, tps)
    return float((np.diff(fps) * (tps[1:] + tps[:-1])).sum() / 2 / fps[-1] / tps[-1])


def right_average_precision(y: Any, scores: Any) -> float:
    fps, tps, _ = points(y, scores)
    return float((np.diff(tps, prepend=0) * tps / (tps + fps)).sum() / tps[-1])


def right_counts(inputs: Inputs) -> Any:
    classes = int(inputs.y_true.max()) + 1
    return np.bincount(classes * inputs.y_true + inputs.y_pred, minlength=classes * classes).reshape(classes, classes)


def right_report(inputs: Inputs) -> Any:
    counts = right_counts(inputs)
    return np.diag(counts) / counts.sum(axis=0)


def right_best_f1(inputs: Inputs) -> Any:
    fps, tps, thresholds = points(inputs.y_true, inputs.scores)
    f1 = 2 * tps / (tps + fps + tps[-1])
    return np.array([thresholds[f1.argmax()], f1.max()])


def right_all(inputs: Inputs) -> Any:
    y, p = inputs.y_true, inputs.scores.astype(np.float64)
    of_label = np.where(y == 1, p, 1 - p)
    log_loss = -np.log(np.clip(of_label, 2.0**-23, 1)).mean()
    return np.array([right_auc(y, p), right_average_precision(y, p), log_loss, ((p - y) ** 2).mean()])
