# SPDX-License-Identifier: Apache-2.0
"""Pictures of an evaluation, drawn with matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from burnish._extras import needs_extra
from burnish.metrics._counts import normalized

if TYPE_CHECKING:
    from burnish.metrics._probabilities import Calibration
    from burnish.metrics._report import Curve, EvaluationReport

# Told apart by the color-blind too (Okabe and Ito).
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
_FAINT = "#999999"
_MOST_NUMBERS = 20  # classes of a confusion matrix with numbers in its cells
_MOST_NAMES = 10  # curves with a line each in the legend
_MOST_POINTS = 2000  # of a curve that is drawn: more than a picture has columns


def plot_confusion_matrix(
    counts: Any, names: Sequence[str] | None = None, ax: Any = None, *, normalize: str | None = None
) -> Any:
    """Draw a confusion matrix.

    Parameters
    ----------
    counts : array of shape (K, K)
        From `confusion_matrix`: rows are true labels, columns predictions.
    names : sequence of str, optional
        Of the classes; default their numbers.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    normalize : {"true", "pred", "all"}, optional
        As for `confusion_matrix`; colors are by row in any case.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if normalize not in (None, "true", "pred", "all"):
        raise ValueError(f"plot_confusion_matrix: 'normalize' is {normalize!r}; accepted: 'true', 'pred', 'all', None")
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not len(counts):
        raise ValueError(f"plot_confusion_matrix: 'counts' has shape {counts.shape}; accepted: (K, K)")
    size = len(counts)
    names = [str(i) for i in range(size)] if names is None else list(names)
    if len(names) != size:
        raise ValueError(f"plot_confusion_matrix: {len(names)} 'names' given; accepted: {size}")
    ax = _axes(ax, 1.6 + 0.55 * min(size, 16), 1.4 + 0.55 * min(size, 16))
    shares = normalized(counts, "true")
    ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    if size <= _MOST_NUMBERS:
        ax.set_xticks(range(size), names, rotation=0 if max(map(len, names)) * size < 40 else 90, parse_math=False)
        ax.set_yticks(range(size), names, parse_math=False)
        shown = normalized(counts, normalize)  # type: ignore[arg-type]
        for row in range(size):
            for column in range(size):
                value = shown[row, column]
                text = f"{value:,}" if shown.dtype.kind == "i" else (f"{value:.2f}" if normalize else f"{value:.4g}")
                color = "white" if shares[row, column] > 0.6 else "black"
                small = max(6.0, min(10.0, 42.0 / max(len(text), 4)))
                ax.text(column, row, text, ha="center", va="center", color=color, fontsize=small)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    ax.set_title("confusion matrix", loc="left")
    return ax


def plot_roc(curves: Sequence[Curve], names: Sequence[str], ax: Any = None) -> Any:
    """Draw ROC curves.

    Parameters
    ----------
    curves : sequence of Curve
        `EvaluationReport.roc`.
    names : sequence of str
        Of their classes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, 4.6, 4.4)
    ax.plot([0, 1], [0, 1], color=_FAINT, linewidth=1, linestyle="--")
    _draw_curves(ax, "plot_roc", curves, names, "AUC", steps=False)
    return _unit_square(ax, "ROC curve", "false positive rate", "true positive rate", "lower right")


def plot_precision_recall(
    curves: Sequence[Curve], names: Sequence[str], ax: Any = None, *, share: float | None = None
) -> Any:
    """Draw precision-recall curves.

    Parameters
    ----------
    curves : sequence of Curve
        `EvaluationReport.precision_recall`.
    names : sequence of str
        Of their classes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.
    share : float, optional
        Of positives: the precision of chance, drawn as a line.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, 4.6, 4.4)
    if share is not None:
        ax.axhline(share, color=_FAINT, linewidth=1, linestyle="--")
    _draw_curves(ax, "plot_precision_recall", curves, names, "AP", steps=True)
    return _unit_square(ax, "precision and recall", "recall", "precision", "best")


def plot_calibration(calibration: Calibration, ax: Any = None) -> Any:
    """Draw how often predictions of each probability are right, and how many there are of each.

    Parameters
    ----------
    calibration : Calibration
        `EvaluationReport.calibration`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, 4.6, 4.4)
    filled = calibration.count > 0
    share = calibration.count / max(1.0, float(calibration.count.sum()))
    widths = np.diff(calibration.edges)
    ax.bar(calibration.edges[:-1], share, widths, align="edge", color=_COLORS[5], alpha=0.35, label="share of samples")
    ax.plot([0, 1], [0, 1], color=_FAINT, linewidth=1, linestyle="--")
    label = f"observed (ECE {calibration.ece:.4f})"
    ax.plot(
        calibration.confidence[filled], calibration.accuracy[filled], color=_COLORS[0], marker="o", markersize=4,
        label=label,
    )  # fmt: skip
    return _unit_square(ax, "calibration", "mean predicted probability", "observed share", "upper left")


def plot_report(report: EvaluationReport) -> Any:
    """Draw all pictures of a report side by side."""
    with needs_extra("demo"):
        from matplotlib.figure import Figure
    figure = Figure(figsize=(10.0, 9.4), dpi=100, layout="constrained", facecolor="white")
    panels = figure.subplots(2, 2)
    report.plot_confusion_matrix(panels[0, 0])
    drawn = {panels[0, 1]: report.plot_roc, panels[1, 0]: report.plot_precision_recall}
    for panel, draw in drawn.items():
        draw(panel) if report.roc else panel.set_axis_off()
    if report.calibration is None:
        panels[1, 1].set_axis_off()
    else:
        report.plot_calibration(panels[1, 1])
    return figure


def _axes(ax: Any, width: float, height: float) -> Any:
    if ax is not None:
        return ax
    with needs_extra("demo"):
        from matplotlib import pyplot
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def _draw_curves(ax: Any, call: str, curves: Sequence[Curve], names: Sequence[str], area: str, *, steps: bool) -> None:
    if not curves:
        raise ValueError(f"{call}: there are no curves; evaluate with curves=True")
    if len(curves) != len(names):
        raise ValueError(f"{call}: {len(names)} 'names' given; accepted: {len(curves)}")
    has_names = len(curves) <= _MOST_NAMES
    for i, (curve, name) in enumerate(zip(curves, names, strict=True)):
        if np.isnan(curve.area):
            continue
        x, y = _thinned(curve.x, curve.y)
        label = (f"{name}: " if len(curves) > 1 else "") + f"{area} {curve.area:.4f}"
        color = _COLORS[i % len(_COLORS)] if has_names else _COLORS[0]
        # Precision between two recalls is that of the higher one.
        ax.plot(
            x, y, color=color, linewidth=1.5 if has_names else 0.7, alpha=1.0 if has_names else 0.4,
            linestyle="-" if i < len(_COLORS) or not has_names else ":", drawstyle="steps-pre" if steps else "default",
            label=label if has_names else None,
        )  # fmt: skip
    if not has_names:
        defined = [curve.area for curve in curves if not np.isnan(curve.area)]
        ax.plot([], [], color=_COLORS[0], label=f"{len(defined)} classes: mean {area} {np.mean(defined):.4f}")


def _thinned(x: Any, y: Any) -> tuple[Any, Any]:
    """Leave out points that lie in the same pixel as their neighbors."""
    if len(x) <= _MOST_POINTS:
        return x, y
    along = np.abs(np.diff(x, prepend=x[:1])) + np.abs(np.diff(y, prepend=y[:1]))
    ticks = np.floor(np.cumsum(along) * (_MOST_POINTS / 2))
    kept = np.diff(ticks, prepend=-1.0) > 0
    kept[-1] = True
    return x[kept], y[kept]


def _unit_square(ax: Any, title: str, x: str, y: str, legend: str) -> Any:
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_aspect("equal")
    ax.set_title(title, loc="left")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        texts = ax.legend(handles, labels, loc=legend, frameon=False, fontsize=9).get_texts()
        for text in texts:
            text.set_parse_math(False)
    return ax
