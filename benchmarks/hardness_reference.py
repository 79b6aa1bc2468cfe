# SPDX-License-Identifier: Apache-2.0
"""The scores in float64, a block of rows at a time: what every contender is checked against.

Plain NumPy, so that it works wherever burnish does; test_scripts.py compares it with SciPy.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

BLOCK = 1 << 20  # values


def scores(values: Any, which: tuple[str, ...], labels: Any = None, *, probs: bool = False) -> dict[str, Any]:
    """Compute scores of logits, or of probabilities, as float64 (predictions as integers)."""
    step = max(1, BLOCK // values.shape[1])
    parts = []
    for first in range(0, len(values), step):
        block = as_float64(values[first : first + step])
        given = None if labels is None else labels[first : first + step]
        rows = Rows(np.log(block) if probs else block, given)
        parts.append({name: getattr(rows, name)() for name in which})
    return {name: np.concatenate([part[name] for part in parts]) for name in which}


def as_float64(values: Any) -> Any:
    """Convert exactly; torch tensors too."""
    return values.double().cpu().numpy() if hasattr(values, "double") else np.asarray(values, np.float64)


class Rows:
    """Logits (n, c) in float64, labels (n,), and a method for each score."""

    def __init__(self, logits: Any, labels: Any) -> None:
        self.logits, self.labels = logits, labels
        self.numbers = np.arange(len(logits))

    @cached_property
    def total(self) -> Any:
        """Logarithm of the sum of exponentials."""
        largest = self.logits.max(axis=1)
        return largest + np.log(np.exp(self.logits - largest[:, None]).sum(axis=1))

    @cached_property
    def log_probs(self) -> Any:
        return self.logits - self.total[:, None]

    @cached_property
    def probs(self) -> Any:
        return np.exp(self.log_probs)

    def entropy(self) -> Any:
        return -(self.probs * self.log_probs).sum(axis=1)

    def normalized_entropy(self) -> Any:
        return self.entropy() / np.log(self.logits.shape[1])

    def perplexity(self) -> Any:
        return np.exp(self.entropy())

    def margin(self) -> Any:
        top = np.partition(self.probs, self.probs.shape[1] - 2, axis=1)[:, -2:]
        return top[:, 1] - top[:, 0]

    def max_probability(self) -> Any:
        return self.probs.max(axis=1)

    def least_confidence(self) -> Any:
        return 1 - self.probs.max(axis=1)

    def energy(self) -> Any:
        return self.total

    def predictions(self) -> Any:
        return self.logits.argmax(axis=1)

    def cross_entropy(self) -> Any:
        return -self.log_probs[self.numbers, self.labels]

    def el2n(self) -> Any:
        error = self.probs.copy()
        error[self.numbers, self.labels] -= 1
        return np.linalg.norm(error, axis=1)

    def logit_margin(self) -> Any:
        others = self.logits.copy()
        others[self.numbers, self.labels] = -np.inf
        return self.logits[self.numbers, self.labels] - others.max(axis=1)


def difference(result: Any, expected: Any) -> float:
    """Largest difference of two arrays, relative where the expected value is above 1; whole numbers must be equal."""
    found = as_float64(result) if expected.dtype.kind == "f" else np.asarray(result)
    if found.shape != expected.shape:
        raise AssertionError(f"shape {found.shape} instead of {expected.shape}")
    if expected.dtype.kind != "f":
        return float(np.count_nonzero(found != expected))
    gap = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    return float(gap.max()) if not np.isnan(gap).any() else float("nan")


def difference_of_all(results: Any, expected: Any) -> float:
    """Largest `difference` of arrays by name."""
    return max(difference(results[name], expected[name]) for name in expected)
