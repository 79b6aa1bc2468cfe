# SPDX-License-Identifier: Apache-2.0
"""The resampling tasks: which sampler, on what, and how much faster burnish means to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import balance_peers as peers
import numpy as np
from balance_peers import Inputs, Lines
from contest import Contender, Workload, goals
from report import Goal

IMBLEARN = ("imblearn",)
OURS = "burnish"


# ---- data ----


def two_class(rarer: int, d: int, dtype: str = "float64", ratio: int = 10) -> tuple[Any, Any]:
    """A rarer class of 8 clouds and another of 24, each on a subspace of 12 dimensions; half of the 8 overlap."""
    rng = np.random.default_rng([rarer, d])
    inner = min(12, d)
    centers = 3 * rng.standard_normal((28, d))
    planes = rng.standard_normal((28, inner, d)) / np.sqrt(inner)
    clouds = {0: np.arange(24), 1: np.concatenate([np.arange(4), np.arange(24, 28)])}
    X, y = np.empty((rarer * (1 + ratio), d), dtype), np.repeat([0, 1], [ratio * rarer, rarer])
    for label in (0, 1):
        for rows in np.array_split(np.flatnonzero(y == label), max(1, rarer * d // 1_000_000)):
            which = rng.choice(clouds[label], len(rows))
            inside = rng.standard_normal((len(rows), inner))
            for cloud in clouds[label]:
                mine = which == cloud
                noise = 0.05 * rng.standard_normal((int(mine.sum()), d))
                X[rows[mine]] = centers[cloud] + inside[mine] @ planes[cloud] + noise
    order = rng.permutation(len(y))
    return X[order], y[order]


def words(rarer: int, d: int) -> tuple[Any, Any]:
    """Categories as numbers, 3 to 12 of each, that depend on the class."""
    rng = np.random.default_rng([rarer, d])
    y = rng.permutation(np.repeat([0, 1], [10 * rarer, rarer]))
    levels = 3 + np.arange(d) % 10
    X = rng.integers(0, levels, (len(y), d))
    shifted = rng.random((len(y), d)) < 0.3
    return np.where(shifted & (y == 1)[:, None], (X + 1) % levels, X), y


def mixed(rarer: int) -> tuple[Any, Any]:
    """16 columns of numbers, and 16 of categories behind them."""
    X, y = two_class(rarer, 16)
    return np.hstack([X, np.random.default_rng(0).integers(0, 3 + np.arange(16) % 6, (len(y), 16))]), y


def inputs(data: Callable[[int], tuple[Any, Any]], sampler: str, **params: Any) -> Callable[[int], Inputs]:
    return lambda divisor: Inputs(*data(divisor), sampler, params)


# ---- what is right ----


def as_imblearn(given: Inputs) -> Any:
    return peers.imblearn(given).call()


def rows_that_differ(found: Any, expected: Any) -> float:
    """Rows that are not the same bits, or of another class; all if their number is another."""
    if found[0].shape != expected[0].shape or found[0].dtype != expected[0].dtype:
        return float(len(expected[0]))
    return float(((found[0] != expected[0]).any(axis=1) | (found[1] != expected[1])).sum())


# ---- samplers ----


def workload(
    name: str,
    make: Callable[[int], Inputs],
    at_least: float = 0.0,
    faiss: Mapping[str, int] | None = None,
    tolerance: float = 0.0,
) -> Workload:
    """burnish beside imbalanced-learn; with faiss too where the sampler takes a search."""
    handed = (
        # In float32 some near neighbors change places, and with them the rows that are made.
        Contender("imbalanced-learn with faiss", peers.imblearn_with_faiss(faiss), tolerance=np.inf, needs=("faiss",)),
    )
    return Workload(
        name,
        make,
        as_imblearn,
        rows_that_differ,
        (
            Contender("burnish", peers.ours, OURS, tolerance),
            Contender("imbalanced-learn", peers.imblearn, needs=IMBLEARN),
            *(handed if faiss else ()),
        ),
        goals({"imbalanced-learn": at_least}),
    )


def smote(rarer: int, d: int, dtype: str, at_least: float) -> Workload:
    return workload(
        f"smote-{rarer // 1000}kx{d}-{dtype}",
        inputs(lambda divisor: two_class(rarer // divisor, d, dtype), "SMOTE"),
        at_least if dtype == "float32" else 0.0,
        {"k_neighbors": 6} if d >= 16 else None,
    )


def on_22k(
    name: str, sampler: str, at_least: float = 0.0, faiss: Mapping[str, int] | None = None, **params: Any
) -> Workload:
    """A sampler on 2,000 + 20,000 rows of 32 columns in float64."""
    return workload(name, inputs(lambda divisor: two_class(2000 // divisor, 32), sampler, **params), at_least, faiss)


# ---- interpolation ----


def interpolation(made: int, d: int, dtype: str, fresh: float = 1.0, reused: float = 1.0) -> Workload:
    """A million rows between those of 100,000; neighbors and steps given."""

    def make(divisor: int) -> Lines:
        rng = np.random.default_rng(d)
        rows, count = made // divisor, made // divisor // 10
        return Lines(
            rng.standard_normal((count, d)).astype(dtype),
            rng.integers(0, count, (count, 5)),
            rng.integers(0, count, rows),
            rng.integers(0, 5, rows),
            rng.random(rows),
        )

    def expect(lines: Lines) -> Any:
        first, second = (lines.X[rows] for rows in (lines.rows, lines.second))
        return (first + lines.steps[:, None] * (second - first)).astype(dtype)

    def differ(found: Any, expected: Any) -> float:
        return float((found != expected).any(axis=1).sum())

    return Workload(
        f"interpolate-{made // 1000}kx{d}-{dtype}",
        make,
        expect,
        differ,
        (
            Contender("burnish", peers.interpolated, OURS),
            Contender("burnish, out=", peers.interpolated_into, OURS),
            Contender("imbalanced-learn", peers.generate_samples, needs=IMBLEARN, one_thread_only=True),
            Contender("NumPy in place", peers.numpy_in_place, tolerance=np.inf, one_thread_only=True),
            Contender("memcpy of the result", peers.copy_of_result, "floor", one_thread_only=True),
        ),
        (*goals({"imbalanced-learn": fresh}), Goal("imbalanced-learn", "burnish, out=", at_least=reused)),
    )


K, M = {"k_neighbors": 6}, {"k_neighbors": 6, "m_neighbors": 11}
SMOTE_GOALS = {  # by thousands of the rarer class, and columns
    (50, 16): 10.0,
    (50, 64): 12.0,
    (50, 256): 12.0,
    (10, 2): 2.0,
    (10, 16): 5.0,
    (10, 64): 5.0,
    (10, 256): 6.0,
}

WORKLOADS = (
    *(
        smote(1000 * rarer, d, dtype, SMOTE_GOALS.get((rarer, d), 3.0))
        for dtype in ("float32", "float64")
        for rarer in (1, 10, 50)
        for d in (2, 16, 64, 256)
    ),
    interpolation(1_000_000, 16, "float32"),
    interpolation(1_000_000, 64, "float32", fresh=15.0, reused=22.0),
    interpolation(1_000_000, 64, "float64"),
    interpolation(250_000, 256, "float32"),
    on_22k("borderline-smote", "BorderlineSMOTE", 6.0, M),
    on_22k("borderline-smote-2", "BorderlineSMOTE", 6.0, M, kind="borderline-2"),
    on_22k("adasyn", "ADASYN", 6.0, {"n_neighbors": 6}),
    on_22k("svm-smote", "SVMSMOTE"),
    on_22k("kmeans-smote", "KMeansSMOTE", cluster_balance_threshold=0.05),
    workload(
        "smotenc",
        inputs(lambda divisor: mixed(2000 // divisor), "SMOTENC", categorical_features=list(range(16, 32))),
        25.0,
    ),
    # Distances between words are equal by the thousand, and so are several right answers.
    workload("smoten", inputs(lambda divisor: words(2000 // divisor, 32), "SMOTEN"), 15.0, tolerance=np.inf),
    on_22k("random-over", "RandomOverSampler", 1.5),
    on_22k("random-over-shrinkage", "RandomOverSampler", shrinkage=1.0),
    on_22k("random-under", "RandomUnderSampler", 1.5),
    on_22k("tomek-links", "TomekLinks", 12.0),
    on_22k("enn", "EditedNearestNeighbours", 12.0, {"n_neighbors": 4}),
    on_22k("renn", "RepeatedEditedNearestNeighbours", 25.0, {"n_neighbors": 4}),
    on_22k("allknn", "AllKNN", 25.0),
    on_22k("ncr", "NeighbourhoodCleaningRule"),
    on_22k("near-miss-1", "NearMiss", version=1),
    on_22k("near-miss-2", "NearMiss", 30.0, version=2),
    on_22k("near-miss-3", "NearMiss", version=3),
    on_22k("one-sided-selection", "OneSidedSelection"),
    on_22k("smote-enn", "SMOTEENN", 25.0),
    on_22k("smote-tomek", "SMOTETomek", 25.0),
    on_22k("cluster-centroids", "ClusterCentroids"),
    on_22k("instance-hardness", "InstanceHardnessThreshold"),
    workload("condensed-nn", inputs(lambda divisor: two_class(200 // divisor, 32), "CondensedNearestNeighbour"), 50.0),
)
