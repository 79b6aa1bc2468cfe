# SPDX-License-Identifier: Apache-2.0
"""What people find nearest neighbors with today, each on its best settings, and burnish.

Slow ones answer some of the queries, about `PRODUCTS` products' worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import burnish
import numpy as np
from burnish.neighbors import kneighbors
from contest import Work
from timing import Call, optional

LIBRARIES = ("numpy", "scipy", "sklearn", "faiss", "threadpoolctl")
PRODUCTS = 2.5e10
GEMM_ROWS, GEMM_COLUMNS = 2048, 4096  # a block of a matrix product whose result is thrown away

neighbors, spatial = optional("sklearn.neighbors"), optional("scipy.spatial")
if neighbors:
    # faiss brings a BLAS of its own. If it is loaded before scikit-learn's first search, that and all later ones use
    # one thread.
    neighbors.NearestNeighbors(algorithm="brute").fit(np.eye(600)).kneighbors()
faiss = optional("faiss")


@dataclass(frozen=True)
class Inputs:
    """What all contenders of a workload are given."""

    X: Any  # (n, d) float32 or float64
    k: int

    @property
    def queries(self) -> int:
        """How many queries a brute force answers in a second or so."""
        n, d = self.X.shape
        return min(n, max(1000, int(PRODUCTS / (n * d)) // 256 * 256))


def in_parts(inputs: Inputs, build: Call, search: Any, queries: int | None = None) -> Work:
    """Build and search all rows; or build once and search for some of the rows, where all would take long."""
    n = len(inputs.X)
    some = inputs.queries if queries is None else queries
    if some >= n:
        return Work(lambda: search(build(), inputs.X))
    index = build()
    return Work(lambda: search(index, inputs.X[:some]), build, some / n)


# ---- burnish ----


def ours(inputs: Inputs) -> Work:
    return Work(lambda: kneighbors(inputs.X, inputs.k))


def ours_into(inputs: Inputs) -> Work:
    shape = (len(inputs.X), inputs.k)
    out = np.ones(shape), np.ones(shape, np.int64)
    return Work(lambda: kneighbors(inputs.X, inputs.k, out=out))


# ---- peers ----


def scikit_learn(algorithm: str) -> Any:
    def prepare(inputs: Inputs) -> Work:
        threads = burnish.get_num_threads()
        search = neighbors.NearestNeighbors(n_neighbors=inputs.k, algorithm=algorithm, n_jobs=threads)
        every = len(inputs.X) if algorithm == "kd_tree" else None
        return in_parts(inputs, lambda: search.fit(inputs.X), lambda index, X: index.kneighbors(X), every)

    return prepare


def scipy_tree(inputs: Inputs) -> Work:
    threads = burnish.get_num_threads()
    return in_parts(
        inputs,
        lambda: spatial.cKDTree(inputs.X),
        lambda tree, X: tree.query(X, inputs.k, workers=threads),
        len(inputs.X),
    )


def faiss_flat(inputs: Inputs) -> Work:
    """float32 whatever comes in."""

    def build() -> Any:
        index = faiss.IndexFlatL2(inputs.X.shape[1])
        index.add(np.ascontiguousarray(inputs.X, np.float32))
        return index

    return in_parts(inputs, build, lambda index, X: index.search(np.ascontiguousarray(X, np.float32), inputs.k))


def matrix_product(inputs: Inputs) -> Work:
    """All inner products, by the BLAS of NumPy, in blocks that stay in the cache, thrown away."""
    n, some = len(inputs.X), inputs.queries
    left, right = inputs.X[:some].copy(), inputs.X.copy()  # of one array, NumPy calls another and slower routine
    block = np.empty((GEMM_ROWS, GEMM_COLUMNS), inputs.X.dtype)

    def call() -> None:
        for first in range(0, some, GEMM_ROWS):
            rows = left[first : first + GEMM_ROWS]
            for begin in range(0, n, GEMM_COLUMNS):
                columns = right[begin : begin + GEMM_COLUMNS]
                np.matmul(rows, columns.T, out=block[: len(rows), : len(columns)])

    return Work(call, None, some / n)
