# SPDX-License-Identifier: Apache-2.0
"""Curves have scikit-learn's bits, whatever the scores; areas agree to 1e-12."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from burnish import metrics
from metrics_data import KINDS, SIZES, many_classes, scores_of, two_classes

sklearn_metrics = pytest.importorskip("sklearn.metrics")
hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

DTYPES = ("float64", "float32", "float16")
CURVES = ("roc_curve", "precision_recall_curve")


def same(found: Any, wanted: Any, *, exact: bool = True) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        ours = np.asarray(ours)
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        if exact:
            np.testing.assert_array_equal(ours, theirs)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


def cast(scores: Any, dtype: str) -> Any:
    with np.errstate(over="ignore"):
        return scores.astype(dtype)


def finite(scores: Any) -> Any:
    """For scikit-learn, which refuses infinity: numbers in the same order."""
    return np.where(np.isinf(scores), np.sign(scores) * np.asarray(1e4, scores.dtype), scores)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_kind_of_scores(kind: str, dtype: str) -> None:
    for n in SIZES:
        labels = two_classes(n)
        scores = cast(scores_of(kind, labels), dtype)
        plain = finite(scores)
        for name in CURVES:
            for drop in (False, True):
                wanted = getattr(sklearn_metrics, name)(labels, plain, drop_intermediate=drop)
                found = getattr(metrics, name)(labels, scores, drop_intermediate=drop)
                same(found[:2], wanted[:2])
                thresholds = finite(np.asarray(found[2]))
                np.testing.assert_array_equal(thresholds, finite(wanted[2]))
        auc, wanted_auc = metrics.roc_auc(labels, scores), sklearn_metrics.roc_auc_score(labels, plain)
        assert auc == pytest.approx(wanted_auc, rel=1e-12)
        found_ap = metrics.average_precision(labels, scores)
        assert found_ap == pytest.approx(sklearn_metrics.average_precision_score(labels, plain), rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for kind in ("probabilities", "both signs", "ties", "tiny differences"):
        for n in (50, 5000):
            labels = two_classes(n)
            scores = finite(cast(scores_of(kind, labels), dtype))
            for weights in (rng.random(n), rng.integers(0, 3, n), rng.random(n).astype("f4")):
                for name in CURVES:
                    for drop in (False, True) if weights.dtype.kind == "i" else (False,):
                        options = {"sample_weight": weights, "drop_intermediate": drop}
                        wanted = getattr(sklearn_metrics, name)(labels, scores, **options)
                        same(getattr(metrics, name)(labels, scores, **options), wanted, exact=False)
                auc = sklearn_metrics.roc_auc_score(labels, scores, sample_weight=weights)
                assert metrics.roc_auc(labels, scores, sample_weight=weights) == pytest.approx(auc, rel=1e-12)
                wanted_ap = sklearn_metrics.average_precision_score(labels, scores, sample_weight=weights)
                found_ap = metrics.average_precision(labels, scores, sample_weight=weights)
                assert found_ap == pytest.approx(wanted_ap, rel=1e-12)


def test_auc_counts_pairs() -> None:
    """The definition, pair by pair."""
    labels = two_classes(300)
    for kind in KINDS:
        scores = scores_of(kind, labels)
        positive, negative = scores[labels == 1][:, None], scores[labels == 0][None, :]
        pairs = (positive > negative) + 0.5 * (positive == negative)
        assert metrics.roc_auc(labels, scores) == pairs.sum() / pairs.size


@hypothesis.given(st.lists(st.tuples(st.booleans(), st.floats(allow_nan=False, width=32)), min_size=2, max_size=80))
def test_any_scores(pairs: list[tuple[bool, float]]) -> None:
    labels, scores = np.array([label for label, _ in pairs]), np.array([score for _, score in pairs], np.float32)
    labels[:2] = [False, True]
    for x in (scores, scores.astype(np.float64)):
        fpr, tpr, thresholds = metrics.roc_curve(labels, x, drop_intermediate=False)
        for rate, chosen in ((fpr, ~labels), (tpr, labels)):
            counts = [(x[chosen] >= threshold).sum() for threshold in thresholds[1:]]
            assert rate[1:].tolist() == [count / chosen.sum() for count in counts]
        assert (thresholds[1:-1] > thresholds[2:]).all()
        assert metrics.roc_auc(labels, x) == pytest.approx(1 - metrics.roc_auc(labels, -x), abs=1e-15)
        assert metrics.roc_auc(labels, x) == pytest.approx(1 - metrics.roc_auc(~labels, x), abs=1e-15)


def test_order_does_not_matter(threads: int) -> None:
    labels = two_classes(70_000)
    for kind in ("probabilities", "both signs", "ties"):
        for dtype in ("float32", "float64"):
            scores = scores_of(kind, labels).astype(dtype)
            order = np.random.default_rng(1).permutation(len(labels))
            same(metrics.roc_curve(labels[order], scores[order]), metrics.roc_curve(labels, scores))
            assert metrics.roc_auc(labels[order], scores[order]) == metrics.roc_auc(labels, scores)
            assert metrics.average_precision(labels[order], scores[order]) == metrics.average_precision(labels, scores)


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_and_levels(dtype: str, isa: str, threads: int) -> None:
    """More rows than a piece of the sort has."""
    n = 1_200_000 if (isa, threads, dtype) == ("v3", 2, "float32") else 70_000
    labels = two_classes(n)
    scores = scores_of("both signs", labels).astype(dtype)
    compare_with_stable_sort(labels, scores)


@pytest.mark.parametrize("kind", ["tiny differences", "all equal", "zeros"])
def test_crowded_scores(kind: str, threads: int) -> None:
    """More at one place than is sorted in the cache at once: its samples are divided again."""
    labels = two_classes(400_000)
    compare_with_stable_sort(labels, scores_of(kind, labels))


def compare_with_stable_sort(labels: Any, scores: Any) -> None:
    weights = np.random.default_rng(0).random(len(labels))
    order = np.argsort(-scores.astype("f8"), kind="stable")
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_array_equal(tpr[1:], np.cumsum(labels[order])[last] / labels.sum())
    np.testing.assert_array_equal(fpr[1:], np.cumsum(1 - labels[order])[last] / (labels == 0).sum())
    np.testing.assert_array_equal(thresholds[1:], ordered[last])
    if len(thresholds) > 3:
        kept = np.ones(len(thresholds), bool)
        kept[2:-1] = np.diff(fpr * (labels == 0).sum(), 2).round()[1:] != 0
        kept[2:-1] |= np.diff(tpr * labels.sum(), 2).round()[1:] != 0
        for found, whole in zip(metrics.roc_curve(labels, scores), (fpr, tpr, thresholds), strict=True):
            np.testing.assert_array_equal(found, whole[kept])
    weighted = metrics.roc_curve(labels, scores, drop_intermediate=False, sample_weight=weights)
    sums = np.cumsum(labels[order] * weights[order])[last]
    np.testing.assert_array_equal(weighted[1][1:], sums / sums[-1])


def test_labels() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    wanted = metrics.roc_curve([0, 0, 1, 1], scores)
    for labels, positive in (
        ([-1, -1, 1, 1], None),
        (np.array([False, False, True, True]), None),
        ([0.0, 0.0, 1.0, 1.0], None),
        (np.array([0, 0, 1, 1], np.uint64), None),
        ([1, 1, 2, 2], 2),
        ([3, 0, 2, 2], 2),
        (["no", "no", "yes", "yes"], "yes"),
        (np.array([[0], [0], [1], [1]]), None),
    ):
        same(metrics.roc_curve(labels, scores, pos_label=positive), wanted)
    for labels in ([1, 1, 2, 2], ["a", "a", "b", "b"], [-7, -7, 2**40, 2**40]):
        assert metrics.roc_auc(labels, scores) == 0.75
    assert metrics.roc_auc([2, 2, 1, 1], scores) == 0.25
    assert metrics.average_precision([0, 0, 1, 1], scores, pos_label=0) == pytest.approx(
        sklearn_metrics.average_precision_score([0, 0, 1, 1], scores, pos_label=0), rel=1e-12
    )
    assert metrics.roc_auc([0, 0, 1, 1], [1, 2, 2, 5]) == 0.875  # integers as scores
    assert metrics.roc_auc([0, 0, 1, 1], np.stack([1 - scores, scores], 1)) == 0.75


def test_one_class_only() -> None:
    scores = np.array([0.1, 0.4, 0.35])
    for labels in ([0, 0, 0], [1, 1, 1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = sklearn_metrics.roc_curve(labels, scores)
            wanted_pr = sklearn_metrics.precision_recall_curve(labels, scores)
        same(metrics.roc_curve(labels, scores), wanted)
        same(metrics.precision_recall_curve(labels, scores), wanted_pr)


def test_partial_area() -> None:
    labels = two_classes(2000)
    for kind in ("probabilities", "ties"):
        scores = scores_of(kind, labels)
        for most in (0.001, 0.1, 0.5, 0.999, 1.0):
            wanted = sklearn_metrics.roc_auc_score(labels, scores, max_fpr=most)
            assert metrics.roc_auc(labels, scores, max_fpr=most) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("classes", [3, 10])
def test_one_against_the_rest(classes: int, framework: Any) -> None:
    labels, probs = many_classes(3000, classes)
    weights = np.random.default_rng(2).random(3000)
    given = framework.array(labels), framework.array(probs)
    for average in ("macro", "weighted", None):
        for w in (None, weights):
            options = {"average": average, "sample_weight": w}
            wanted = sklearn_metrics.roc_auc_score(labels, probs, multi_class="ovr", **options)
            np.testing.assert_allclose(metrics.roc_auc(*given, **options), wanted, rtol=1e-12)
            wanted = sklearn_metrics.average_precision_score(labels, probs, **options)
            np.testing.assert_allclose(metrics.average_precision(*given, **options), wanted, rtol=1e-12)
    names = np.array([f"class {classes - c}" for c in range(classes)])
    by_name = metrics.roc_auc(names[labels], probs, labels=names, average=None)
    np.testing.assert_array_equal(by_name, metrics.roc_auc(labels, probs, average=None))


def test_class_without_samples() -> None:
    labels, probs = many_classes(100, 4)
    labels[labels == 2] = 1
    found = metrics.roc_auc(labels, probs, average=None)
    assert np.isnan(found).tolist() == [False, False, True, False]
    with pytest.raises(ValueError, match=r"roc_auc: class 2 has no samples, or all"):
        metrics.roc_auc(labels, probs)


@pytest.mark.parametrize("step", [2, -1, -3])
def test_strides(step: int) -> None:
    labels = two_classes(20_000)
    scores = scores_of("ties", labels)
    table = np.stack([scores, scores], 1)
    for x in (scores[::step], table[::step, 1], scores.astype("f4")[::step], scores.astype("f2")[::step]):
        same(metrics.roc_curve(labels[::step], x), metrics.roc_curve(labels[::step].copy(), x.copy()))
    constant = np.broadcast_to(np.float64(0.5), 20_000)
    assert metrics.roc_auc(labels, constant) == 0.5


def test_interop(framework: Any) -> None:
    labels = two_classes(500)
    scores = scores_of("probabilities", labels)
    dtypes = ("float64", "float32", "float16", "bfloat16") if framework.name == "torch" else DTYPES
    for dtype in dtypes:
        x = framework.array(scores, dtype)
        for name in CURVES:
            found = getattr(metrics, name)(framework.array(labels), x)
            assert all(framework.owns(each) for each in found)
            if name == "precision_recall_curve":
                assert framework.dtype(found[2]) == dtype
        plain = np.asarray(x.double() if framework.name == "torch" else x, np.float64)
        assert metrics.roc_auc(labels, x) == metrics.roc_auc(labels, plain)


def test_input_is_not_changed(framework: Any) -> None:
    labels = two_classes(5000)
    scores = scores_of("both signs", labels).astype("f4")
    given = framework.array(labels), framework.array(scores)
    metrics.roc_curve(*given)
    metrics.evaluate(given[0], 1 / (1 + np.exp(-scores)))
    np.testing.assert_array_equal(np.asarray(given[0]), labels)
    np.testing.assert_array_equal(np.asarray(given[1]), scores)


def test_large_area_is_exact() -> None:
    """Sums of rounded rates lose digits where whole numbers do not."""
    labels = np.tile([0, 1], 150_000)
    assert metrics.roc_auc(labels, np.arange(300_000)) == 0.5 + 0.5 / 150_000
    assert math.isclose(metrics.average_precision(labels, np.zeros(300_000)), 0.5, rel_tol=1e-15)
