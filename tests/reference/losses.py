# SPDX-License-Identifier: Apache-2.0
"""Losses written out in NumPy float64, for ordinary logits."""

from __future__ import annotations

from typing import Any

import numpy as np


def smoothed(targets: Any, classes: int, label_smoothing: float) -> np.ndarray:
    """Distributions of class indices (or of distributions), smoothed; indices out of range have none."""
    targets = np.asarray(targets)
    if targets.ndim == 1:
        targets = (targets[:, None] == np.arange(classes)).astype(np.float64)
    return targets * (1 - label_smoothing) + label_smoothing / classes


def softmax_focal(
    logits: Any, targets: Any, gamma: float, weight: Any = None, label_smoothing: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return losses (N,) and gradients of each (N, C)."""
    z = np.asarray(logits, np.float64)
    classes = z.shape[1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    amount = smoothed(targets, classes, label_smoothing) * (1.0 if weight is None else np.asarray(weight, np.float64))
    terms = (1 - p) ** gamma * -np.log(p)
    slopes = amount * (gamma * (1 - p) ** (gamma - 1) * p * np.log(p) - (1 - p) ** gamma)
    return (amount * terms).sum(axis=1), slopes - p * slopes.sum(axis=1, keepdims=True)


def sigmoid_focal(
    logits: Any, targets: Any, gamma: float, weight: tuple[float, float] = (1.0, 1.0), label_smoothing: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return losses and gradients (N,): those of the rows (0, z)."""
    z, t = np.asarray(logits, np.float64), np.asarray(targets, np.float64)
    losses, gradients = softmax_focal(
        np.stack([0 * z, z], axis=1), np.stack([1 - t, t], axis=1), gamma, weight, label_smoothing
    )
    return losses, gradients[:, 1]
