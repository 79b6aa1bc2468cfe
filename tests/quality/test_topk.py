# SPDX-License-Identifier: Apache-2.0
"""Sparse predictions: as the matrix that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import quality
from quality_data import FILTERS, problem

OF_TOP = ("self_confidence", "normalized_margin", "logit_margin", "confidence_mistakenness")


def top(n: int, classes: int, k: int, seed: int, dtype: str = "float64") -> tuple[Any, quality.TopK, Any]:
    labels, probs, _ = problem(n, classes, seed, skill=6)
    indices = np.argsort(-probs, axis=1)[:, :k]
    values = np.take_along_axis(probs, indices, axis=1).astype(dtype)
    sparse = quality.TopK(indices, values, classes)
    return labels, sparse, sparse.dense()


@pytest.mark.parametrize("k", [2, 5, 12])
def test_scores(k: int) -> None:
    labels, sparse, dense = top(600, 12, k, 0)
    found = quality.label_scores(labels=labels, probs=sparse, which=OF_TOP)
    # Rows of the matrix do not sum to 1, and are not to be divided by their sum: what is missing is elsewhere.
    own = dense[np.arange(600), labels]
    other = np.where(np.eye(12, dtype=bool)[labels], 0, dense).max(axis=1)
    np.testing.assert_array_equal(found["self_confidence"], own)
    np.testing.assert_allclose(found["normalized_margin"], (own - other + 1) / 2)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(found["logit_margin"], np.log(own) - np.log(other))
    right = dense.argmax(axis=1) == labels
    expected = (np.where(right, -1, 1) * dense.max(axis=1) + 1) / 2
    np.testing.assert_allclose(found["confidence_mistakenness"], expected)
    assert np.isinf(found["logit_margin"]).any() == (k < 12)


@pytest.mark.parametrize("filter_by", ["auto", *FILTERS])
def test_issues_of_all_classes(filter_by: str) -> None:
    """With every class listed the answer is that of the matrix."""
    labels, sparse, dense = top(1500, 8, 8, 1)
    found = quality.find_label_issues(labels, probs=sparse, filter_by=filter_by)
    expected = quality.find_label_issues(labels, probs=dense, filter_by=filter_by)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.suggested, expected.suggested)
    np.testing.assert_allclose(found.scores, expected.scores)
    np.testing.assert_allclose(quality.class_thresholds(labels, probs=sparse),
                               quality.class_thresholds(labels, probs=dense), rtol=1e-15)  # fmt: skip
    np.testing.assert_array_equal(quality.confident_joint(labels, probs=sparse),
                                  quality.confident_joint(labels, probs=dense))  # fmt: skip
    assert quality.num_label_issues(labels, probs=sparse) == quality.num_label_issues(labels, probs=dense)


@pytest.mark.parametrize("filter_by", ["auto", "confident_learning", "predicted_neq_given", "low_self_confidence"])
def test_issues_of_the_likeliest_classes(filter_by: str) -> None:
    """Nearly all that is left out is nearly 0: the issues are those of the whole matrix, but for a few at the edge."""
    labels, probs, _ = problem(3000, 30, 2, skill=8)
    indices = np.argsort(-probs, axis=1)[:, :6]
    sparse = quality.TopK(indices, np.take_along_axis(probs, indices, axis=1), 30)
    found = quality.find_label_issues(labels, probs=sparse, filter_by=filter_by).mask
    expected = quality.find_label_issues(labels, probs=probs, filter_by=filter_by).mask
    assert (found != expected).sum() <= 0.05 * expected.sum()


def test_very_many_classes() -> None:
    classes, n = 1_000_000, 20_000
    rng = np.random.default_rng(3)
    true = rng.integers(0, classes - 1, n)
    labels = np.where(rng.random(n) < 0.1, rng.integers(0, classes - 1, n), true)
    values = np.sort(rng.dirichlet([8, 1, 0.5], n), axis=1)[:, ::-1]
    indices = np.stack([true, (true + 1) % classes, (true + 2) % classes], axis=1)
    sparse = quality.TopK(indices, values.astype(np.float32), classes)
    for filter_by in ("auto", "confident_learning", "predicted_neq_given", "low_normalized_margin"):
        found = quality.find_label_issues(labels, probs=sparse, filter_by=filter_by)
        assert len(found) > 0
        if filter_by == "auto":
            wrong = labels != true
            assert (found.mask & wrong).sum() > 0.9 * wrong.sum()
    with pytest.raises(ValueError, match="accepted: up to 8192 classes, or filter_by='auto'"):
        quality.find_label_issues(labels, probs=sparse, filter_by="both")


def test_shards_and_rows_without_a_distribution() -> None:
    labels, sparse, _ = top(1000, 9, 4, 4, "float32")
    sparse.values[[3, 500]] = np.nan
    with pytest.warns(quality.InvalidRowsWarning, match="2 rows have no distribution"):
        whole = quality.find_label_issues(labels, probs=sparse)
    assert whole.invalid.tolist() == [3, 500]
    shards = [(sparse.rows(a, b), labels[a:b]) for a, b in ((0, 400), (400, 1000))]
    with pytest.warns(quality.InvalidRowsWarning):
        found = quality.find_label_issues(shards=shards)
    np.testing.assert_array_equal(found.indices, whole.indices)
    scores = quality.self_confidence(probs=sparse, labels=labels)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(scores)), [3, 500])


def test_missing_labels() -> None:
    labels, sparse, _ = top(50, 9, 4, 5)
    labels = np.where(np.arange(50) % 5 == 0, -1, labels)
    for name in OF_TOP:
        found = quality.label_scores(labels=labels, probs=sparse, which=name)[name]
        np.testing.assert_array_equal(np.isnan(found), labels < 0)


@pytest.mark.parametrize(
    ("indices", "values", "classes", "kind", "words"),
    [
        ([[0, 3]], [[0.5, 0.5]], 3, ValueError, "'indices' has 3; accepted: 0 to 2"),
        ([[0, -1]], [[0.5, 0.5]], 3, ValueError, "'indices' has -1"),
        ([[1, 1]], [[0.5, 0.5]], 3, ValueError, "names a class twice in row 0"),
        ([[0.0, 1.0]], [[0.5, 0.5]], 3, TypeError, "'indices' has dtype float64"),
        ([[0, 1]], [[1, 0]], 3, TypeError, "'values' has dtype int64"),
        ([[0, 1]], [[0.5, 0.5, 0.0]], 3, ValueError, "accepted: \\(N, k\\) both"),
        ([0, 1], [0.5, 0.5], 3, ValueError, "accepted: \\(N, k\\) both"),
        ([[0]], [[0.5]], 0, ValueError, "'num_classes' is 0"),
    ],
)
def test_bad_input(indices: Any, values: Any, classes: int, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        quality.TopK(indices, values, classes)


def test_what_needs_every_class_is_refused() -> None:
    labels, sparse, _ = top(10, 9, 4, 6)
    with pytest.raises(ValueError, match="'which' has 'mistakenness'; accepted for TopK"):
        quality.mistakenness(probs=sparse, labels=labels)
    with pytest.raises(ValueError, match="'adjust' is given"):
        quality.self_confidence(probs=sparse, labels=labels, adjust=True)
    with pytest.raises(TypeError, match="a softmax needs every class"):
        quality.find_label_issues(labels, logits=sparse)
