# SPDX-License-Identifier: Apache-2.0
"""Nearest neighbors in plain NumPy float64: every distance, then a sort. `X` is (n, d), `Y` (m, d).

A row's own place is left out by its index, and equal distances come in the order of their indices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

METRICS = ("euclidean", "sqeuclidean", "manhattan", "cosine")


def distances(X: Array, Y: Array, metric: str = "euclidean") -> Array:
    """All distances (n, m), column after column, as the textbook sums them."""
    X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)
    if metric == "cosine":
        return 1.0 - unit(X) @ unit(Y).T
    total = np.zeros((len(X), len(Y)))
    with np.errstate(over="ignore", under="ignore"):
        for c in range(X.shape[1]):
            difference = X[:, c, None] - Y[None, :, c]
            total += np.abs(difference) if metric == "manhattan" else difference * difference
    return np.sqrt(total) if metric == "euclidean" else total


def unit(X: Array) -> Array:
    """Rows divided by their length; a row of zeros stays as it is, so that its cosine with any other is 0."""
    scale = np.abs(X).max(axis=1, keepdims=True)
    X = X / np.where(scale > 0, scale, 1.0)  # so that no square overflows
    length = np.sqrt((X * X).sum(axis=1, keepdims=True))
    return X / np.where(length > 0, length, 1.0)


def keys_in_order(X: Array, Y: Array, metric: str) -> Array:
    """What burnish documents to order by, to the last bit: coordinate c goes to lane c % 16, lanes to a fixed tree.

    Squared distances for "euclidean", of which the distance is the square root.
    """
    X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)
    lanes = np.zeros((16, len(X), len(Y)))
    with np.errstate(over="ignore", under="ignore"):
        for c in range(X.shape[1]):
            difference = X[:, c, None] - Y[None, :, c]
            lanes[c % 16] += np.abs(difference) if metric == "manhattan" else difference * difference
        for half in (8, 4, 2, 1):
            lanes[:half] += lanes[half : 2 * half]
        return lanes[0]


def cosine_keys_in_order(X: Array, Y: Array) -> Array:
    """The same for the cosine: rows are scaled by a power of two, then divided by their length, added up in order."""

    def unit(rows: Array) -> Array:
        rows = np.asarray(rows, np.float64)
        rows = rows * 2.0 ** (-np.floor(np.log2(np.abs(rows).max(axis=1, keepdims=True))) - 1)
        square = np.zeros(len(rows))
        for c in range(rows.shape[1]):
            square += rows[:, c] * rows[:, c]
        return rows / np.sqrt(square)[:, None]

    A, B = unit(X), unit(Y)
    lanes = np.zeros((16, len(A), len(B)))
    for c in range(A.shape[1]):
        lanes[c % 16] += A[:, c, None] * B[None, :, c]
    for half in (8, 4, 2, 1):
        lanes[:half] += lanes[half : 2 * half]
    return np.maximum(1.0 - lanes[0], 0.0)


def nearest(values: Array, k: int, own: Array | None = None) -> tuple[Array, Array]:
    """The k smallest values of each row and their places, ties to the lower; without the place `own` of each row."""
    n, m = values.shape
    places = np.argsort(values, axis=1, kind="stable")
    if own is not None:
        places = places[places != own[:, None]].reshape(n, m - 1)
    places = places[:, :k]
    return np.take_along_axis(values, places, axis=1), places


def kneighbors(X: Array, k: int, Y: Array | None = None, metric: str = "euclidean") -> tuple[Array, Array]:
    """Distances (n, k), ascending, and indices (n, k) of the rows of `Y` nearest to each row of `X`."""
    own = np.arange(len(X)) if Y is None else None
    return nearest(distances(X, X if Y is None else Y, metric), k, own)
