# SPDX-License-Identifier: Apache-2.0
"""Label scores: against float64 as a textbook writes them, against cleanlab, and at the ends of their ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import hardness, quality
from quality_data import SCORES, problem
from reference import quality as reference

CLASSES = (2, 3, 10, 31, 32, 33, 100, 1500)
TOLERANCE = {"float64": 1e-12, "float32": 2e-6}


def logits_of(probs: Any) -> Any:
    return np.log(probs)


def assert_close(found: Any, expected: Any, tolerance: float, context: Any) -> None:
    error = np.abs(np.asarray(found, dtype=np.float64) - expected) / np.maximum(1, np.abs(expected))
    assert error.max() <= tolerance, (context, error.max())


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", ["probs", "logits"])
def test_against_float64(classes: int, dtype: str, given: str, isa: str) -> None:
    labels, probs, _ = problem(203 if classes < 1000 else 67, classes, 0)
    values = (probs if given == "probs" else logits_of(probs)).astype(dtype)
    exact = values.astype(np.float64)
    if given == "logits":
        exact = np.exp(exact - exact.max(axis=1, keepdims=True))
    expected = reference.scores(exact / exact.sum(axis=1, keepdims=True), labels)
    found = quality.label_scores(labels=labels, which=SCORES, **{given: values})
    assert list(found) == list(SCORES)
    for name, values_found in found.items():
        assert values_found.dtype == dtype
        # The entropy of float32 is exact to 1e-7, which is much where both it and p of the label are small.
        factor = 10 if name == "confidence_weighted_entropy" else 1
        assert_close(values_found, expected[name], factor * TOLERANCE[dtype], (name, isa))


@pytest.mark.parametrize("name", SCORES)
def test_alone_as_together(name: str) -> None:
    labels, probs, _ = problem(203, 10, 1)
    for given in ({"probs": probs}, {"logits": logits_of(probs)}, {"probs": probs.astype(np.float32)}):
        alone = quality.label_scores(labels=labels, which=name, **given)[name]
        together = quality.label_scores(labels=labels, which=SCORES, **given)[name]
        np.testing.assert_array_equal(alone, together)
    if name == "confidence_mistakenness":
        by_name = quality.mistakenness(probs=probs, labels=labels, sureness="confidence")
    else:
        by_name = getattr(quality, name)(probs=probs, labels=labels)
    np.testing.assert_array_equal(by_name, quality.label_scores(labels=labels, which=name, probs=probs)[name])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_as_cleanlab(dtype: str) -> None:
    rank = pytest.importorskip("cleanlab.rank", reason="cleanlab is not installed")
    labels, probs, _ = problem(2000, 7, 2, skewed=True)
    probs = probs.astype(dtype)
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        theirs = rank.get_label_quality_scores(labels, probs, method=method)
        assert_close(getattr(quality, method)(probs=probs, labels=labels), theirs, TOLERANCE[dtype], method)
        if method == "confidence_weighted_entropy":
            continue
        theirs = rank.get_label_quality_scores(labels, probs, method=method, adjust_pred_probs=True)
        ours = getattr(quality, method)(probs=probs, labels=labels, adjust=True)
        assert_close(ours, theirs, TOLERANCE[dtype], (method, "adjusted"))
        limits = quality.class_thresholds(labels, probs=probs)
        again = getattr(quality, method)(probs=probs, labels=labels, adjust=limits)
        np.testing.assert_array_equal(ours, again)


def test_adjusted_from_logits_and_for_many_classes() -> None:
    for classes in (5, 70):
        labels, probs, _ = problem(300, classes, 3)
        from_logits = quality.normalized_margin(logits_of(probs), labels, adjust=True)
        np.testing.assert_allclose(
            from_logits, quality.normalized_margin(probs=probs, labels=labels, adjust=True), rtol=1e-9
        )


def test_a_sure_and_right_row_scores_best() -> None:
    """Peers give confidence-weighted entropy 0, the worst, where the model is certain of the label."""
    probs = np.array([[1.0, 0.0, 0.0], [1 - 2e-9, 1e-9, 1e-9], [0.98, 0.01, 0.01], [0.4, 0.3, 0.3]])
    for values in (probs, probs.astype(np.float32)):
        scores = quality.confidence_weighted_entropy(probs=values, labels=np.zeros(4, int))
        assert scores[0] == 1
        assert (np.diff(scores) <= 0).all()
        assert scores[3] < scores[2]


def test_a_sure_and_wrong_row_scores_worst() -> None:
    for values in ([[0.0, 1.0]], [[1e-9, 1.0]], [[1e-300, 1.0]]):
        for dtype in (np.float64, np.float32):
            score = quality.confidence_weighted_entropy(probs=np.array(values, dtype), labels=[0])[0]
            assert 0 <= score < 0.2, values
    assert quality.confidence_weighted_entropy(probs=[[0.0, 1.0]], labels=[0])[0] == 0
    assert quality.confidence_weighted_entropy([[-np.inf, 0.0]], [0])[0] == 0


def test_near_the_end_confidence_weighted_entropy_keeps_its_precision() -> None:
    p = 1 - np.logspace(-1, -15, 60)
    probs = np.stack([p, 1 - p], axis=1)
    expected = reference.scores(probs, np.zeros(60, int))["confidence_weighted_entropy"]
    np.testing.assert_allclose(quality.confidence_weighted_entropy(probs=probs, labels=np.zeros(60, int)), expected,
                               rtol=1e-12)  # fmt: skip


def test_mistakenness_is_never_between() -> None:
    """Right below one half, wrong above, by at least half of what the flattest prediction says."""
    labels, probs, _ = problem(500, 4, 4)
    right = probs.argmax(axis=1) == labels
    for sureness in ("entropy", "confidence"):
        found = quality.mistakenness(probs=probs, labels=labels, sureness=sureness)
        assert (found[right] <= (1 - 1 / 4) / 2 + 1e-12).all()
        assert (found[~right] >= (1 + 1 / 4) / 2 - 1e-12).all()


@pytest.mark.parametrize("label_dtype", ["int8", "int32", "int64"])
def test_a_missing_label_does_not_count_as_right(label_dtype: str) -> None:
    labels, probs, _ = problem(300, 6, 5)
    missing = labels.astype(label_dtype)
    missing[::7] = -1
    for given in ({"probs": probs}, {"logits": logits_of(probs)}, {"probs": probs.astype(np.float32)}):
        found = quality.label_scores(labels=missing, which=SCORES, **given)
        whole = quality.label_scores(labels=labels, which=SCORES, **given)
        for name in SCORES:
            assert np.isnan(found[name][::7]).all(), name
            has_label = missing >= 0
            np.testing.assert_array_equal(found[name][has_label], whole[name][has_label])
    adjusted = quality.self_confidence(probs=probs, labels=missing, adjust=np.linspace(0.2, 0.5, 6))
    np.testing.assert_array_equal(np.isnan(adjusted), missing < 0)


def test_rows_without_a_distribution() -> None:
    bad = np.array([[np.nan, 1, 0], [-0.1, 0.6, 0.5], [0, 0, 0], [np.inf, 0, 0], [0.2, 0.3, 0.5]])
    for dtype in (np.float32, np.float64):
        found = quality.label_scores(labels=np.zeros(5, int), probs=bad.astype(dtype), which=SCORES)
        for name in SCORES:
            np.testing.assert_array_equal(np.isnan(found[name]), [True] * 4 + [False], err_msg=name)
            alone = quality.label_scores(labels=np.zeros(5, int), probs=bad.astype(dtype), which=name)[name]
            np.testing.assert_array_equal(np.isnan(alone), [True] * 4 + [False], err_msg=name)
    bad_logits = np.array([[np.nan, 1, 0], [-np.inf] * 3, [np.inf, 0, 0], [0.2, -np.inf, 0.5]])
    for name in SCORES:
        found = quality.label_scores(bad_logits, np.zeros(4, int), name)[name]
        np.testing.assert_array_equal(np.isnan(found), [True] * 3 + [False], err_msg=name)


def test_wide_rows_without_a_distribution() -> None:
    labels, probs, _ = problem(80, 1500, 6)
    probs[3, 1200], probs[5, 7], probs[9] = np.nan, -0.1, 0
    for which in (SCORES, ("self_confidence", "normalized_margin")):
        found = quality.label_scores(labels=labels, probs=probs, which=which)
        for name in which:
            np.testing.assert_array_equal(np.flatnonzero(np.isnan(found[name])), [3, 5, 9], err_msg=name)


def test_rows_that_do_not_sum_to_1() -> None:
    labels, probs, _ = problem(100, 5, 7)
    scale = np.geomspace(1e-3, 1e3, 100)[:, None]
    for name in SCORES:
        found = quality.label_scores(labels=labels, probs=probs * scale, which=name)[name]
        expected = quality.label_scores(labels=labels, probs=probs, which=name)[name]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype: str) -> None:
    """Within what rounding the probabilities costs, and exact for the rounded ones."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    labels, probs, _ = problem(400, 10, 8)
    half = torch.tensor(probs).to(getattr(torch, dtype))
    rounded = half.double().numpy()
    expected = reference.scores(rounded / rounded.sum(axis=1, keepdims=True), labels)
    found = quality.label_scores(
        labels=torch.tensor(labels), probs=half, which=("self_confidence", "normalized_margin")
    )
    for name, values in found.items():
        assert_close(values.numpy(), expected[name], 1e-6, name)
        original = reference.scores(probs, labels)[name]
        assert_close(values.numpy(), original, 1e-3 if dtype == "float16" else 8e-3, name)


def test_one_class() -> None:
    found = quality.label_scores(labels=[0, 0], probs=np.ones((2, 1)), which=SCORES)
    assert (found["self_confidence"] == 1).all()
    assert (found["normalized_margin"] == 1).all()
    assert (found["confidence_weighted_entropy"] == 1).all()
    assert (found["mistakenness"] == 0).all()


def test_empty() -> None:
    for name, values in quality.label_scores(labels=np.zeros(0, int), probs=np.zeros((0, 3)), which=SCORES).items():
        assert values.shape == (0,), name


def test_logit_margin_is_that_of_hardness() -> None:
    labels, probs, _ = problem(100, 5, 9)
    np.testing.assert_array_equal(
        quality.logit_margin(probs=probs, labels=labels), hardness.logit_margin(probs=probs, labels=labels)
    )


def test_interop(framework: Any) -> None:
    labels, probs, _ = problem(100, 5, 10)
    given, classes = framework.array(probs, "float32"), framework.array(labels)
    for name in ("self_confidence", "mistakenness"):
        found = getattr(quality, name)(probs=given, labels=classes)
        assert framework.owns(found)
        assert framework.dtype(found) == "float32"
        out = framework.array(np.zeros(100), "float32")
        assert getattr(quality, name)(probs=given, labels=classes, out=out) is out
        np.testing.assert_array_equal(np.asarray(out), np.asarray(found))
    adjusted = quality.self_confidence(probs=given, labels=classes, adjust=True)
    assert framework.owns(adjusted)
    np.testing.assert_array_equal(np.asarray(given), probs.astype(np.float32))


def test_any_strides() -> None:
    labels, probs, _ = problem(120, 10, 11)
    expected = quality.label_scores(labels=labels, probs=probs, which=SCORES)
    spread = np.zeros((240, 20))
    spread[::2, ::2] = probs
    for view in (np.asfortranarray(probs), spread[::2, ::2], probs[::-1][::-1]):
        found = quality.label_scores(labels=labels, probs=view, which=SCORES)
        for name in SCORES:
            np.testing.assert_array_equal(found[name], expected[name])
    reversed_rows = quality.self_confidence(probs=probs[::-1], labels=labels[::-1])
    np.testing.assert_array_equal(reversed_rows[::-1], expected["self_confidence"])


@pytest.mark.parametrize("classes", [3, 10, 50])
def test_threads_levels_and_batches(classes: int, threads: int, isa: str) -> None:
    labels, probs, _ = problem(3001, classes, 12)
    probs = probs.astype(np.float32)
    with_rows = quality.label_scores(labels=labels, probs=probs, which=SCORES)
    parts = [
        quality.label_scores(labels=labels[a:b], probs=probs[a:b], which=SCORES)
        for a, b in ((0, 1), (1, 130), (130, 2999), (2999, 3001))
    ]
    for name in SCORES:
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), with_rows[name])
