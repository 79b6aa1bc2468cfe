# SPDX-License-Identifier: Apache-2.0
"""What burnish.quality says of embeddings, in plain NumPy float64 with all distances at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def distances(X: Array, Y: Array, metric: str) -> Array:
    """All distances (n, m); rows of zeros are at a cosine distance of 0 from each other and of 1 from all else."""
    X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)
    if metric == "euclidean":
        return np.sqrt(((X[:, None] - Y[None]) ** 2).sum(axis=2))
    lengths = [np.linalg.norm(each, axis=1) for each in (X, Y)]
    units = [each / np.where(length > 0, length, 1)[:, None] for each, length in zip((X, Y), lengths, strict=True)]
    found = 1 - units[0] @ units[1].T
    found[np.abs(found) < 1e-12] = 0
    found[np.ix_(lengths[0] == 0, lengths[1] == 0)] = 0
    return np.maximum(found, 0)


def others(X: Array, metric: str) -> Array:
    """Ascending distances (n, n - 1) of each row to the others."""
    every = distances(X, X, metric)
    np.fill_diagonal(every, -1)
    return np.sort(every, axis=1)[:, 1:]


def uniqueness(X: Array, metric: str, scale: float = 1.0) -> Array:
    near = others(X, metric)[:, :3]
    parts = np.sqrt(near / 2) if metric == "cosine" else near / (near + scale)
    weights = np.array([0.6, 0.3, 0.1])[: near.shape[1]]
    return np.prod(parts ** (weights / weights.sum()), axis=1)


def near_duplicates(X: Array, threshold: float, metric: str) -> tuple[Array, Array]:
    """Go through the rows in order; each repeats the first kept one within the threshold."""
    every = distances(X, X, metric)
    representative, apart = np.arange(len(X)), np.zeros(len(X))
    for i in range(len(X)):
        for j in range(i):
            if representative[j] == j and every[i, j] <= threshold:
                representative[i], apart[i] = j, every[i, j]
                break
    return representative, apart


def leaks(train: Array, test: Array, threshold: float, metric: str) -> list[tuple[int, int, float]]:
    every = distances(test, train, metric)
    pairs = [(every[j, i], i, j) for j in range(len(test)) for i in range(len(train)) if every[j, i] <= threshold]
    return [(i, j, d) for d, i, j in sorted(pairs, key=lambda pair: (pair[2], pair[0], pair[1]))]


def coreset(X: Array, k: int, metric: str, selected: list[int], first: int | None = None) -> list[int]:
    """k-center greedy as its article says: the farthest row again and again, the lowest of equally far ones."""
    every = distances(X, X, metric)
    chosen = list(selected)
    if not chosen and k > 0:
        if first is None:
            first = int(distances(X.astype(np.float64).mean(axis=0)[None], X, metric).argmin())
        chosen.append(first)
    while len(chosen) < len(selected) + k:
        nearest = every[chosen].min(axis=0)
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return chosen[len(selected) :]
