# SPDX-License-Identifier: Apache-2.0
"""Repeats, uniqueness and coresets: burnish and its peers in one process, checked and then timed in turns.

python benchmarks/embeddings.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import contest
import embeddings_peers as peers
import numpy as np
from contest import Contender, Workload, goals
from embeddings_peers import LIBRARIES, Inputs

EXPLANATION = """\
Embeddings of 512 columns: clouds on subspaces, one row in twenty followed by a near copy. Scores are compared with
float64 on 200 rows; of duplicates, what is kept with what was planted; of coresets, the largest distance that is left
with that of the greedy rule in float64. "~": measured on some of the queries. "peak MB" is how far the process grew."""

THRESHOLD = 1e-3
CHECKED_ROWS = 200
COARSE = 0.02  # in float32, 1 minus a cosine leaves little of the distance of a near copy
SCIKIT_LEARN = ("sklearn",)


def embeddings(n: int, d: int = 512) -> Any:
    """100 clouds on subspaces of 32 dimensions with noise off them; every 20th row is a near copy of one before it."""
    rng = np.random.default_rng([n, d])
    centers = rng.standard_normal((100, d), np.float32)
    planes = rng.standard_normal((32, d), np.float32) / 4
    X = centers[rng.integers(0, 100, n)] + rng.standard_normal((n, 32), np.float32) @ planes
    X += 0.3 * rng.standard_normal((n, d), np.float32)
    copies = np.arange(19, n, 20)
    X[copies] = X[copies - 1 - rng.integers(0, 18, len(copies))]
    X[copies] += 1e-3 * rng.standard_normal((len(copies), d), np.float32)
    return X


def unique_scores(inputs: Inputs) -> Any:
    unit = inputs.X.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    rows = np.random.default_rng(0).choice(len(unit), min(CHECKED_ROWS, len(unit)), replace=False)
    every = np.stack([((unit - unit[row]) ** 2).sum(axis=1) / 2 for row in rows])
    every[np.arange(len(rows)), rows] = np.inf
    return rows, peers.score(np.sort(every, axis=1)[:, :3])


def score_error(result: Any, expected: Any) -> float:
    rows, wanted = expected
    answered = rows < len(result)  # some answer the first queries only
    return float(np.abs(np.asarray(result)[rows[answered]] - wanted[answered]).max()) if answered.any() else 0.0


def kept_rows(inputs: Inputs) -> Any:
    return np.flatnonzero(np.arange(len(inputs.X)) % 20 != 19)


def share_wrong(result: Any, expected: Any) -> float:
    last = int(result[-1])  # some answer the first queries only
    return len(np.setxor1d(result, expected[expected <= last])) / len(result)


def gaps(inputs: Inputs) -> Any:
    """Squared distances to a row, in float64: far from the others, products are exact enough."""
    X = inputs.X.astype(np.float64)
    X -= X.mean(axis=0)
    squares = np.einsum("ij,ij->i", X, X)
    return lambda row: squares - 2 * (X @ X[row]) + squares[row]


def radius(inputs: Inputs, chosen: Any) -> float:
    squares_to, nearest = gaps(inputs), np.full(len(inputs.X), np.inf)
    for row in chosen:
        np.minimum(nearest, squares_to(row), out=nearest)
    return float(np.sqrt(nearest.max()))


def greedy_radius(inputs: Inputs) -> Any:
    squares_to, nearest, row = gaps(inputs), np.full(len(inputs.X), np.inf), peers.first_of(inputs)
    for _ in range(inputs.k):
        np.minimum(nearest, squares_to(row), out=nearest)
        row = int(nearest.argmax())
    return inputs, float(np.sqrt(nearest.max()))


def radius_error(result: Any, expected: Any) -> float:
    inputs, wanted = expected
    return abs(radius(inputs, result) / wanted - 1) if len(np.unique(result)) == inputs.k else 1.0


def uniqueness(n: int, at_least: dict[str, float], *, with_fiftyone: bool) -> Workload:
    return Workload(
        f"uniqueness-{n // 1000}kx512",
        lambda divisor: Inputs(embeddings(n // divisor)),
        unique_scores,
        score_error,
        (
            Contender("burnish", peers.ours_unique, "burnish", 1e-7),
            *([Contender("FiftyOne's algorithm", peers.fiftyone_unique, tolerance=COARSE, needs=SCIKIT_LEARN)]
              if with_fiftyone else []),
            Contender("scikit-learn", peers.scikit_learn_unique, tolerance=COARSE, needs=SCIKIT_LEARN),
            Contender("faiss", peers.faiss_unique, tolerance=COARSE, needs=("faiss",)),
        ),
        goals(at_least),
        lambda inputs: len(inputs.X) * (len(inputs.X) - 1) / 2 * inputs.X.shape[1],
    )  # fmt: skip


def duplicates(n: int, at_least: dict[str, float], *, with_fiftyone: bool) -> Workload:
    return Workload(
        f"duplicates-{n // 1000}kx512",
        lambda divisor: Inputs(embeddings(n // divisor), THRESHOLD),
        kept_rows,
        share_wrong,
        (
            Contender("burnish", peers.ours_duplicates, "burnish"),
            *([Contender("FiftyOne's algorithm", peers.fiftyone_duplicates, needs=SCIKIT_LEARN)]
              if with_fiftyone else []),
            Contender("scikit-learn", peers.scikit_learn_duplicates, needs=SCIKIT_LEARN),
        ),
        goals(at_least),
        lambda inputs: len(inputs.X) * (len(inputs.X) - 1) / 2 * inputs.X.shape[1],
    )  # fmt: skip


def coreset(n: int, k: int, at_least: dict[str, float]) -> Workload:
    return Workload(
        f"coreset-{k}-of-{n // 1000}kx512",
        lambda divisor: Inputs(embeddings(n // divisor), k=max(2, k // divisor)),
        greedy_radius,
        radius_error,
        (
            Contender("burnish", peers.ours_coreset, "burnish", 1e-6),
            Contender("scikit-learn", peers.scikit_learn_coreset, tolerance=0.02, needs=SCIKIT_LEARN),
            Contender("NumPy by hand", peers.numpy_coreset, tolerance=0.02),
            Contender("torch", peers.torch_coreset, tolerance=0.02, needs=("torch",)),
        ),
        goals(at_least),
        lambda inputs: float(len(inputs.X)) * inputs.k * inputs.X.shape[1],
    )


WORKLOADS = (
    uniqueness(12_000, {"FiftyOne's algorithm": 20}, with_fiftyone=True),
    uniqueness(50_000, {"scikit-learn": 4}, with_fiftyone=False),
    duplicates(12_000, {"FiftyOne's algorithm": 20}, with_fiftyone=True),
    duplicates(50_000, {"scikit-learn": 4}, with_fiftyone=False),
    coreset(12_000, 500, {"scikit-learn": 4}),
)


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
