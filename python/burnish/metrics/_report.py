# SPDX-License-Identifier: Apache-2.0
"""What an evaluation found: to read, to draw, to keep."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.metrics import _plots
from burnish.metrics._classes import ClassScores, report_dict, report_text
from burnish.metrics._labels import Array
from burnish.metrics._probabilities import Calibration

_MOST_SHOWN = 20  # classes of a confusion matrix that is printed


@dataclass(frozen=True)
class Curve:
    """A curve over thresholds, as arrays of `roc_curve` or `precision_recall_curve`.

    Attributes
    ----------
    x, y : float64 arrays of shape (M,)
        False and true positive rate; or recall and precision.
    thresholds : array of shape (M,) or (M - 1,)
        As those functions return them.
    area : float
        Area under the ROC curve, or average precision.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    thresholds: Array
    area: float


@dataclass(frozen=True, repr=False)
class EvaluationReport:
    """What `evaluate` returns; `str` prints it, notebooks show it as a table.

    Attributes
    ----------
    labels : array of shape (K,)
        The classes.
    names : tuple of str
        As which they are shown.
    threshold : float or None
        At and above which the score of the second of two classes is called positive; None for more classes, of which
        the one with the highest score is predicted.
    confusion : array of shape (K, K)
        Rows are true labels, columns predictions.
    precision, recall, f1 : float64 arrays of shape (K,)
        Of each class; 0 where there is nothing to divide by.
    support : array of shape (K,)
        Samples of each class, or their weight.
    accuracy, balanced_accuracy : float
        The second is the mean recall of the classes that have samples.
    roc_auc, average_precision : float
        Of the second class of two; of more the mean over the classes that have samples. NaN if there is none.
    roc_auc_by_class, average_precision_by_class : float64 arrays
        One value of the second class of two, or one for each of more; NaN for a class without samples, or without
        others.
    log_loss, brier : float
        NaN if the scores are no probabilities. As in scikit-learn, the Brier score of more than two classes adds up
        over the classes and is 0 to 2.
    calibration : Calibration or None
        None if the scores are no probabilities. For more than two classes, of the predicted class.
    roc, precision_recall : tuple of Curve
        One of two classes, one for each of more; empty with ``curves=False``. Points on straight, or vertical, lines
        between others are left out.
    notes : tuple of str
        What could not be computed, and why.
    """

    labels: Array
    names: tuple[str, ...]
    threshold: float | None
    confusion: Array
    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    f1: npt.NDArray[np.float64]
    support: Array
    accuracy: float
    balanced_accuracy: float
    roc_auc: float
    average_precision: float
    roc_auc_by_class: npt.NDArray[np.float64]
    average_precision_by_class: npt.NDArray[np.float64]
    log_loss: float
    brier: float
    calibration: Calibration | None
    roc: tuple[Curve, ...]
    precision_recall: tuple[Curve, ...]
    notes: tuple[str, ...]

    @property
    def num_samples(self) -> int | float:
        """Samples, or their weight."""
        total = self.support.sum().item()
        return int(total) if self.support.dtype.kind == "i" else float(total)

    @property
    def scores(self) -> ClassScores:
        """Precision, recall and F1 with their averages."""
        return ClassScores(
            self.precision, self.recall, self.f1, self.support, self.confusion.sum(axis=0), np.diagonal(self.confusion)
        )

    @property
    def curve_names(self) -> tuple[str, ...]:
        """The class of each curve."""
        return self.names[1:] if len(self.names) == 2 else self.names

    def _numbers(self) -> list[tuple[str, float]]:
        several = len(self.names) > 2
        calibration = self.calibration.ece if self.calibration is not None else math.nan
        return [
            ("accuracy", self.accuracy),
            ("balanced accuracy", self.balanced_accuracy),
            ("ROC AUC" + (", mean of the classes" if several else ""), self.roc_auc),
            ("average precision" + (", mean of the classes" if several else ""), self.average_precision),
            ("log loss", self.log_loss),
            ("Brier score", self.brier),
            ("expected calibration error", calibration),
        ]

    def __str__(self) -> str:
        parts = [report_text(self.scores, self.names, 4)]
        if len(self.names) <= _MOST_SHOWN:
            parts.append(f"confusion matrix: rows are true labels, columns predictions\n{self._confusion_text()}\n")
        else:
            size = len(self.names)
            parts.append(f"confusion matrix: {size} x {size}, in .confusion\n")
        numbers = self._numbers()
        width = max(len(name) for name, _ in numbers)
        lines = [f"{name:<{width}}  {value:.6f}" for name, value in numbers if not math.isnan(value)]
        if self.threshold is not None:
            lines.append(f"{'threshold':<{width}}  {self.threshold:g}")
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join([*parts, *lines])

    __repr__ = __str__

    def _confusion_text(self) -> str:
        cells = [[_cell(value) for value in row] for row in self.confusion.tolist()]
        head = max(map(len, self.names))
        widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(self.names)]
        lines = [" " * head + "".join(f"  {name:>{width}}" for name, width in zip(self.names, widths, strict=True))]
        for name, row in zip(self.names, cells, strict=True):
            lines.append(f"{name:>{head}}" + "".join(f"  {c:>{w}}" for c, w in zip(row, widths, strict=True)))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        columns = zip(self.names, self.precision, self.recall, self.f1, self.support.tolist(), strict=True)
        rows = [[name, f"{p:.4f}", f"{r:.4f}", f"{f:.4f}", _cell(n)] for name, p, r, f, n in columns]
        parts = [_table(["class", "precision", "recall", "F1", "support"], rows)]
        if len(self.names) <= _MOST_SHOWN:
            cells = self.confusion.tolist()
            counts = [[name, *map(_cell, row)] for name, row in zip(self.names, cells, strict=True)]
            parts.append(_table(["true \\ predicted", *self.names], counts))
        numbers = [[name, f"{value:.6f}"] for name, value in self._numbers() if not math.isnan(value)]
        if self.threshold is not None:
            numbers.append(["threshold", f"{self.threshold:g}"])
        parts.append(_table(["", ""], numbers))
        parts += [f"<p>{html.escape(note)}</p>" for note in self.notes]
        return "".join(parts)

    def to_dict(self, *, curves: bool = False) -> dict[str, Any]:
        """Return everything as numbers, strings, lists and dicts, as JSON has them; None for what is not defined.

        Parameters
        ----------
        curves : bool, default False
            With the points of the curves, of which there can be millions.

        Returns
        -------
        dict
        """
        found: dict[str, Any] = {
            "labels": self.labels.tolist(),
            "names": list(self.names),
            "num_samples": self.num_samples,
            "threshold": self.threshold,
            "classes": report_dict(self.scores, self.names),
            "confusion": self.confusion.tolist(),
            "accuracy": self.accuracy,
            "balanced_accuracy": _defined(self.balanced_accuracy),
            "roc_auc": _defined(self.roc_auc),
            "average_precision": _defined(self.average_precision),
            "roc_auc_by_class": [_defined(value) for value in self.roc_auc_by_class.tolist()],
            "average_precision_by_class": [_defined(value) for value in self.average_precision_by_class.tolist()],
            "log_loss": _defined(self.log_loss),
            "brier": _defined(self.brier),
            "calibration": None,
            "notes": list(self.notes),
        }
        if self.calibration is not None:
            table = self.calibration
            found["calibration"] = {
                "ece": table.ece,
                "mce": table.mce,
                "edges": table.edges.tolist(),
                "count": table.count.tolist(),
                "confidence": [_defined(value) for value in table.confidence.tolist()],
                "accuracy": [_defined(value) for value in table.accuracy.tolist()],
            }
        if curves:
            found["roc"] = [_curve_dict(curve, "fpr", "tpr") for curve in self.roc]
            found["precision_recall"] = [_curve_dict(curve, "recall", "precision") for curve in self.precision_recall]
        return found

    def plot_confusion_matrix(self, ax: Any = None, *, normalize: str | None = None) -> Any:
        """Draw the confusion matrix; see `plot_confusion_matrix`."""
        return _plots.plot_confusion_matrix(self.confusion, self.names, ax, normalize=normalize)

    def plot_roc(self, ax: Any = None) -> Any:
        """Draw the ROC curves; see `plot_roc`."""
        return _plots.plot_roc(self.roc, self.curve_names, ax)

    def plot_precision_recall(self, ax: Any = None) -> Any:
        """Draw the precision-recall curves; see `plot_precision_recall`."""
        total = float(self.support.sum())
        share = float(self.support[1]) / total if len(self.names) == 2 and total else None
        return _plots.plot_precision_recall(self.precision_recall, self.curve_names, ax, share=share)

    def plot_calibration(self, ax: Any = None) -> Any:
        """Draw how often predictions of each probability are right; see `plot_calibration`."""
        if self.calibration is None:
            raise ValueError(f"plot_calibration: there is no calibration: {'; '.join(self.notes)}")
        return _plots.plot_calibration(self.calibration, ax)

    def plot(self) -> Any:
        """Draw all four side by side.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return _plots.plot_report(self)


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _cell(value: float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    head = f"<thead>{line(headings, 'th')}</thead>" if any(headings) else ""
    return f"<table>{head}<tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"


def _curve_dict(curve: Curve, x: str, y: str) -> dict[str, Any]:
    thresholds = [None if math.isinf(value) else value for value in curve.thresholds.tolist()]
    points = {x: curve.x.tolist(), y: curve.y.tolist()}
    return {name: [_defined(value) for value in values] for name, values in points.items()} | {
        "thresholds": thresholds,
        "area": _defined(curve.area),
    }
