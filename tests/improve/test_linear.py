# SPDX-License-Identifier: Apache-2.0
"""The light model is the logistic regression that it says it is, and always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish._improve import linear
from burnish._improve.linear import Directions, Linear

pytest.importorskip("scipy")

Array = npt.NDArray[Any]


def blobs(n: int, columns: int = 12, classes: int = 3, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centers = rng.normal(size=(classes, columns))
    return (centers[labels] + rng.normal(size=(n, columns))).astype(np.float32), labels


def probabilities(logits: Array) -> Array:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(("n", "columns"), [(500, 12), (30, 100)])
def test_directions_are_those_of_a_singular_value_decomposition(n: int, columns: int) -> None:
    features, _ = blobs(n, columns)
    found = Directions.of(features, 5)
    centered = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    _, values, axes = np.linalg.svd(centered, full_matrices=False)
    np.testing.assert_allclose(found.variances, values[:5] ** 2 / n, rtol=1e-4)
    np.testing.assert_allclose(np.abs(found.axes.T @ axes[:5].T), np.eye(5), atol=2e-3)
    np.testing.assert_allclose(np.abs(found(features)), np.abs(centered @ axes[:5].T), atol=2e-2)


def test_directions_leave_out_what_does_not_vary() -> None:
    features, _ = blobs(100, columns=3)
    assert Directions.of(np.hstack([features, features, np.ones((100, 2), np.float32)])).axes.shape == (8, 3)
    assert Directions.of(np.ones((5, 4), np.float32)).axes.shape == (4, 0)
    nowhere = np.empty((5, 0), np.float32)  # what is left of these; a model of it knows how frequent classes are
    assert Directions.of(nowhere)(nowhere).shape == (5, 0)
    logits = Linear().fit(nowhere, np.array([0, 1, 1, 1, 1]), 2).logits(nowhere)
    assert np.allclose(logits[:, 1] - logits[:, 0], np.log(4), atol=0.2)


@pytest.mark.parametrize("ridge", [0.1, 2.0])
def test_is_the_logistic_regression_of_scikit_learn(ridge: float) -> None:
    sklearn = pytest.importorskip("sklearn.linear_model")
    features, labels = blobs(600)
    centered = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    _, values, axes = np.linalg.svd(centered, full_matrices=False)
    factors = (values**2 / 600) ** -0.25
    factors /= np.sqrt((values**2 / 600 * factors**2).mean())
    points = centered @ axes.T * factors
    theirs = sklearn.LogisticRegression(C=1 / (ridge * np.sqrt(600)), tol=1e-6, max_iter=1000).fit(points, labels)
    ours = Linear(ridge=ridge).fit(features, labels, 3).logits(features)
    np.testing.assert_allclose(probabilities(ours), theirs.predict_proba(points), atol=3e-3)


def test_gradient_is_that_of_the_loss() -> None:
    features, labels = blobs(50, columns=4)
    loss = linear._Loss(features, labels, np.linspace(0.5, 2, 50).astype(np.float32), 3, 0.7)
    at = np.random.default_rng(1).normal(size=15)
    gradient = loss(at)[1]
    for i in range(15):
        step = np.zeros(15)
        step[i] = 0.05
        assert (loss(at + step)[0] - loss(at - step)[0]) / 0.1 == pytest.approx(gradient[i], abs=2e-3)


def test_same_bits_again_and_from_a_file(tmp_path: Path) -> None:
    features, labels = blobs(900)
    once = Linear().fit(features, labels, 3, seed=3).logits(features)
    assert np.array_equal(once, Linear().fit(features, labels, 3, seed=3).logits(features))
    np.save(tmp_path / "features.npy", features)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    assert np.array_equal(once, Linear().fit(mapped, labels, 3, seed=3).logits(mapped))


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = blobs(700)
    whole = Linear(ridge=0.5).fit(features, labels, 3).logits(features)
    monkeypatch.setattr(linear, "_BLOCK", 64)
    np.testing.assert_allclose(Linear(ridge=0.5).fit(features, labels, 3).logits(features), whole, atol=5e-3)


def test_samples_without_weight_teach_nothing() -> None:
    features, labels = blobs(400)
    weight = (np.arange(400) >= 100).astype(np.float32)
    wrong = np.where(weight > 0, labels, (labels + 1) % 3)
    told = Linear(ridge=1.0).fit(features, wrong, 3, weight=weight).logits(features)
    assert np.array_equal(told, Linear(ridge=1.0).fit(features, labels, 3, weight=weight).logits(features))
    assert not np.allclose(told, Linear(ridge=1.0).fit(features, wrong, 3).logits(features), atol=0.1)


def test_weights_count_like_repeated_samples() -> None:
    features, labels = blobs(300)
    features -= features.mean(axis=0)
    twice = np.concatenate([features, features]), np.concatenate([labels, labels])
    doubled = Linear(ridge=1.0).fit(features, labels, 3, weight=np.full(300, 2.0)).logits(features)
    np.testing.assert_allclose(doubled, Linear(ridge=1.0).fit(*twice, 3).logits(features), atol=5e-3)


def test_classes_without_a_sample_are_hardly_ever_predicted() -> None:
    features, labels = blobs(300)
    logits = Linear().fit(features, labels * 2, 6).logits(features)
    assert np.isfinite(logits).all()
    assert probabilities(logits)[:, [1, 3, 5]].max() < 1 / 300
    assert (logits.argmax(axis=1) == labels * 2).mean() > 0.8


@pytest.mark.parametrize("n", [1, 2, 7])
def test_few_samples(n: int) -> None:
    features, labels = blobs(n)
    logits = Linear().fit(features, labels, 3).logits(features)
    assert logits.shape == (n, 3)
    assert np.isfinite(logits).all()


def test_many_classes() -> None:
    features, labels = blobs(2000, columns=32, classes=200)
    logits = Linear(ridge=0.1).fit(features, labels, 200).logits(features)
    assert (logits.argmax(axis=1) == labels).mean() > 0.5


def test_easy_classes_get_a_weak_ridge_and_hopeless_ones_a_strong_one() -> None:
    features, labels = blobs(2000)
    easy = Linear().fit(features * 4, labels, 3).logits(features * 4)
    assert probabilities(easy)[np.arange(2000), labels].mean() > 0.9
    noise = np.random.default_rng(5).permutation(labels)
    hopeless = Linear().fit(features, noise, 3)
    assert np.abs(probabilities(hopeless.logits(features)) - 1 / 3).max() < 0.15


def test_rows_made_of_others_do_not_say_how_well_a_model_does() -> None:
    """Copies on both sides of a division make a model look good that has learned them by heart."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(600, 80)).astype(np.float32), np.repeat([0, 1, 2, 3], 150)  # nothing is to be learned
    copies = np.tile(np.arange(600), 5)
    both = np.concatenate([X, X[copies]]), np.concatenate([y, y[copies]])
    fresh, labels = rng.normal(size=(4000, 80)).astype(np.float32), np.arange(4000) % 4

    def loss(**options: Any) -> float:
        logits = Linear().fit(*both, 4, **options).logits(fresh).astype(float)
        return float((np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(4000), labels]).mean())

    assert loss(added=3000) < 1.52 < 1.6 < loss()
    counted = np.where(y == 3, 6.0, 1.0)  # instead of copies of one class
    weighted = Linear().fit(X, y, 4, weight=counted).logits(fresh)
    rows = np.concatenate([X, *[X[450:]] * 5]), np.concatenate([y, np.full(750, 3)])
    added = Linear().fit(*rows, 4, added=750).logits(fresh)  # directions differ a little
    assert np.corrcoef(weighted.ravel(), added.ravel())[0, 1] > 0.99
