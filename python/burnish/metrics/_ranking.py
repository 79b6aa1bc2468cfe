# SPDX-License-Identifier: Apache-2.0
"""Scores sorted once, and what can be read off them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish._array import deliver, dtype_name, is_on_gpu, is_torch
from burnish.metrics import _torch
from burnish.metrics._counts import score_array
from burnish.metrics._labels import binary_labels, ranking_weights

Triple = tuple[Any, Any, Any]


class Ranking(Protocol):
    """Scores in order; every distinct one is a threshold."""

    positives: float
    negatives: float

    def roc_auc(self) -> float:
        """Area under the ROC curve; NaN unless there are both classes."""

    def average_precision(self) -> float:
        """Area under the precision-recall curve, as steps."""

    def roc(self, drop_intermediate: bool) -> Triple:
        """False positive rates, true positive rates, thresholds."""

    def precision_recall(self, drop_intermediate: bool) -> Triple:
        """Precision, recall, thresholds."""

    def choose(
        self, objective: _core.Objective, parameter: float, costs: tuple[float, ...]
    ) -> tuple[float, float, float, float] | None:
        """Return threshold, value, true and false positives of the best threshold; None if none is allowed."""


class NativeRanking:
    """The core's, for arrays on a CPU."""

    def __init__(self, call: str, labels: Any, positive: int, scores: Any, weights: Any) -> None:
        if weights is not None and not weights.all():  # samples of weight 0 are none, as in scikit-learn
            check.one_dimensional(call, "y_score", scores, len(labels))
            nans = int((scores != scores).sum())
            if nans:  # a mistake whatever it weighs
                raise ValueError(f"{call}: 'y_score' has {nans} NaN among {len(scores)} values; accepted: numbers")
            kept = weights > 0
            labels, weights = labels[kept], weights[kept]
            scores = scores[_torch.like(scores, kept)] if is_torch(scores) else scores[kept]
        self._ranking = _core.Ranking(call, labels, positive, scores, weights)
        self._like = scores
        self.positives = self._ranking.positives
        self.negatives = self._ranking.negatives

    def roc_auc(self) -> float:
        return self._ranking.roc_auc()

    def average_precision(self) -> float:
        return self._ranking.average_precision()

    def roc(self, drop_intermediate: bool) -> Triple:
        size = self._ranking.curve_size(_core.Curve.roc, drop_intermediate) + 1
        out = np.empty(size), np.empty(size), np.empty(size)
        self._ranking.write_curve(_core.Curve.roc, drop_intermediate, *out)
        return self._delivered(*out)

    def precision_recall(self, drop_intermediate: bool) -> Triple:
        size = self._ranking.curve_size(_core.Curve.precision_recall, drop_intermediate)
        is_wide = dtype_name(self._like) == "float64"
        precision, recall = np.empty(size + 1), np.empty(size + 1)
        thresholds = np.empty(size, np.float64 if is_wide else np.float32)
        self._ranking.write_curve(_core.Curve.precision_recall, drop_intermediate, precision, recall, thresholds)
        precision, recall, thresholds = self._delivered(precision, recall, thresholds)
        if dtype_name(self._like) in ("float16", "bfloat16"):
            dtype = self._like.dtype
            thresholds = thresholds.to(dtype) if is_torch(thresholds) else thresholds.astype(dtype)
        return precision, recall, thresholds

    def choose(
        self, objective: _core.Objective, parameter: float, costs: tuple[float, ...]
    ) -> tuple[float, float, float, float] | None:
        return self._ranking.choose(objective, parameter, costs)

    def _delivered(self, *arrays: Any) -> Triple:
        x, y, thresholds = (deliver(self._like, array) if is_torch(self._like) else array for array in arrays)
        return x, y, thresholds


def rank(
    call: str, y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, either: bool = False
) -> Ranking:
    """Sort scores of one class, where they are."""
    if is_on_gpu(y_score) or is_on_gpu(y_true):
        return _torch.rank(call, y_true, y_score, pos_label, sample_weight, either)
    labels, positive = binary_labels(call, y_true, pos_label, either=either)
    scores = score_array(call, y_score)
    if len(scores.shape) == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    return NativeRanking(call, labels, positive, scores, ranking_weights(call, sample_weight, len(labels)))
