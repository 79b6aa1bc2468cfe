# SPDX-License-Identifier: Apache-2.0
"""The searches: rows, columns, kinds of data, and how much faster burnish means to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import neighbors_peers as peers
import numpy as np
from contest import Contender, Workload, goals
from neighbors_peers import Inputs

K = 6
CHECKED_ROWS = 200
SCIKIT_LEARN = ("sklearn",)

# How many times faster than scikit-learn (kd_tree for 2 and 3 columns) and faiss, on clusters in float32, one thread.
GOALS = {
    (10_000, 16): (6.0, 2.8),
    (10_000, 64): (7.0, 3.5),
    (10_000, 256): (8.0, 3.8),
    (50_000, 16): (13.0, 7.0),
    (50_000, 64): (12.0, 5.5),
    (50_000, 256): (12.0, 5.5),
    (50_000, 2): (2.0, 0.0),
    (50_000, 3): (2.0, 0.0),
}


def clusters(n: int, d: int) -> Any:
    """24 Gaussian clouds, each on a subspace of 12 dimensions, with a little noise off it."""
    rng = np.random.default_rng([d, 1])
    inner, count = min(12, d), 24
    centers = 3 * rng.standard_normal((count, d))
    planes = rng.standard_normal((count, inner, d)) / np.sqrt(inner)
    which = rng.integers(0, count, n)
    X = np.empty((n, d))
    for c in range(count):
        rows = np.flatnonzero(which == c)
        X[rows] = centers[c] + rng.standard_normal((len(rows), inner)) @ planes[c]
    return X + 0.05 * rng.standard_normal((n, d))


def noise(n: int, d: int) -> Any:
    """Independent in every column: there is nothing that a search could use."""
    return np.random.default_rng([d, 2]).standard_normal((n, d))


DATA: dict[str, Callable[[int, int], Any]] = {"clusters": clusters, "noise": noise}


def sample(inputs: Inputs) -> Any:
    return np.random.default_rng(0).choice(len(inputs.X), min(CHECKED_ROWS, len(inputs.X)), replace=False)


def expect(inputs: Inputs) -> dict[str, Any]:
    """Of some rows, all distances in float64, and the k smallest to others."""
    X, rows = inputs.X.astype(np.float64), sample(inputs)
    every = np.stack([np.sqrt(((X - X[row]) ** 2).sum(axis=1)) for row in rows])
    others = every.copy()
    others[np.arange(len(rows)), rows] = np.inf
    return {"rows": rows, "every": every, "nearest": np.sort(others, axis=1)[:, : inputs.k]}


def share_wrong(result: Any, expected: dict[str, Any]) -> float:
    """The share of neighbors that are farther than the right ones; 1e-12 of the distance is rounding.

    Of those who return the row itself too, and who subtract products in float32, 1e-3 is.
    """
    indices = result[1]
    answered = np.flatnonzero(expected["rows"] < len(indices))  # some answer the first queries only
    rows = expected["rows"][answered]
    found = np.sort(np.take_along_axis(expected["every"][answered], indices[rows], axis=1), axis=1)
    with_itself = bool((indices[rows] == rows[:, None]).any())
    found = found[:, 1:] if with_itself else found
    wanted = expected["nearest"][answered][:, : found.shape[1]]
    twice = (np.diff(np.sort(indices[rows], axis=1), axis=1) == 0).any(axis=1)
    wrong = (found > wanted * (1 + (1e-3 if with_itself else 1e-12))) | twice[:, None]
    return float(wrong.mean()) if len(rows) else float("nan")


def search(n: int, d: int, data: str, dtype: str) -> Workload:
    def make(divisor: int) -> Inputs:
        return Inputs(DATA[data](n // divisor, d).astype(dtype), K)

    trees = (
        Contender("scikit-learn kd_tree", peers.scikit_learn("kd_tree"), needs=SCIKIT_LEARN),
        Contender("SciPy cKDTree", peers.scipy_tree, needs=("scipy",)),
    )
    reached = GOALS.get((n, d), (0.0, 0.0)) if (data, dtype) == ("clusters", "float32") else (0.0, 0.0)
    first = "scikit-learn kd_tree" if d <= 3 else "scikit-learn"
    return Workload(
        f"{n // 1000}kx{d}-{data}-{dtype}",
        make,
        expect,
        share_wrong,
        (
            Contender("burnish", peers.ours, "burnish"),
            Contender("burnish, out=", peers.ours_into, "burnish"),
            Contender("scikit-learn", peers.scikit_learn("brute"), needs=SCIKIT_LEARN),
            *(trees if d <= 16 else ()),
            Contender("faiss", peers.faiss_flat, tolerance=1e-2, needs=("faiss",)),
            Contender("GEMM alone", peers.matrix_product, "floor"),
        ),
        goals({first: reached[0], "faiss": reached[1]}),
        lambda inputs: len(inputs.X) * (len(inputs.X) - 1) / 2 * inputs.X.shape[1],
    )


WORKLOADS = tuple(
    search(n, d, data, dtype)
    for dtype in ("float32", "float64")
    for data in DATA
    for n in (10_000, 50_000)
    for d in (2, 3, 16, 64, 256)
)
