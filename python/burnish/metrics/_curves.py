# SPDX-License-Identifier: Apache-2.0
"""Exact curves over all thresholds, and the areas under them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, is_on_gpu, is_torch, to_numpy
from burnish.metrics import _torch
from burnish.metrics._counts import score_array
from burnish.metrics._labels import Array, factorize, is_countable, label_array, ranking_weights
from burnish.metrics._ranking import NativeRanking, Ranking, rank

Average = Literal["macro", "weighted"] | None


def roc_curve(
    y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = True
) -> tuple[Any, Any, Any]:
    """Compute the receiver operating characteristic, exactly.

    Parameters
    ----------
    y_true : array of shape (N,)
        Labels of two classes, 0 and 1 or -1 and 1; any other with `pos_label`.
    y_score : array of shape (N,), float64, float32, float16, bfloat16 or integers
        Higher means more positive. Integers from -2^53 to 2^53. Infinite scores are ordered like any other.
    pos_label : label, optional
        The positive class; all others are negative.
    sample_weight : array of shape (N,), optional
        Of each sample, 0 or more; default 1.
    drop_intermediate : bool, default True
        Leave out points on a straight line between their neighbors, by scikit-learn's rule.

    Returns
    -------
    fpr, tpr, thresholds : float64 arrays of shape (M,)
        Rates of false and true positives among negatives and positives where ``y_score >= threshold`` is called
        positive, by descending threshold; the first threshold is infinity. NaN without negatives, or positives. Torch
        tensors where `y_score` is one, on its device.

    Raises
    ------
    TypeError, ValueError
        If shapes or dtypes are wrong, a score is NaN, all weights are 0, or it is not clear which label is positive.

    Notes
    -----
    One radix sort of the scores. Without weights, the bits are scikit-learn's, for every number of threads.

    Examples
    --------
    >>> from burnish import metrics
    >>> fpr, tpr, thresholds = metrics.roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> fpr
    array([0. , 0. , 0.5, 0.5, 1. ])
    >>> thresholds
    array([ inf, 0.8 , 0.4 , 0.35, 0.1 ])
    """
    ranking = rank("roc_curve", y_true, y_score, pos_label=pos_label, sample_weight=sample_weight)
    _refuse_empty("roc_curve", ranking)
    return ranking.roc(bool(drop_intermediate))


def precision_recall_curve(
    y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = False
) -> tuple[Any, Any, Any]:
    """Compute precision and recall at every threshold, exactly.

    Parameters
    ----------
    y_true, y_score, pos_label, sample_weight : arrays and a label
        As for `roc_curve`.
    drop_intermediate : bool, default False
        Leave out points on a vertical line between their neighbors, by scikit-learn's rule.

    Returns
    -------
    precision, recall : float64 arrays of shape (M + 1,)
        By ascending threshold, then 1 and 0. Recall is 1 without positives.
    thresholds : array of shape (M,)
        In the dtype of the scores.

    Raises
    ------
    TypeError, ValueError
        As for `roc_curve`.

    Examples
    --------
    >>> from burnish import metrics
    >>> precision, recall, thresholds = metrics.precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> recall
    array([1. , 1. , 0.5, 0.5, 0. ])
    """
    call = "precision_recall_curve"
    ranking = rank(call, y_true, y_score, pos_label=pos_label, sample_weight=sample_weight)
    _refuse_empty(call, ranking)
    return ranking.precision_recall(bool(drop_intermediate))


def roc_auc(
    y_true: Any,
    y_score: Any,
    *,
    average: Average = "macro",
    labels: Any = None,
    sample_weight: Any = None,
    max_fpr: float | None = None,
) -> Any:
    """Compute the area under the ROC curve: the share of pairs of a positive and a negative in the right order.

    Parameters
    ----------
    y_true : array of shape (N,)
        Labels of any kind; of two, the larger is positive.
    y_score : array of shape (N,) or (N, C)
        Scores of the positive class, or one column for each class: then each class is ranked against the others.
    average : {"macro", "weighted"}, optional
        Over classes: their mean, or their mean by number of samples. None returns one value for each class. Without a
        meaning for scores of shape (N,).
    labels : array of shape (C,), optional
        What the columns stand for; default 0 to C - 1 if `y_true` holds such integers, else its sorted labels.
    sample_weight : array of shape (N,), optional
        Of each sample, 0 or more; default 1.
    max_fpr : float, optional
        Only the part up to this false positive rate, standardized as by McClish, for scores of shape (N,).

    Returns
    -------
    float, or float64 array of shape (C,)
        0 to 1; ties count half. For a class without samples, or without others, ``average=None`` has NaN.

    Raises
    ------
    TypeError, ValueError
        As for `roc_curve`, and if there are not both positives and negatives.

    Notes
    -----
    Without weights the pairs are counted in whole numbers, so that the result is off by rounding alone.

    Examples
    --------
    >>> from burnish import metrics
    >>> metrics.roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    call = "roc_auc"
    scores = _one_or_more_columns(call, y_score)
    if len(scores.shape) == 2:
        if max_fpr is not None:
            raise ValueError(f"{call}: 'max_fpr' is for scores of shape (N,), got shape {tuple(scores.shape)}")
        return _of_classes(call, y_true, scores, average, labels, sample_weight, lambda ranking: ranking.roc_auc())
    ranking = rank(call, y_true, scores, pos_label=_second(call, labels), sample_weight=sample_weight, either=True)
    _refuse_empty(call, ranking)
    if not (ranking.positives > 0 and ranking.negatives > 0):
        raise ValueError(f"{call}: 'y_true' holds one class only; accepted: positive and negative samples")
    if max_fpr is None:
        return ranking.roc_auc()
    return _partial_auc(ranking, check.real(call, "max_fpr", max_fpr, 0.0, 1.0))


def average_precision(
    y_true: Any,
    y_score: Any,
    *,
    average: Average = "macro",
    labels: Any = None,
    pos_label: Any = None,
    sample_weight: Any = None,
) -> Any:
    """Compute the average precision: precision at each threshold, weighted by the recall that it adds.

    Parameters
    ----------
    y_true, y_score, average, labels : arrays and a string
        As for `roc_auc`.
    pos_label : label, optional
        As for `roc_curve`, for scores of shape (N,).
    sample_weight : array of shape (N,), optional
        As for `roc_auc`.

    Returns
    -------
    float, or float64 array of shape (C,)
        0 to 1. For a class without samples, ``average=None`` has NaN.

    Raises
    ------
    TypeError, ValueError
        As for `roc_curve`, and if there are no positives.

    Examples
    --------
    >>> from burnish import metrics
    >>> round(metrics.average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    call = "average_precision"
    scores = _one_or_more_columns(call, y_score)
    if len(scores.shape) == 2:
        return _of_classes(
            call, y_true, scores, average, labels, sample_weight,
            lambda ranking: ranking.average_precision() if ranking.positives > 0 else float("nan"),
        )  # fmt: skip
    second = _second(call, labels)
    positive = pos_label if pos_label is not None else second
    ranking = rank(call, y_true, scores, pos_label=positive, sample_weight=sample_weight, either=True)
    _refuse_empty(call, ranking)
    if not ranking.positives > 0:
        raise ValueError(f"{call}: 'y_true' has no positive sample; accepted: at least one")
    return ranking.average_precision()


def _refuse_empty(call: str, ranking: Ranking) -> None:
    if not ranking.positives + ranking.negatives > 0:
        raise ValueError(f"{call}: 'y_true' is empty; accepted: at least one sample")


def _second(call: str, labels: Any) -> Any:
    """Return the positive one of two labels."""
    if labels is None:
        return None
    names = to_numpy(as_array(labels))
    check.one_dimensional(call, "labels", names)
    pair = names.tolist()
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ValueError(f"{call}: 'labels' is {pair}; accepted with scores of shape (N,): two different labels")
    return pair[1]


def _one_or_more_columns(call: str, y_score: Any) -> Any:
    """Return scores of shape (N,), or (N, C) with C above 2; of two columns the second."""
    scores = score_array(call, y_score) if not is_on_gpu(y_score) else y_score
    if len(scores.shape) == 2 and scores.shape[1] in (1, 2):
        return scores[:, -1]
    if len(scores.shape) not in (1, 2) or (len(scores.shape) == 2 and scores.shape[1] == 0):
        raise ValueError(f"{call}: 'y_score' has shape {tuple(scores.shape)}; accepted: (N,) or (N, C)")
    return scores


def _partial_auc(ranking: Ranking, max_fpr: float) -> float:
    if max_fpr == 1.0:
        return ranking.roc_auc()
    if max_fpr == 0.0:
        raise ValueError("roc_auc: 'max_fpr' is 0; accepted: above 0, up to 1")
    fpr, tpr, _ = (to_numpy(array) for array in ranking.roc(True))
    stop = int(np.searchsorted(fpr, max_fpr, "right"))
    at = np.interp(max_fpr, fpr[stop - 1 : stop + 1], tpr[stop - 1 : stop + 1])
    x, y = np.append(fpr[:stop], max_fpr), np.append(tpr[:stop], at)
    area = float((np.diff(x) * (y[1:] + y[:-1])).sum() / 2)
    least = max_fpr * max_fpr / 2
    return 0.5 * (1 + (area - least) / (max_fpr - least))


def class_codes(call: str, y_true: Any, columns: int, labels: Any) -> tuple[Array, Array]:
    """Return what the columns stand for, and each label's column; on a CPU."""
    values = label_array(call, "y_true", y_true)
    if labels is None and is_countable(values):
        outside = (values < 0) | (values >= columns) if values.dtype.kind != "b" else np.zeros(1, bool)
        if not outside.any():
            return np.arange(columns), values
    if labels is None:
        present, codes = factorize(call, values)
        if len(present) != columns:
            raise ValueError(
                f"{call}: 'y_true' has {len(present)} labels and 'y_score' {columns} columns; pass labels=, what the "
                "columns stand for"
            )
        return present, codes
    names = to_numpy(as_array(labels))
    check.one_dimensional(call, "labels", names, columns)
    present, codes = factorize(call, values)
    places = {label: place for place, label in enumerate(names.tolist())}
    if len(places) < columns:
        raise ValueError(f"{call}: 'labels' has one label twice; accepted: different ones")
    missing = [label for label in present.tolist() if label not in places]
    if missing:
        raise ValueError(f"{call}: 'y_true' has the label {missing[0]!r}, which is not in 'labels'")
    return names, np.array([places[label] for label in present.tolist()], np.int64)[codes]


def class_rankings(call: str, codes: Any, scores: Any, sample_weight: Any) -> list[Ranking]:
    """Sort each column, its class against all others."""
    if is_on_gpu(scores):
        return [
            rank(call, codes, scores[:, c], pos_label=c, sample_weight=sample_weight) for c in range(scores.shape[1])
        ]
    weights = ranking_weights(call, sample_weight, len(codes))
    columns = scores.T.contiguous() if is_torch(scores) else np.ascontiguousarray(scores.T)  # read once, not C times
    return [NativeRanking(call, codes, c, columns[c], weights) for c in range(len(columns))]


def codes_like(call: str, y_true: Any, scores: Any, labels: Any) -> tuple[Array, Any]:
    """As `class_codes`, with the codes on the device of the scores."""
    names, codes = class_codes(call, y_true, int(scores.shape[1]), labels)
    return names, (_torch.like(scores, codes) if is_on_gpu(scores) else codes)


def _of_classes(
    call: str, y_true: Any, scores: Any, average: Average, labels: Any, sample_weight: Any,
    metric: Callable[[Ranking], float]
) -> Any:  # fmt: skip
    if average not in ("macro", "weighted", None):
        raise ValueError(f"{call}: 'average' is {average!r}; accepted: 'macro', 'weighted', None")
    names, codes = codes_like(call, y_true, scores, labels)
    rankings = class_rankings(call, codes, scores, sample_weight)
    values = np.array([metric(ranking) for ranking in rankings])
    if average is None:
        return values
    undefined = np.flatnonzero(np.isnan(values))
    if len(undefined):
        raise ValueError(
            f"{call}: class {names[undefined[0]].item()!r} has no samples, or all; accepted: some of each class, or "
            "average=None"
        )
    return averaged(values, np.array([ranking.positives for ranking in rankings]), average)


def averaged(values: npt.NDArray[np.float64], support: npt.NDArray[Any], average: str) -> float:
    """Return the mean, or the mean by support."""
    return float(values.mean() if average == "macro" else (values * support).sum() / support.sum())
