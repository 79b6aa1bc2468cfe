# SPDX-License-Identifier: Apache-2.0
"""Every value of a report is scikit-learn's; shards add up to the whole."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from burnish import metrics
from metrics_data import many_classes, scores_of, two_classes

sklearn_metrics = pytest.importorskip("sklearn.metrics")
calibration = pytest.importorskip("sklearn.calibration")


def close(found: Any, wanted: Any, rtol: float = 1e-12) -> None:
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-15)


def check_classes(report: Any, labels: Any, predicted: Any, weights: Any, classes: int) -> None:
    everything = {"labels": range(classes), "sample_weight": weights}
    close(report.confusion, sklearn_metrics.confusion_matrix(labels, predicted, **everything))
    p, r, f, support = sklearn_metrics.precision_recall_fscore_support(
        labels, predicted, zero_division=0, average=None, **everything
    )
    for found, wanted in ((report.precision, p), (report.recall, r), (report.f1, f), (report.support, support)):
        close(found, wanted)
    close(report.accuracy, sklearn_metrics.accuracy_score(labels, predicted, sample_weight=weights))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = sklearn_metrics.balanced_accuracy_score(labels, predicted, sample_weight=weights)
    close(report.balanced_accuracy, wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes(dtype: str, weighted: bool) -> None:
    labels = two_classes(70_001)
    p = scores_of("probabilities", labels).astype(dtype)
    p[10:14] = [0.0, 1.0, 0.3, 0.1]
    weights = np.random.default_rng(0).random(len(labels)) if weighted else None
    report = metrics.evaluate(labels, p, 0.4, sample_weight=weights)
    check_classes(report, labels, p >= np.asarray(0.4, dtype), weights, 2)
    close(report.roc_auc, sklearn_metrics.roc_auc_score(labels, p, sample_weight=weights))
    close(report.average_precision, sklearn_metrics.average_precision_score(labels, p, sample_weight=weights))
    rounding = 1e-12 if dtype == "float64" else 1e-5  # scikit-learn's logarithms are of the dtype
    close(report.log_loss, sklearn_metrics.log_loss(labels, p, sample_weight=weights), rounding)
    close(report.brier, sklearn_metrics.brier_score_loss(labels, p, sample_weight=weights), rounding)
    if not weighted:
        observed, mean = calibration.calibration_curve(labels, p.astype("f8"), n_bins=10)
        close(report.calibration.accuracy, observed)
        close(report.calibration.confidence, mean)
        assert report.calibration.count.sum() == len(labels)
        share = report.calibration.count / len(labels)
        close(report.calibration.ece, (share * np.abs(observed - mean)).sum())
        close(report.calibration.mce, np.abs(observed - mean).max())
    fpr, tpr, thresholds = sklearn_metrics.roc_curve(labels, p, sample_weight=weights)
    close(report.roc[0].x, fpr)
    close(report.roc[0].y, tpr)
    close(report.roc[0].thresholds, thresholds)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(
        labels, p, sample_weight=weights, drop_intermediate=True
    )
    close(report.precision_recall[0].x, recall)
    close(report.precision_recall[0].y, precision)
    assert report.roc[0].area == report.roc_auc
    assert report.notes == ()


@pytest.mark.parametrize("classes", [3, 10])
@pytest.mark.parametrize("weighted", [False, True])
def test_many_classes(classes: int, weighted: bool, framework: Any) -> None:
    labels, probs = many_classes(5001, classes)
    weights = np.random.default_rng(0).random(len(labels)) if weighted else None
    report = metrics.evaluate(framework.array(labels), framework.array(probs), sample_weight=weights)
    top = probs.argmax(axis=1)
    check_classes(report, labels, top, weights, classes)
    options = {"sample_weight": weights}
    close(report.roc_auc, sklearn_metrics.roc_auc_score(labels, probs, multi_class="ovr", **options))
    close(report.average_precision, sklearn_metrics.average_precision_score(labels, probs, **options))
    close(report.log_loss, sklearn_metrics.log_loss(labels, probs, **options))
    w = np.ones(len(labels)) if weights is None else weights
    close(report.brier, (((probs - np.eye(classes)[labels]) ** 2).sum(axis=1) * w).sum() / w.sum())
    if not weighted:
        confidence, right = probs.max(axis=1), (top == labels).astype(int)
        observed, mean = calibration.calibration_curve(right, confidence, n_bins=10)
        filled = report.calibration.count > 0
        close(report.calibration.accuracy[filled], observed)
        close(report.calibration.confidence[filled], mean)
    for c in range(classes):
        close(report.roc[c].y, sklearn_metrics.roc_curve(labels == c, probs[:, c], **options)[1])
        close(report.roc[c].area, report.roc_auc_by_class[c])
    assert report.threshold is None


def test_brier_of_many_classes_is_scikit_learns() -> None:
    labels, probs = many_classes(500, 4)
    wanted = sklearn_metrics.brier_score_loss(labels, probs)
    close(metrics.evaluate(labels, probs).brier, wanted)


def test_logits_have_no_log_loss() -> None:
    labels = two_classes(100)
    report = metrics.evaluate(labels, scores_of("both signs", labels), 0.0)
    assert math.isnan(report.log_loss)
    assert math.isnan(report.brier)
    assert report.calibration is None
    assert "are no probabilities" in report.notes[0]
    assert "note: no log loss" in str(report)
    assert "nan" not in str(report)
    assert report.to_dict()["log_loss"] is None
    labels, probs = many_classes(100, 3)
    report = metrics.evaluate(labels, probs * 0.9)
    assert "differ from a sum of 1 by up to 0.1" in report.notes[0]
    assert math.isnan(report.log_loss)
    half = metrics.evaluate(labels, probs.astype(np.float16))
    assert half.notes == ()
    close(half.log_loss, metrics.evaluate(labels, probs).log_loss, 1e-2)


def test_one_class_only() -> None:
    report = metrics.evaluate([0, 0, 0], [0.1, 0.2, 0.9])
    assert math.isnan(report.roc_auc)
    assert report.confusion.tolist() == [[2, 1], [0, 0]]
    assert report.balanced_accuracy == pytest.approx(2 / 3)
    assert "no ROC AUC" in report.notes[0]
    json.dumps(report.to_dict(curves=True), allow_nan=False)
    labels, probs = many_classes(60, 3)
    labels[labels == 1] = 0
    report = metrics.evaluate(labels, probs, target_names=["ant", "bee", "cat"])
    assert np.isnan(report.roc_auc_by_class).tolist() == [False, True, False]
    assert report.roc_auc == pytest.approx(np.nanmean(report.roc_auc_by_class))
    assert "of the class and of others: bee" in report.notes[0]


def test_labels_of_any_kind(framework: Any) -> None:
    labels = two_classes(200)
    p = scores_of("probabilities", labels)
    wanted = metrics.evaluate(labels, p)
    names = np.array(["cat", "dog"])
    both = np.stack([1 - p, p], axis=1)
    for found in (
        metrics.evaluate(names[labels], framework.array(p)),
        metrics.evaluate(names[labels].tolist(), framework.array(both)),
        metrics.evaluate(labels * 2 - 1, p),
        metrics.evaluate(labels == 1, p[:, None]),
        metrics.evaluate(names[1 - labels], p, labels=["dog", "cat"]),
    ):
        assert found.roc_auc == wanted.roc_auc
        assert found.confusion.tolist() == wanted.confusion.tolist()
    assert metrics.evaluate(names[labels], p).names == ("cat", "dog")


def test_text_html_and_dict() -> None:
    labels, probs = many_classes(300, 3)
    report = metrics.evaluate(labels, probs, target_names=["<ant>", "bee", "cat & dog"])
    text, page = str(report), report._repr_html_()
    assert text == repr(report)
    for words in ("<ant>", "confusion matrix", "ROC AUC, mean of the classes", "expected calibration error"):
        assert words in text
    assert "&lt;ant&gt;" in page
    assert "cat &amp; dog" in page
    assert "<ant>" not in page
    found = report.to_dict(curves=True)
    json.dumps(found, allow_nan=False)
    assert found["confusion"] == report.confusion.tolist()
    assert len(found["roc"]) == 3
    wanted = sklearn_metrics.classification_report(
        labels, probs.argmax(1), target_names=report.names, output_dict=True, zero_division=0
    )
    assert found["classes"]["bee"] == pytest.approx(wanted["bee"])
    many = metrics.evaluate(*many_classes(300, 30))
    assert "30 x 30, in .confusion" in str(many)
    assert len(metrics.evaluate(labels, probs, curves=False).roc) == 0


def test_article(capsys: Any) -> None:
    labels = two_classes(300)
    p = scores_of("probabilities", labels)
    report = metrics.evaluate_model(labels, p, threshold=0.6)
    printed = capsys.readouterr().out
    predicted = (p >= 0.6).astype(int)
    assert sklearn_metrics.classification_report(labels, predicted) in printed
    assert str(sklearn_metrics.confusion_matrix(labels, predicted)) in printed
    assert f"AUC: {sklearn_metrics.roc_auc_score(labels, p):.4f}" in printed
    assert report.threshold == 0.6


def test_articles_imports(capsys: Any) -> None:
    """The article's function, its import line changed."""
    from burnish.metrics import classification_report, confusion_matrix, roc_auc_score

    def evaluate_model(y_true: Any, y_pred_probs: Any, threshold: float = 0.5) -> None:
        y_pred = (y_pred_probs >= threshold).astype(int)
        print(classification_report(y_true, y_pred))
        print(confusion_matrix(y_true, y_pred))
        print("AUC:", roc_auc_score(y_true, y_pred_probs))

    labels = two_classes(300)
    evaluate_model(labels, scores_of("probabilities", labels))
    assert "AUC: 0." in capsys.readouterr().out


# ---- shards ----


@pytest.mark.parametrize("classes", [2, 4])
def test_shards_are_the_whole(classes: int, framework: Any) -> None:
    labels, scores = many_classes(9001, classes)
    scores = scores[:, 1] if classes == 2 else scores
    scores = scores.astype(np.float32)
    whole = metrics.evaluate(labels, scores, 0.3)
    bounds = [0, 1, 17, 4000, 9001]
    parts = []
    for first, last in pairwise(bounds):
        shard = framework.array(labels[first:last]), framework.array(scores[first:last])
        parts.append(metrics.Accumulator(classes, threshold=0.3).update(*shard))
    merged = parts[2].merge(parts[0]).merge(parts[3].merge(parts[1]))
    assert merged.num_samples == 9001
    assert parts[0].num_samples == 1
    report = merged.report()
    np.testing.assert_array_equal(merged.confusion, whole.confusion)
    np.testing.assert_array_equal(report.confusion, whole.confusion)
    for name in ("roc_auc", "average_precision", "accuracy"):
        assert getattr(report, name) == getattr(whole, name)
    for found, wanted in zip(report.roc, whole.roc, strict=True):
        np.testing.assert_array_equal(found.x, wanted.x)
        np.testing.assert_array_equal(found.thresholds, wanted.thresholds)
    close(report.log_loss, whole.log_loss)
    counts = metrics.Accumulator(classes, threshold=0.3, keep_scores=False).update(labels, scores)
    np.testing.assert_array_equal(counts.confusion, whole.confusion)
    assert not counts._scores


def test_accumulator_copies() -> None:
    labels, scores = np.array([0, 1]), np.array([0.2, 0.7])
    collected = metrics.Accumulator().update(labels, scores)
    scores[:] = labels[:] = 0
    assert collected.report().roc_auc == 1.0


def test_accumulator_refuses() -> None:
    one = metrics.Accumulator(3)
    probs = np.full((2, 3), 1 / 3)
    for arguments, words in (
        (([0, 3], probs), "3 in row 1; accepted: 0 to 2"),
        (([0, 1, 2], probs), r"'y_score' has shape \(2, 3\); accepted: \(3, 3\)"),
        (([0, 1], probs[:, :2]), r"accepted: \(2, 3\)"),
        (([0, 1], np.where(np.eye(2, 3), np.nan, probs)), "2 NaN among 6"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            one.update(*arguments)
        assert one.num_samples == 0
    with pytest.raises(ValueError, match="there is no sample"):
        one.report()
    with pytest.raises(ValueError, match="made with"):
        one.merge(metrics.Accumulator(2))
    with pytest.raises(TypeError, match="'other' is a int"):
        one.merge(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="keep_scores=False"):
        metrics.Accumulator(keep_scores=False).update([0, 1], [0.1, 0.2]).report()
    single = metrics.Accumulator().update([0], np.float32([0.5]))
    with pytest.raises(TypeError, match="accepted: float32, as before"):
        single.update([0], [0.5])
    with pytest.raises(ValueError, match="scores of dtypes float32, float64"):
        single.merge(metrics.Accumulator().update([0], [0.5]))


def test_nothing_heavy_is_imported() -> None:
    code = """
import sys
from burnish import metrics
report = metrics.evaluate([0, 1, 1], [0.2, 0.7, 0.4])
str(report), metrics.choose_threshold([0, 1, 1], [0.2, 0.7, 0.4])
print(sorted({name.partition(".")[0] for name in sys.modules} & {"sklearn", "scipy", "matplotlib", "torch", "pandas"}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
