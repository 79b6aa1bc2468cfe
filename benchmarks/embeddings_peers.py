# SPDX-License-Identifier: Apache-2.0
"""What people find repeats and coresets with today, and burnish. FiftyOne Brain cannot be installed without its
database server; its algorithm is written out, with its fault (it drops the nearest neighbor) mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import burnish
import numpy as np
from burnish import quality
from contest import Work
from neighbors_peers import Inputs as Search
from neighbors_peers import faiss, in_parts, neighbors
from timing import optional

LIBRARIES = ("numpy", "sklearn", "faiss", "torch", "threadpoolctl")
NEIGHBORS = 3

pairwise, torch = optional("sklearn.metrics.pairwise"), optional("torch")


@dataclass(frozen=True)
class Inputs:
    """What all contenders of a workload are given."""

    X: Any  # (n, d) float32
    threshold: float = 0.0  # cosine distance of a near duplicate
    k: int = 0  # size of a coreset

    @property
    def unit(self) -> Any:
        return self.X / np.linalg.norm(self.X, axis=1, keepdims=True)


def score(distances: Any) -> Any:
    """burnish's formula, of cosine distances (n, 3)."""
    parts = np.sqrt(np.maximum(distances, 0) / 2)
    return parts[:, 0] ** 0.6 * parts[:, 1] ** 0.3 * parts[:, 2] ** 0.1


def go_through(pairs: Any) -> Any:
    """FiftyOne's rule, with Python's sets: whatever is near a row that is kept goes."""
    kept = set(range(len(pairs)))
    for row, near in enumerate(pairs):
        if row in kept:
            kept.difference_update(int(other) for other in near if other != row)
    return np.array(sorted(kept))


# ---- uniqueness ----


def ours_unique(inputs: Inputs) -> Work:
    return Work(lambda: quality.uniqueness(inputs.X))


def fiftyone_unique(inputs: Inputs) -> Work:
    """Up to 15,000 items: all cosine distances, all of them sorted."""

    def call() -> Any:
        every = pairwise.cosine_distances(inputs.X)
        order = np.argsort(every, axis=1)
        return score(np.take_along_axis(every, order[:, 1 : NEIGHBORS + 1], axis=1))

    return Work(call)


def scikit_learn_unique(inputs: Inputs) -> Work:
    """FiftyOne's way above 15,000: Euclidean distances of unit vectors."""
    search = neighbors.NearestNeighbors(n_neighbors=NEIGHBORS + 1, algorithm="brute", n_jobs=burnish.get_num_threads())
    return in_parts(
        Search(inputs.unit, NEIGHBORS + 1),
        lambda: search.fit(inputs.unit),
        lambda index, X: score(index.kneighbors(X)[0][:, 1:] ** 2 / 2),
    )


def faiss_unique(inputs: Inputs) -> Work:
    def build() -> Any:
        index = faiss.IndexFlatIP(inputs.X.shape[1])
        index.add(inputs.unit)
        return index

    return in_parts(
        Search(inputs.unit, NEIGHBORS + 1),
        build,
        lambda index, X: score(1 - index.search(X, NEIGHBORS + 1)[0][:, 1:]),
    )


# ---- near duplicates ----


def ours_duplicates(inputs: Inputs) -> Work:
    return Work(lambda: quality.near_duplicates(inputs.X, threshold=inputs.threshold).keep)


def fiftyone_duplicates(inputs: Inputs) -> Work:
    def call() -> Any:
        near = pairwise.cosine_distances(inputs.X) <= inputs.threshold
        return go_through([np.flatnonzero(row) for row in near])

    return Work(call)


def scikit_learn_duplicates(inputs: Inputs) -> Work:
    search = neighbors.NearestNeighbors(algorithm="brute", n_jobs=burnish.get_num_threads())
    radius = float(np.sqrt(2 * inputs.threshold))
    return in_parts(
        Search(inputs.unit, 1),
        lambda: search.fit(inputs.unit),
        lambda index, X: go_through(index.radius_neighbors(X, radius, return_distance=False)),
    )


# ---- coresets ----


def ours_coreset(inputs: Inputs) -> Work:
    return Work(lambda: quality.coreset(inputs.X, inputs.k))


def greedy(inputs: Inputs, distances_to: Any) -> Any:
    nearest, chosen = distances_to(first_of(inputs)), [first_of(inputs)]
    while len(chosen) < inputs.k:
        row = int(nearest.argmax())
        chosen.append(row)
        np.minimum(nearest, distances_to(row), out=nearest)
    return np.array(chosen)


def first_of(inputs: Inputs) -> int:
    offsets = inputs.X - inputs.X.mean(axis=0)
    return int(np.einsum("ij,ij->i", offsets, offsets).argmin())


def scikit_learn_coreset(inputs: Inputs) -> Work:
    """As active-learning libraries write it."""

    def distances_to(row: int) -> Any:
        return pairwise.euclidean_distances(inputs.X, inputs.X[row : row + 1])[:, 0]

    return Work(lambda: greedy(inputs, distances_to))


def numpy_coreset(inputs: Inputs) -> Work:
    """By an expert: squares once, and one product of matrix and vector a step."""

    def call() -> Any:
        X = inputs.X - inputs.X.mean(axis=0)
        squares = np.einsum("ij,ij->i", X, X)
        return greedy(inputs, lambda row: squares - 2 * (X @ X[row]) + squares[row])

    return Work(call)


def torch_coreset(inputs: Inputs) -> Work:
    def call() -> Any:
        X = torch.from_numpy(inputs.X)
        nearest, row, chosen = torch.full((len(X),), torch.inf), first_of(inputs), []
        for _ in range(inputs.k):
            chosen.append(row)
            nearest = torch.minimum(nearest, torch.cdist(X, X[row : row + 1])[:, 0])
            row = int(nearest.argmax())
        return np.array(chosen)

    return Work(call)
