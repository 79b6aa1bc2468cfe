# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a data set that comes in shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import is_torch, to_numpy
from burnish.metrics._counts import counts_at_threshold, counts_of_range, score_array
from burnish.metrics._evaluate import evaluate
from burnish.metrics._labels import Array, label_array
from burnish.metrics._report import EvaluationReport


class Accumulator:
    """Collect predictions shard by shard, and merge what was collected elsewhere.

    Parameters
    ----------
    num_classes : int, default 2
        Labels are 0 to num_classes - 1.
    threshold : float, default 0.5
        For two classes: samples whose score is at or above it count as predicted positive.
    keep_scores : bool, default True
        Needed for `report`. Without, only the confusion matrix is kept, in memory that does not grow.

    Attributes
    ----------
    confusion : int64 array of shape (num_classes, num_classes)
        Of all samples so far, exact: rows are true labels, columns predictions.
    num_samples : int
        How many they are.

    Notes
    -----
    Exact curves need every score: they are kept as they came, with a label of one byte up to 256 classes (5 bytes a
    sample for float32 scores of two classes), and sorted once, by `report`. That is less than sorted runs would take,
    which need counts of both classes beside each score. What `report` and `confusion` say does not depend on the order
    of shards, but for the last bits of log loss, Brier score and calibration.

    Examples
    --------
    >>> from burnish import metrics
    >>> first = metrics.Accumulator().update([0, 1], [0.2, 0.9])
    >>> second = metrics.Accumulator().update([1, 0], [0.4, 0.3])
    >>> both = first.merge(second)
    >>> both.confusion
    array([[2, 0],
           [1, 1]])
    >>> both.report().roc_auc
    1.0
    """

    def __init__(self, num_classes: int = 2, *, threshold: float = 0.5, keep_scores: bool = True) -> None:
        self.num_classes = check.integer("Accumulator", "num_classes", num_classes, 2, _core.MOST_CLASSES)
        self.threshold = check.real("Accumulator", "threshold", threshold, -np.inf)
        self.keep_scores = bool(keep_scores)
        self.confusion: npt.NDArray[np.int64] = np.zeros((num_classes, num_classes), np.int64)
        self._labels: list[Array] = []
        self._scores: list[Array] = []

    @property
    def num_samples(self) -> int:
        """How many samples were seen."""
        return int(self.confusion.sum())

    def update(self, y_true: Any, y_score: Any) -> Accumulator:
        """Add one shard.

        Parameters
        ----------
        y_true : integer array of shape (N,)
            The right classes.
        y_score : array of shape (N,), for two classes, or (N, num_classes)
            Scores or probabilities. Copied; moved from a GPU.

        Returns
        -------
        Accumulator
            Itself.

        Raises
        ------
        TypeError, ValueError
            If a shape, dtype or label is wrong or a score is NaN; nothing has been added then.
        """
        call = "Accumulator.update"
        labels = label_array(call, "y_true", y_true)
        scores = score_array(call, y_score)
        if is_torch(scores):
            scores = to_numpy(scores.float() if str(scores.dtype) == "torch.bfloat16" else scores)
        wanted = (len(labels), self.num_classes)
        if self.num_classes == 2 and scores.ndim == 2 and scores.shape[1] in (1, 2):
            scores = scores[:, -1]
        if scores.shape != (wanted if self.num_classes > 2 else wanted[:1]):
            shape = wanted if self.num_classes > 2 else f"({len(labels)},)"
            raise ValueError(f"{call}: 'y_score' has shape {scores.shape}; accepted: {shape}")
        if not len(labels):
            return self  # an empty shard fixes no dtype
        if self._scores and scores.dtype != self._scores[0].dtype:
            raise TypeError(f"{call}: 'y_score' has dtype {scores.dtype}; accepted: {self._scores[0].dtype}, as before")
        if np.isnan(scores).any():
            raise ValueError(
                f"{call}: 'y_score' has {int(np.isnan(scores).sum())} NaN among {scores.size} values; accepted: numbers"
            )
        if self.num_classes == 2:
            counts = counts_at_threshold(call, labels, scores, self.threshold)
        else:
            counts = counts_of_range(call, labels, scores.argmax(axis=1), self.num_classes)
        if self.keep_scores:
            self._labels.append(labels.astype(np.min_scalar_type(self.num_classes - 1)))
            self._scores.append(np.array(scores))
        self.confusion = self.confusion + counts
        return self

    def merge(self, other: Accumulator) -> Accumulator:
        """Return an accumulator that has seen what both have; neither is changed.

        Parameters
        ----------
        other : Accumulator
            Made with the same parameters.

        Returns
        -------
        Accumulator

        Raises
        ------
        TypeError, ValueError
            If `other` is something else, or the parameters or the dtypes of the scores differ.
        """
        call = "Accumulator.merge"
        if not isinstance(other, Accumulator):
            raise TypeError(f"{call}: 'other' is a {type(other).__name__}; accepted: an Accumulator")
        if self._parameters() != other._parameters():
            raise ValueError(f"{call}: made with {other._parameters()}; accepted: {self._parameters()}")
        dtypes = sorted({str(scores.dtype) for scores in (*self._scores, *other._scores)})
        if len(dtypes) > 1:
            raise ValueError(f"{call}: scores of dtypes {', '.join(dtypes)}; accepted: one dtype")
        both = Accumulator(self.num_classes, threshold=self.threshold, keep_scores=self.keep_scores)
        both.confusion = self.confusion + other.confusion
        both._labels = [*self._labels, *other._labels]
        both._scores = [*self._scores, *other._scores]
        return both

    def _parameters(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "threshold": self.threshold, "keep_scores": self.keep_scores}

    def report(
        self, *, target_names: Sequence[str] | None = None, bins: int = 10, curves: bool = True
    ) -> EvaluationReport:
        """Evaluate all that was collected.

        Parameters
        ----------
        target_names, bins, curves : as they are there
            As for `evaluate`.

        Returns
        -------
        EvaluationReport

        Raises
        ------
        ValueError
            If there is no sample, or scores were not kept.
        """
        if not self.keep_scores:
            raise ValueError("Accumulator.report: made with keep_scores=False; accepted: True")
        if not self.num_samples:
            raise ValueError("Accumulator.report: there is no sample; accepted: at least one update")
        labels, scores = np.concatenate(self._labels), np.concatenate(self._scores)
        return evaluate(
            labels, scores, self.threshold, labels=np.arange(self.num_classes), target_names=target_names, bins=bins,
            curves=curves,
        )  # fmt: skip
