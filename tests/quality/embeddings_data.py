# SPDX-License-Identifier: Apache-2.0
"""Embeddings for the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def clusters(n: int, d: int, seed: int = 0) -> Array:
    """Nine clouds."""
    rng = np.random.default_rng([seed, n, d])
    return 2 * rng.standard_normal((9, d))[rng.integers(0, 9, n)] + 0.3 * rng.standard_normal((n, d))


def noise(n: int, d: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, n, d, 1]).standard_normal((n, d))


def copies(n: int, d: int) -> Array:
    """Each row three times, scattered."""
    X = np.repeat(noise((n + 2) // 3, d), 3, axis=0)[:n]
    return X[np.random.default_rng(n).permutation(n)]


def near_copies(n: int, d: int) -> Array:
    return copies(n, d) + 1e-3 * noise(n, d, 2)


def whole_numbers(n: int, d: int) -> Array:
    """Many distances are equal."""
    return np.random.default_rng([n, d, 2]).integers(-1, 2, (n, d)).astype(float)


def all_equal(n: int, d: int) -> Array:
    return np.full((n, d), 0.1)


def zero_rows(n: int, d: int) -> Array:
    X = noise(n, d, 3)
    X[::5] = 0.0
    X[::10] = -0.0
    return X


def chain(n: int, d: int) -> Array:
    """Rows in a line, each near the next, in random order."""
    return np.random.default_rng(n).permutation(n).astype(float)[:, None] * np.ones((1, d)) + 1.0


def outlier(n: int, d: int) -> Array:
    X = noise(n, d)
    X[n // 2] = 1e20
    return X


HARD: dict[str, Callable[[int, int], Array]] = {
    each.__name__: each
    for each in (clusters, noise, copies, near_copies, whole_numbers, all_equal, zero_rows, chain, outlier)
}
METRICS = ("cosine", "euclidean")
