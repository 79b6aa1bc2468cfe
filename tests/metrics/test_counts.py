# SPDX-License-Identifier: Apache-2.0
"""Counts are scikit-learn's, for labels of every kind and memory layout."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from burnish import metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics")
hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def expected(y_true: Any, y_pred: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sklearn_metrics.confusion_matrix(np.asarray(y_true), np.asarray(y_pred), **options)


def check(y_true: Any, y_pred: Any, **options: Any) -> None:
    found, wanted = metrics.confusion_matrix(y_true, y_pred, **options), expected(y_true, y_pred, **options)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


def pair(n: int, low: int, high: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng([seed, n, high - low])
    y_true = rng.integers(low, high, n)
    return y_true, np.where(rng.random(n) < 0.6, y_true, rng.integers(low, high, n))


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_dtypes(dtype: str, isa: str) -> None:
    for classes in (2,) if dtype == "bool" else (1, 2, 3, 16, 17, 100):
        for n in (1, 63, 64, 65, 4096, 9001):
            y_true, y_pred = (values.astype(dtype) for values in pair(n, 0, classes))
            check(y_true, y_pred)


def test_dtypes_may_differ() -> None:
    y_true, y_pred = pair(5000, 0, 5)
    for a in (*INTEGERS, "float32"):
        for b in INTEGERS:
            if "uint64" not in (a, b):  # scikit-learn compares it with the others as a float
                check(y_true.astype(a), y_pred.astype(b))
    np.testing.assert_array_equal(metrics.confusion_matrix(y_true.astype("uint64"), y_pred), expected(y_true, y_pred))


@pytest.mark.parametrize("low", [-128, -3, 1, 90, 2**31, -(2**62), 2**62])
def test_labels_need_not_start_at_zero(low: int) -> None:
    y_true, y_pred = pair(5000, 0, 20)
    check(y_true + low, y_pred + low)


def test_labels_far_apart() -> None:
    values = np.array([-(2**63), -5, 0, 7, 2**40, 2**63 - 1])
    y_true, y_pred = pair(3000, 0, 6)
    check(values[y_true], values[y_pred])
    big = np.array([0, 1, 2**63, 2**64 - 1], np.uint64)
    y_true, y_pred = pair(3000, 0, 4)
    check(big[y_true], big[y_pred])
    mixed = metrics.confusion_matrix(big[y_true], np.where(y_pred < 2, y_pred, -1))
    assert mixed.sum() == 3000
    assert mixed.shape == (5, 5)


def test_a_label_that_is_rare_is_not_missed() -> None:
    """The fast ways look at all rows, not only at the first."""
    for late in (2, 16, -1, 5000):
        y_true, y_pred = pair(300_000, 0, 2)
        y_pred[-1] = late
        check(y_true, y_pred)


@pytest.mark.parametrize("kind", ["str", "object", "bytes"])
def test_strings(kind: str) -> None:
    names = np.array(["ant", "bee", "cat", "dog"])
    names = {"str": names, "object": names.astype(object), "bytes": names.astype("S3")}[kind]
    y_true, y_pred = pair(2000, 0, 4)
    np.testing.assert_array_equal(metrics.confusion_matrix(names[y_true], names[y_pred]), expected(y_true, y_pred))
    if kind == "str":
        check(names[y_true].tolist(), names[y_pred].tolist(), labels=["dog", "ant"])


def test_given_labels() -> None:
    y_true, y_pred = pair(3000, 0, 7)
    for labels in ([3], [6, 2, 0], [0, 1, 2, 99], list(range(7)), list(range(12))):
        for weights in (None, np.arange(3000) % 4, np.linspace(0, 1, 3000)):
            check(y_true, y_pred, labels=labels, sample_weight=weights)


@pytest.mark.parametrize("normalize", ["true", "pred", "all"])
def test_normalize(normalize: str) -> None:
    y_true, y_pred = pair(3000, 0, 5)
    y_pred[y_pred == 3] = 2
    check(y_true, y_pred, normalize=normalize)
    check(y_true, y_pred, normalize=normalize, labels=[0, 1, 3, 8])


def test_weights() -> None:
    for classes in (2, 5, 40):
        y_true, y_pred = pair(20_000, 0, classes)
        rng = np.random.default_rng(classes)
        for weights in (rng.random(20_000), rng.random(20_000).astype("f4"), rng.integers(0, 9, 20_000), y_true > 0):
            check(y_true, y_pred, sample_weight=weights)


@pytest.mark.parametrize("step", [3, -1, -2, 0])
def test_strides(step: int) -> None:
    y_true, y_pred = pair(9001, 0, 4)
    if step == 0:
        y_true, y_pred = np.broadcast_to(y_true[5], 9001), y_pred[::-1]
    else:
        y_true, y_pred = y_true[::step], y_pred[::step]
    check(y_true, y_pred)
    check(y_true % 2, y_pred % 2)


@hypothesis.given(st.lists(st.tuples(st.integers(-20, 300), st.integers(-20, 300)), min_size=1, max_size=60))
def test_any_labels(pairs: list[tuple[int, int]]) -> None:
    y_true, y_pred = np.array(pairs).T
    check(y_true, y_pred)
    check(y_true, y_pred, sample_weight=1 + np.arange(len(pairs)))
    counts = metrics.confusion_matrix(y_true, y_pred)
    np.testing.assert_array_equal(counts.T, metrics.confusion_matrix(y_pred, y_true))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_threshold(dtype: str, isa: str, threads: int) -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 70_001), np.round(rng.random(70_001), 2).astype(dtype)
    scores[:3] = [np.inf, -np.inf, -0.0]
    for threshold in (0.0, 0.1, 0.7, 2.0):
        predicted = scores >= np.asarray(threshold, dtype)
        found = metrics.confusion_matrix(labels, scores, threshold=threshold)
        np.testing.assert_array_equal(found, expected(labels, predicted, labels=[0, 1]))
        weighted = metrics.confusion_matrix(labels, scores[::-1], threshold=threshold, sample_weight=scores.clip(0, 1))
        wanted = expected(labels, predicted[::-1], labels=[0, 1], sample_weight=scores.clip(0, 1).astype("f8"))
        np.testing.assert_allclose(weighted, wanted, rtol=1e-12)


def test_num_classes() -> None:
    y_true, y_pred = pair(100, 0, 3)
    found = metrics.confusion_matrix(y_true, y_pred, num_classes=5)
    np.testing.assert_array_equal(found, expected(y_true, y_pred, labels=range(5)))
    assert metrics.confusion_matrix([], [], num_classes=2).tolist() == [[0, 0], [0, 0]]
    assert metrics.confusion_matrix([], [], labels=[4, 7]).tolist() == [[0, 0], [0, 0]]


def test_interop(framework: Any) -> None:
    y_true, y_pred = pair(1000, 0, 3)
    found = metrics.confusion_matrix(framework.array(y_true), framework.array(y_pred))
    assert framework.owns(found)
    np.testing.assert_array_equal(np.asarray(found), expected(y_true, y_pred))


@pytest.mark.parametrize("seed", range(3))
def test_report_is_scikit_learns(seed: int) -> None:
    for classes in (2, 3, 12):
        y_true, y_pred = pair(500, 0, classes, seed)
        y_pred[y_pred == classes - 1] = 0  # a class that is never predicted
        names = [f"class {c}" for c in range(classes)]
        weights = np.random.default_rng(seed).integers(0, 9, 500) / 4  # sums without rounding
        options: list[dict[str, Any]] = [{}, {"target_names": names}, {"digits": 4}, {"sample_weight": weights}]
        options += [{"labels": [1, 0]}, {"labels": [*range(classes), 99]}, {"output_dict": True}]
        options += [{"labels": [1], "output_dict": True}]
        for option in options:
            wanted = sklearn_metrics.classification_report(y_true, y_pred, zero_division=0, **option)
            found = metrics.classification_report(y_true, y_pred, **option)
            if option.get("output_dict"):
                assert list(found) == list(wanted)
                for name, row in wanted.items():
                    assert found[name] == pytest.approx(row, rel=1e-12)
            else:
                assert found == wanted, option
