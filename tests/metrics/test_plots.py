# SPDX-License-Identifier: Apache-2.0
"""Pictures show the numbers of the report."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from burnish import metrics
from metrics_data import many_classes, scores_of, two_classes

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture(autouse=True)
def _closed() -> Any:
    yield
    pyplot.close("all")


def two() -> Any:
    labels = two_classes(5000)
    return metrics.evaluate(labels, scores_of("probabilities", labels), target_names=["cat", "dog"])


def test_confusion_matrix() -> None:
    report = two()
    ax = report.plot_confusion_matrix()
    assert [text.get_text() for text in ax.texts] == [f"{value:,}" for value in report.confusion.ravel().tolist()]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog"]
    ax = report.plot_confusion_matrix(normalize="true")
    wanted = report.confusion / report.confusion.sum(axis=1, keepdims=True)
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in wanted.ravel()]
    np.testing.assert_allclose(ax.images[0].get_array(), wanted)
    assert not metrics.plot_confusion_matrix(np.eye(40)).texts
    for bad in (np.ones((2, 3)), np.ones(3), np.ones((0, 0))):
        with pytest.raises(ValueError, match="'counts' has shape"):
            metrics.plot_confusion_matrix(bad)
    with pytest.raises(ValueError, match="1 'names' given; accepted: 2"):
        metrics.plot_confusion_matrix(np.eye(2), ["a"])
    with pytest.raises(ValueError, match="'normalize' is 'x'"):
        metrics.plot_confusion_matrix(np.eye(2), normalize="x")


def test_curves() -> None:
    report = two()
    ax = report.plot_roc(Figure().subplots())
    line = ax.lines[-1]
    x, y = line.get_data()
    # Thinned for the picture, but nowhere away from the curve.
    np.testing.assert_allclose(y, np.interp(x, report.roc[0].x, report.roc[0].y), atol=0.05)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert line.get_label() == f"AUC {report.roc_auc:.4f}"
    ax = report.plot_precision_recall(Figure().subplots())
    assert ax.lines[-1].get_label() == f"AP {report.average_precision:.4f}"
    assert ax.lines[0].get_ydata()[0] == report.support[1] / 5000
    many = metrics.evaluate(*many_classes(900, 12))
    ax = many.plot_roc(Figure().subplots())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"12 classes: mean AUC {many.roc_auc:.4f}"]
    few = metrics.evaluate(*many_classes(900, 3), target_names=["$a", "b_", "c"])
    ax = few.plot_precision_recall(Figure().subplots())
    assert ax.get_legend().get_texts()[0].get_text().startswith("$a: AP 0.")
    with pytest.raises(ValueError, match="1 'names' given; accepted: 3"):
        metrics.plot_roc(few.roc, ["a"], Figure().subplots())


def test_thinned_curves_reach_every_corner() -> None:
    labels = two_classes(70_000)
    report = metrics.evaluate(labels, scores_of("probabilities", labels))
    assert len(report.roc[0].x) > 20_000
    x, y = report.plot_roc(Figure().subplots()).lines[-1].get_data()
    assert 1000 < len(x) <= 2001
    assert max(np.hypot(np.diff(x), np.diff(y))) < 0.01


def test_calibration() -> None:
    report = two()
    ax = report.plot_calibration(Figure().subplots())
    x, y = ax.lines[-1].get_data()
    np.testing.assert_array_equal(x, report.calibration.confidence[report.calibration.count > 0])
    np.testing.assert_array_equal(y, report.calibration.accuracy[report.calibration.count > 0])
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(1.0)


def test_whole_picture() -> None:
    for report in (two(), metrics.evaluate(*many_classes(500, 5)), metrics.evaluate([0, 1], [-3.0, 2.0])):
        file = io.BytesIO()
        report.plot().savefig(file, format="png")
        assert file.getvalue().startswith(b"\x89PNG")
    assert not pyplot.get_fignums()  # none is left open


def test_without_matplotlib() -> None:
    code = """
import sys
sys.modules["matplotlib"] = None
from burnish import metrics
try:
    metrics.evaluate([0, 1], [0.2, 0.7]).plot_roc()
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'burnish[demo]'" in done.stdout
