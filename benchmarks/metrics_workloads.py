# SPDX-License-Identifier: Apache-2.0
"""What is asked of predictions, of how many samples, and how much faster burnish means to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import metrics_peers as peers
import numpy as np
from burnish import metrics
from contest import Contender, Workload, goals
from metrics_peers import Inputs, call, sklearn, torchmetric

TEN_MILLION = 10_000_000


def difference(result: Any, expected: Any) -> float:
    """Largest difference; curves are compared at a thousand points."""
    if isinstance(expected, tuple):
        return max(difference(a, b) for a, b in zip(result, expected, strict=True))
    found, wanted = np.asarray(result, np.float64), np.asarray(expected, np.float64)
    if found.shape != wanted.shape:
        return float("inf")
    return float(np.abs(found - wanted).max(initial=0.0))


def shape_of_curve(x: Any, y: Any) -> Any:
    """A curve as its height at fixed places, whichever way it runs and whatever points were left out."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    order = slice(None) if x[0] <= x[-1] else slice(None, None, -1)
    return np.interp(np.linspace(0.001, 0.999, 1000), x[order], y[order])


def curve_error(place: tuple[int, int]) -> Callable[[Any, Any], float]:
    return lambda result, expected: difference(shape_of_curve(result[place[0]], result[place[1]]), expected)


def workload(
    name: str, make: Callable[[int], Inputs], expect: Callable[[Inputs], Any], ours: Callable[[Inputs], Any],
    others: tuple[Contender, ...], at_least: dict[str, float], error: Callable[[Any, Any], float] = difference,
    tolerance: float = 1e-12,
) -> Workload:  # fmt: skip
    own = Contender("burnish", call(ours), "burnish", tolerance=tolerance)
    return Workload(name, make, expect, error, (own, *others), goals(at_least))


def binary(dtype: str = "float32", n: int = TEN_MILLION) -> Callable[[int], Inputs]:
    return lambda divisor: peers.binary(n // divisor, dtype)


def ten_classes(divisor: int) -> Inputs:
    return peers.multiclass(1_000_000 // divisor, 10)


def counting(name: str, make: Callable[[int], Inputs], classes: int, at_least: dict[str, float]) -> Workload:
    tm, sk = peers.torchmetrics, peers.sklearn_metrics

    def torch_counts(validate: bool) -> Callable[[Any, Any], Any]:
        if classes == 2:
            return lambda p, t: tm.binary_confusion_matrix(p, t, validate_args=validate)
        return lambda p, t: tm.multiclass_confusion_matrix(p, t, classes, validate_args=validate)

    return workload(
        name, make, peers.right_counts,
        lambda i: metrics.confusion_matrix(i.y_true, i.y_pred),
        (
            sklearn(lambda i: sk.confusion_matrix(i.y_true, i.y_pred)),
            torchmetric(torch_counts(True), "torchmetrics", "y_pred"),
            torchmetric(torch_counts(False), "torchmetrics, no validation", "y_pred"),
            Contender("NumPy bincount", call(peers.right_counts)),
        ),
        at_least,
    )  # fmt: skip


def ranking(dtype: str) -> tuple[Workload, ...]:
    tm, sk = peers.torchmetrics, peers.sklearn_metrics
    make, suffix = binary(dtype), f"10M-{dtype}"
    return (
        workload(
            f"roc-auc-{suffix}", make, lambda i: peers.right_auc(i.y_true, i.scores),
            lambda i: metrics.roc_auc(i.y_true, i.scores),
            (
                sklearn(lambda i: sk.roc_auc_score(i.y_true, i.scores)),
                torchmetric(lambda p, t: tm.binary_auroc(p, t), "torchmetrics"),
            ),
            {"torchmetrics": 15.0, "scikit-learn": 15.0},
        ),
        workload(
            f"roc-curve-{suffix}", make,
            lambda i: shape_of_curve(*(v / v[-1] for v in peers.points(i.y_true, i.scores)[:2])),
            lambda i: metrics.roc_curve(i.y_true, i.scores),
            (
                sklearn(lambda i: sk.roc_curve(i.y_true, i.scores)),
                torchmetric(lambda p, t: tm.binary_roc(p, t), "torchmetrics"),
            ),
            {}, curve_error((0, 1)),
        ),
        workload(
            f"pr-curve-{suffix}", make, right_pr_curve,
            lambda i: metrics.precision_recall_curve(i.y_true, i.scores),
            (
                sklearn(lambda i: sk.precision_recall_curve(i.y_true, i.scores)),
                torchmetric(lambda p, t: tm.binary_precision_recall_curve(p, t), "torchmetrics"),
            ),
            {}, curve_error((1, 0)),
        ),
        workload(
            f"average-precision-{suffix}", make, lambda i: peers.right_average_precision(i.y_true, i.scores),
            lambda i: metrics.average_precision(i.y_true, i.scores),
            (
                sklearn(lambda i: sk.average_precision_score(i.y_true, i.scores)),
                torchmetric(lambda p, t: tm.binary_average_precision(p, t), "torchmetrics"),
            ),
            {"scikit-learn": 15.0},
        ),
        workload(
            f"best-f1-{suffix}", make, peers.right_best_f1,
            lambda i: np.array(tuple(metrics.choose_threshold(i.y_true, i.scores))),
            (sklearn(peers.best_f1_of_curve, "scikit-learn, from the curve"),),
            {"scikit-learn, from the curve": 15.0},
        ),
    )  # fmt: skip


def right_pr_curve(inputs: Inputs) -> Any:
    fps, tps, _ = peers.points(inputs.y_true, inputs.scores)
    return shape_of_curve(np.append(0, tps / tps[-1]), np.append(1, tps / (tps + fps)))


def class_weights(y: Any) -> Any:
    counts = metrics.class_counts(y)
    return len(y) / (len(counts) * counts)


def _workloads() -> tuple[Workload, ...]:
    tm, sk = peers.torchmetrics, peers.sklearn_metrics
    weights = peers.class_weight
    return (
        counting("confusion-10M-binary", binary(), 2, {"scikit-learn": 100.0}),
        counting("confusion-1M-10-classes", ten_classes, 10, {"scikit-learn": 50.0}),
        workload(
            "report-10M-binary", binary(), peers.right_report,
            lambda i: precisions(metrics.classification_report(i.y_true, i.y_pred, output_dict=True)),
            (sklearn(lambda i: precisions(sk.classification_report(i.y_true, i.y_pred, output_dict=True))),),
            {"scikit-learn": 200.0},
        ),
        workload(
            "class-weights-10M", binary(), lambda i: len(i.y_true) / (2 * np.bincount(i.y_true)),
            lambda i: class_weights(i.y_true),
            (
                sklearn(lambda i: weights.compute_class_weight("balanced", classes=np.arange(2), y=i.y_true)),
                Contender("NumPy bincount", call(lambda i: len(i.y_true) / (2 * np.bincount(i.y_true)))),
            ),
            {"scikit-learn": 200.0},
        ),
        *ranking("float32"),
        *ranking("float64"),
        workload(
            "roc-auc-1M-10-classes", ten_classes,
            lambda i: np.mean([peers.right_auc(i.y_true == c, i.scores[:, c]) for c in range(10)]),
            lambda i: metrics.roc_auc(i.y_true, i.scores),
            (
                sklearn(lambda i: sk.roc_auc_score(i.y_true, i.scores, multi_class="ovr")),
                torchmetric(lambda p, t: tm.multiclass_auroc(p, t, 10), "torchmetrics"),
            ),
            {"torchmetrics": 10.0},
        ),
        workload(
            "everything-1M-binary", binary(n=1_000_000), peers.right_all, peers.all_of_burnish,
            (sklearn(peers.all_of_scikit_learn),), {"scikit-learn": 15.0}, tolerance=1e-9,
        ),
    )  # fmt: skip


def precisions(report: dict[str, Any]) -> Any:
    return np.array([report["0"]["precision"], report["1"]["precision"]])


WORKLOADS = _workloads()
