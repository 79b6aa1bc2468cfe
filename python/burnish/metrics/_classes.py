# SPDX-License-Identifier: Apache-2.0
"""Precision, recall and F1 of each class, from counts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import is_on_gpu, to_numpy
from burnish.metrics import _torch
from burnish.metrics._counts import count_labels
from burnish.metrics._labels import Array

_HEADINGS = ("precision", "recall", "f1-score", "support")


@dataclass(frozen=True)
class ClassScores:
    """Of some classes, in order.

    Attributes
    ----------
    precision, recall, f1 : float64 arrays of shape (K,)
        0 where there is nothing to divide by.
    support : array of shape (K,)
        Samples of each class, or their weight.
    predicted, right : arrays of shape (K,)
        Samples predicted as it, and of these the right ones.
    """

    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    f1: npt.NDArray[np.float64]
    support: Array
    predicted: Array
    right: Array

    def averages(self, average: str) -> tuple[float, float, float]:
        """Precision, recall and F1: "macro" means, "weighted" by support, or "micro", of all samples together."""
        if average == "micro":
            right, predicted, support = self.right.sum(), self.predicted.sum(), self.support.sum()
            return (
                float(_ratio(right, predicted)),
                float(_ratio(right, support)),
                float(_ratio(2 * right, predicted + support)),
            )
        columns = (self.precision, self.recall, self.f1)
        if average == "macro":
            p, r, f = (float(column.mean()) if len(column) else 0.0 for column in columns)
        else:
            p, r, f = (float(_ratio((column * self.support).sum(), self.support.sum())) for column in columns)
        return p, r, f


def _ratio(a: Any, b: Any) -> Any:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)


def class_scores(counts: Array, places: Sequence[int] | None = None) -> ClassScores:
    """Compute what each class reaches, or those at `places`, of which -1 is a class that does not occur."""
    support, predicted, right = counts.sum(axis=1), counts.sum(axis=0), np.diagonal(counts)
    if places is not None:
        support, predicted, right = (
            np.append(column, column.dtype.type(0))[list(places)] for column in (support, predicted, right)
        )
    return ClassScores(
        precision=_ratio(right, predicted),
        recall=_ratio(right, support),
        f1=_ratio(2 * right, predicted + support),
        support=support,
        predicted=predicted,
        right=right,
    )


def classification_report(
    y_true: Any,
    y_pred: Any,
    *,
    labels: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: Any = None,
    digits: int = 2,
    output_dict: bool = False,
) -> Any:
    """Write a table of precision, recall and F1 of each class.

    Parameters
    ----------
    y_true, y_pred : arrays of shape (N,)
        As for `confusion_matrix`.
    labels : array of shape (K,), optional
        The classes to show, in this order; default all that occur, sorted.
    target_names : sequence of str, optional
        Their names; default the labels.
    sample_weight : array of shape (N,), optional
        Of each sample, 0 or more; default 1.
    digits : int, default 2
        Decimals in the text.
    output_dict : bool, default False
        Return numbers instead of text.

    Returns
    -------
    str or dict
        The text, or the dict, of `sklearn.metrics.classification_report` with ``zero_division=0``; in the text, sums of
        weights are rounded to 6 decimals.

    Raises
    ------
    TypeError, ValueError
        As for `confusion_matrix`, and if there are not as many names as labels.

    Examples
    --------
    >>> from burnish import metrics
    >>> print(metrics.classification_report([0, 1, 1, 0], [0, 1, 0, 0], target_names=["cat", "dog"]))
                  precision    recall  f1-score   support
    <BLANKLINE>
             cat       0.67      1.00      0.80         2
             dog       1.00      0.50      0.67         2
    <BLANKLINE>
        accuracy                           0.75         4
       macro avg       0.83      0.75      0.73         4
    weighted avg       0.83      0.75      0.73         4
    <BLANKLINE>
    """
    call = "classification_report"
    digits = check.integer(call, "digits", digits, 0, 17)
    if is_on_gpu(y_true) or is_on_gpu(y_pred):
        found, counts = _torch.count_labels(call, y_true, y_pred, sample_weight)
    else:
        found, counts = count_labels(call, y_true, y_pred, sample_weight)
    if sample_weight is not None:
        counts = counts.astype(np.float64)  # scikit-learn shows weights as floats, integers too
    wanted = found if labels is None else to_numpy(np.asarray(labels))
    check.one_dimensional(call, "labels", wanted)
    names = shown_names(call, wanted, target_names, "label")
    places = {label: place for place, label in enumerate(found.tolist())}
    scores = class_scores(counts, [places.get(label, -1) for label in wanted.tolist()])
    is_all = set(places) <= set(wanted.tolist())
    return report_dict(scores, names, is_all) if output_dict else report_text(scores, names, digits, is_all)


def shown_names(call: str, labels: Array, target_names: Any, each: str) -> list[str]:
    """Return as what labels are shown: as they are, or the names given, one for each."""
    if target_names is None:
        return [str(label) for label in labels.tolist()]
    if isinstance(target_names, (str, bytes)) or not hasattr(target_names, "__iter__"):
        raise TypeError(f"{call}: 'target_names' is {target_names!r}; accepted: a sequence of {len(labels)} names")
    names = list(map(str, target_names))
    if len(names) != len(labels):
        raise ValueError(f"{call}: {len(names)} 'target_names' given; accepted: {len(labels)}, one a {each}")
    return names


def _summary_rows(scores: ClassScores, is_all: bool) -> list[tuple[str, tuple[float, float, float]]]:
    # Of all classes together precision, recall and F1 are the accuracy.
    rows = [("accuracy" if is_all else "micro avg", scores.averages("micro"))]
    return rows + [(f"{average} avg", scores.averages(average)) for average in ("macro", "weighted")]


def report_text(scores: ClassScores, names: Sequence[str], digits: int, is_all: bool = True) -> str:
    """Lay out the table as scikit-learn does."""
    width = max(max(map(len, names), default=0), len("weighted avg"), digits)
    supports = [value if isinstance(value, int) else round(value, 6) for value in scores.support.tolist()]
    total = scores.support.sum().item()
    total = total if isinstance(total, int) else round(total, 6)
    lines = [" ".join([f"{'':>{width}} ", *(f"{heading:>9}" for heading in _HEADINGS)]), ""]

    def line(name: str, values: Sequence[float], support: Any) -> str:
        return " ".join([f"{name:>{width}} ", *(f"{value:>9.{digits}f}" for value in values), f"{support:>9}"])

    columns = zip(names, scores.precision, scores.recall, scores.f1, supports, strict=True)
    lines += [line(name, (p, r, f), support) for name, p, r, f, support in columns]
    lines.append("")
    for name, values in _summary_rows(scores, is_all):
        if name == "accuracy":
            lines.append(" ".join([f"{name:>{width}} ", " " * 9, " " * 9, f"{values[2]:>9.{digits}f}", f"{total:>9}"]))
        else:
            lines.append(line(name, values, total))
    return "\n".join(lines) + "\n"


def report_dict(scores: ClassScores, names: Sequence[str], is_all: bool = True) -> dict[str, Any]:
    """Return the table as numbers."""
    columns = zip(names, scores.precision, scores.recall, scores.f1, scores.support, strict=True)
    found: dict[str, Any] = {name: dict(zip(_HEADINGS, map(float, values), strict=True)) for name, *values in columns}
    total = float(scores.support.sum())
    for name, values in _summary_rows(scores, is_all):
        found[name] = values[2] if name == "accuracy" else dict(zip(_HEADINGS, (*values, total), strict=True))
    return found
