# SPDX-License-Identifier: Apache-2.0
"""Predictions with wrong labels among them, for the quality tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FILTERS = (
    "prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given",
    "low_self_confidence", "low_normalized_margin",
)  # fmt: skip
SCORES = (
    "self_confidence", "normalized_margin", "confidence_weighted_entropy", "logit_margin", "mistakenness",
    "confidence_mistakenness",
)  # fmt: skip


def problem(n: int, classes: int, seed: int, *, noise: float = 0.2, skill: float = 4.0, skewed: bool = False) -> Any:
    """Labels, of which a share is wrong, probabilities (float64) and true labels."""
    rng = np.random.default_rng([n, classes, seed])
    weights = np.geomspace(1, 40, classes) if skewed else np.ones(classes)
    true = rng.choice(classes, n, p=weights / weights.sum())
    wrong = rng.random(n) < noise
    labels = np.where(wrong, rng.integers(0, classes, n), true)
    logits = rng.normal(size=(n, classes)) * 1.7
    logits[np.arange(n), true] += skill
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, weights / weights.sum(axis=1, keepdims=True), true


def f1(flagged: Any, wrong: Any) -> float:
    """Of flags against what is wrong."""
    return float(2 * (flagged & wrong).sum() / max(1, flagged.sum() + wrong.sum()))


def cifar10n() -> Any:
    """CIFAR-10's human labels and predictions of a model trained on them; skips where they are not."""
    path = Path(os.environ.get("BURNISH_DATA", "")) / "cifar10n-resnet18.npz"
    if not os.environ.get("BURNISH_DATA") or not path.exists():
        pytest.skip("BURNISH_DATA names no folder with cifar10n-resnet18.npz")
    return np.load(path)
