# SPDX-License-Identifier: Apache-2.0
"""Everything that is asked of predictions, at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from burnish import _check as check
from burnish._array import is_on_gpu, is_torch, to_numpy
from burnish.metrics import _torch
from burnish.metrics._classes import class_scores, report_text, shown_names
from burnish.metrics._counts import count_labels, counts_at_threshold, score_array, select
from burnish.metrics._curves import class_codes, class_rankings
from burnish.metrics._labels import Array, factorize, is_countable, label_array, ranking_weights
from burnish.metrics._probabilities import on_cpu, probability_scores
from burnish.metrics._ranking import Ranking, rank
from burnish.metrics._report import Curve, EvaluationReport


def evaluate(
    y_true: Any,
    y_score: Any,
    threshold: float = 0.5,
    *,
    labels: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: Any = None,
    bins: int = 10,
    curves: bool = True,
) -> EvaluationReport:
    """Evaluate scores or probabilities against the right labels.

    Parameters
    ----------
    y_true : array of shape (N,)
        The right labels, of any kind.
    y_score : array of shape (N,) or (N, C), float64, float32, float16 or bfloat16
        Of two classes, scores or probabilities of the second, or a column for each. Of more classes, a column for each.
    threshold : float, default 0.5
        Of two classes, a sample whose score of the second is at or above it is predicted as that one. 0.5 is for
        probabilities.
    labels : array of shape (C,), optional
        The classes in the order of the columns; default 0 to C - 1 if `y_true` holds such integers, else its sorted
        labels.
    target_names : sequence of str, optional
        As which the classes are shown.
    sample_weight : array of shape (N,), optional
        Of each sample, 0 or more; default 1.
    bins : int, default 10
        Of the calibration table, equally wide.
    curves : bool, default True
        Keep the points of the curves.

    Returns
    -------
    EvaluationReport
        Its arrays are NumPy's, whatever came in.

    Raises
    ------
    TypeError, ValueError
        If shapes, dtypes or labels do not fit, there is no sample, or a score is NaN.

    Notes
    -----
    Definitions are scikit-learn's. Each column of scores is sorted once for its ROC curve, AUC, precision-recall curve
    and average precision. Log loss, Brier score and calibration are for probabilities: values from 0 to 1 whose rows
    add up to 1 (within 1e-6 for float64, 1e-4 for float32, a hundredth or what rounding may do for 16 bits). For other
    scores they are NaN and `EvaluationReport.notes` says why; nothing is normalized in silence. Scores on a GPU are
    counted and sorted there; log loss, Brier score and calibration are added up on the CPU.

    Examples
    --------
    >>> from burnish import metrics
    >>> report = metrics.evaluate([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], target_names=["cat", "dog"])
    >>> report.roc_auc, report.accuracy
    (0.75, 0.75)
    >>> print(report)
                  precision    recall  f1-score   support
    <BLANKLINE>
             cat     0.6667    1.0000    0.8000         2
             dog     1.0000    0.5000    0.6667         2
    <BLANKLINE>
        accuracy                         0.7500         4
       macro avg     0.8333    0.7500    0.7333         4
    weighted avg     0.8333    0.7500    0.7333         4
    <BLANKLINE>
    confusion matrix: rows are true labels, columns predictions
         cat  dog
    cat    2    0
    dog    1    1
    <BLANKLINE>
    accuracy                    0.750000
    balanced accuracy           0.750000
    ROC AUC                     0.750000
    average precision           0.833333
    log loss                    0.472288
    Brier score                 0.158125
    expected calibration error  0.137500
    threshold                   0.5
    """
    call = "evaluate"
    threshold = check.real(call, "threshold", threshold, -math.inf)
    bins = check.integer(call, "bins", bins, 1, 1 << 20)
    scores = y_score if is_on_gpu(y_score) else score_array(call, y_score)
    scores = scores.detach() if is_torch(scores) else scores
    if len(scores.shape) == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if len(scores.shape) not in (1, 2):
        raise ValueError(f"{call}: 'y_score' has shape {tuple(scores.shape)}; accepted: (N,) or (N, C)")
    if not int(scores.shape[0]):
        raise ValueError(f"{call}: 'y_score' is empty; accepted: at least one sample")
    names, codes = _codes(call, y_true, scores, labels)
    if len(codes) != int(scores.shape[0]):
        raise ValueError(f"{call}: 'y_score' has shape {tuple(scores.shape)}; accepted: {len(codes)} rows, as 'y_true'")
    weights = ranking_weights(call, sample_weight, len(codes))
    if len(names) == 2:
        flat = scores[:, 1] if len(scores.shape) == 2 else scores
        counts, rankings = _of_two(call, codes, flat, threshold, sample_weight)
        measured = probability_scores(codes, on_cpu(flat), weights, bins)
    else:
        counts, rankings = _of_many(call, codes, scores, len(names), sample_weight)
        measured = probability_scores(codes, on_cpu(scores), weights, bins)
    shown = _shown(call, names, target_names)
    by_class = class_scores(counts)
    aucs, precisions, notes = _areas(rankings, shown)
    if measured.note:
        notes.append(f"no log loss, Brier score and calibration: {measured.note}")
    has_samples = by_class.support > 0
    return EvaluationReport(
        labels=names,
        names=shown,
        threshold=threshold if len(names) == 2 else None,
        confusion=counts,
        precision=by_class.precision,
        recall=by_class.recall,
        f1=by_class.f1,
        support=by_class.support,
        accuracy=by_class.averages("micro")[0],
        balanced_accuracy=float(by_class.recall[has_samples].mean()) if has_samples.any() else math.nan,
        roc_auc=_mean(aucs),
        average_precision=_mean(precisions),
        roc_auc_by_class=aucs,
        average_precision_by_class=precisions,
        log_loss=measured.log_loss,
        brier=measured.brier,
        calibration=measured.calibration,
        roc=tuple(_roc(each, area) for each, area in zip(rankings, aucs, strict=True)) if curves else (),
        precision_recall=(
            tuple(_precision_recall(each, area) for each, area in zip(rankings, precisions, strict=True))
            if curves
            else ()
        ),
        notes=tuple(notes),
    )


def evaluate_model(y_true: Any, y_pred_probs: Any, threshold: float = 0.5) -> EvaluationReport:
    """Print a classification report, the confusion matrix and the AUC of a binary classifier.

    Parameters
    ----------
    y_true : array of shape (N,)
        The right labels.
    y_pred_probs : array of shape (N,), (N, 1) or (N, 2)
        Probabilities of the second class.
    threshold : float, default 0.5
        At and above which a sample is predicted as that one.

    Returns
    -------
    EvaluationReport
        All of what `evaluate` finds.

    Examples
    --------
    >>> from burnish.metrics import evaluate_model
    >>> report = evaluate_model([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    Classification report:
                  precision    recall  f1-score   support
    <BLANKLINE>
               0       0.67      1.00      0.80         2
               1       1.00      0.50      0.67         2
    <BLANKLINE>
        accuracy                           0.75         4
       macro avg       0.83      0.75      0.73         4
    weighted avg       0.83      0.75      0.73         4
    <BLANKLINE>
    Confusion matrix:
    [[2 0]
     [1 1]]
    AUC: 0.7500
    """
    report = evaluate(y_true, y_pred_probs, threshold)
    print(f"Classification report:\n{report_text(report.scores, report.names, 2)}")
    print(f"Confusion matrix:\n{report.confusion}")
    print(f"AUC: {report.roc_auc:.4f}")
    return report


def _codes(call: str, y_true: Any, scores: Any, labels: Any) -> tuple[Array, Array]:
    """Return the classes, and the number of each sample's, on the CPU."""
    if len(scores.shape) == 2:
        return class_codes(call, y_true, int(scores.shape[1]), labels)
    if labels is not None:
        return class_codes(call, y_true, 2, labels)
    values = label_array(call, "y_true", y_true)
    if is_countable(values) and not (values.dtype.kind != "b" and ((values < 0) | (values > 1)).any()):
        return np.arange(2), values
    present, codes = factorize(call, values)
    if len(present) != 2:
        raise ValueError(
            f"{call}: 'y_true' has {len(present)} labels; accepted: 2 where 'y_score' has shape (N,), or pass labels="
        )
    return present, codes


def _shown(call: str, labels: Array, target_names: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(shown_names(call, labels, target_names, "class"))


def _of_two(call: str, codes: Array, scores: Any, threshold: float, sample_weight: Any) -> tuple[Array, list[Ranking]]:
    ranking = rank(call, codes, scores, sample_weight=sample_weight)
    if is_on_gpu(scores):
        counts = to_numpy(_torch.confusion_matrix(call, codes, scores, None, 2, sample_weight, threshold))
    else:
        counts = counts_at_threshold(call, codes, scores, threshold, sample_weight)
    return counts, [ranking]


def _of_many(call: str, codes: Array, scores: Any, size: int, sample_weight: Any) -> tuple[Array, list[Ranking]]:
    moved = _torch.like(scores, codes) if is_on_gpu(scores) else codes
    rankings = class_rankings(call, moved, scores, sample_weight)
    predicted = to_numpy(scores.argmax(1))
    labels, counts = count_labels(call, codes, predicted, sample_weight)
    wanted = np.arange(size)
    return (counts if len(labels) == size else select(call, labels, counts, wanted, codes)), rankings


def _areas(rankings: Sequence[Ranking], names: Sequence[str]) -> tuple[Any, Any, list[str]]:
    aucs = np.array([ranking.roc_auc() for ranking in rankings])
    precisions = np.array([ranking.average_precision() if ranking.positives > 0 else math.nan for ranking in rankings])
    of = names[1:] if len(rankings) == 1 else names
    missing = [name for name, value in zip(of, aucs.tolist(), strict=True) if math.isnan(value)]
    notes = [f"no ROC AUC, which needs samples of the class and of others: {', '.join(missing)}"] if missing else []
    return aucs, precisions, notes


def _mean(values: Any) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan


def _roc(ranking: Ranking, area: float) -> Curve:
    fpr, tpr, thresholds = (to_numpy(array) for array in ranking.roc(True))
    return Curve(fpr, tpr, thresholds, float(area))


def _precision_recall(ranking: Ranking, area: float) -> Curve:
    precision, recall, thresholds = ranking.precision_recall(True)
    if is_torch(thresholds):
        thresholds = thresholds.double()  # NumPy has no bfloat16
    return Curve(to_numpy(recall), to_numpy(precision), to_numpy(thresholds), float(area))
