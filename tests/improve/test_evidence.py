# SPDX-License-Identifier: Apache-2.0
"""How far a model is believed that says a label is wrong, against sets whose wrong labels are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish._improve.evidence import blame, never_falling


def _set(
    noise: float, n: int = 40_000, num_classes: int = 5, seed: int = 0
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return logits of a model that knows how sure it is, labels of which a part is wrong, and which are."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, num_classes)) * rng.uniform(0.5, 6, (n, 1))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = (probs.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    is_wrong = rng.random(n) < noise
    labels = np.where(is_wrong, (true + rng.integers(1, num_classes, n)) % num_classes, true)
    return logits.astype(np.float32), labels, is_wrong


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
def test_as_many_labels_are_wrong_as_estimated(noise: float) -> None:
    logits, labels, is_wrong = _set(noise)
    found = blame(logits, labels)
    disagrees = logits.argmax(axis=1) != labels
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.01)):
        rows = disagrees & (found >= low) & (found < high)
        if rows.sum() >= 200:
            assert is_wrong[rows].mean() == pytest.approx(found[rows].mean(), abs=0.1)
    assert found.max() == 1.0
    assert found.min() < 2.5 * noise


def test_where_no_label_is_wrong_no_label_is_blamed() -> None:
    logits, labels, _ = _set(0.0)
    assert (blame(logits, labels) >= 1 / 3).mean() < 0.2  # of samples, which the model gets right there
    believed = (blame(logits, labels) >= 1 / 3) & (logits.argmax(axis=1) != labels)
    assert believed.mean() < 0.001


def test_a_perfect_model_and_sets_that_say_nothing() -> None:
    labels = np.arange(100) % 4
    logits = np.eye(4)[labels]
    assert blame(logits, labels).tolist() == [0.0] * 100
    assert blame(logits[:49], (labels + 1)[:49] % 4).tolist() == [0.0] * 49
    assert blame(logits[:50], (labels + 1)[:50] % 4).tolist() == [1.0] * 50
    assert blame(logits[:0], labels[:0]).shape == (0,)


def test_it_does_not_depend_on_scale_or_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels, _ = _set(0.1, n=1000)
    found = blame(logits, labels)
    assert np.array_equal(found, blame(logits + np.float32(16.0), labels))
    monkeypatch.setattr("burnish._improve.evidence._BLOCK", 7)
    assert np.array_equal(found, blame(logits, labels))


def test_never_falling_is_isotonic_regression() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 20, 200):
        values, weights = rng.integers(0, 6, n) / 4, rng.integers(1, 9, n)
        expected = isotonic.IsotonicRegression().fit_transform(np.arange(n), values, sample_weight=weights)
        assert never_falling(values, weights) == pytest.approx(expected)
