# SPDX-License-Identifier: Apache-2.0
"""Labels and scores for the tests of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

SIZES = (2, 3, 31, 32, 33, 100, 4095, 4096, 4097, 70_001)
KINDS = ("probabilities", "both signs", "negative", "ties", "all equal", "tiny differences", "infinite", "zeros")


def two_classes(n: int, seed: int = 0) -> Any:
    """Labels with at least one of each class."""
    labels = np.random.default_rng([seed, n]).integers(0, 2, n)
    labels[:2] = [1, 0]
    return labels


def scores_of(kind: str, labels: Any, seed: int = 0) -> Any:
    """Float64 scores that know something of the labels."""
    rng = np.random.default_rng([seed, len(labels), KINDS.index(kind)])
    x = rng.normal(size=len(labels)) + labels
    if kind == "probabilities":
        return 1 / (1 + np.exp(-x))
    if kind == "negative":
        return -np.exp(-x)
    if kind == "ties":
        return np.round(x, 1)
    if kind == "all equal":
        return np.full(len(labels), 0.25)
    if kind == "tiny differences":  # the highest 32 bits that differ are those of one outlier
        x = 1 + np.round(x * 300) * 2.0**-40
        x[0] = 1e300
        return x
    if kind == "infinite":
        x[::7], x[1::7] = np.inf, -np.inf
        return x
    if kind == "zeros":
        return np.where(x > 0.5, x, np.where(x > -0.5, -0.0, 0.0))
    return x


def many_classes(n: int, classes: int, seed: int = 0) -> tuple[Any, Any]:
    """Labels of all classes, and float64 probabilities."""
    rng = np.random.default_rng([seed, n, classes])
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    logits = rng.normal(size=(n, classes)) * 2
    logits[np.arange(n), labels] += 1.5
    weights = np.exp(logits)
    return labels, weights / weights.sum(axis=1, keepdims=True)
