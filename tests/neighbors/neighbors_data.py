# SPDX-License-Identifier: Apache-2.0
"""Inputs for the tests of neighbors, and what to ask of an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from reference import neighbors as reference

Array = Any


# ---- data ----


def noise(n: int, d: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, n, d]).standard_normal((n, d))


def clusters(n: int, d: int, seed: int = 0) -> Array:
    """Twelve clouds on planes of few dimensions, with a little noise off them."""
    rng = np.random.default_rng([seed, n, d, 1])
    inner = min(d, 4)
    centers, planes = 4 * rng.standard_normal((12, d)), rng.standard_normal((12, inner, d))
    which = rng.integers(0, 12, n)
    on_plane = np.einsum("ri,ric->rc", rng.standard_normal((n, inner)), planes[which])
    return centers[which] + on_plane + 0.1 * rng.standard_normal((n, d))


def digits(n: int | None = None) -> Array:
    """Images of 8 x 8 whole numbers: many distances are equal."""
    from sklearn.datasets import load_digits

    return load_digits().data[:n]


def far_off(n: int, d: int) -> Array:
    return noise(n, d) + 1e6


def outlier_row(n: int, d: int) -> Array:
    X = noise(n, d)
    X[n // 3] = 1e30
    return X


def outlier_row_of_tiny_data(n: int, d: int) -> Array:
    """Distances that a float32 cannot hold beside that of the outlier, though it holds either."""
    X = 1e-20 * noise(n, d)
    X[n // 3] = 1e30
    return X


def outlier_column(n: int, d: int) -> Array:
    X = noise(n, d)
    X[:, d // 2] *= 1e8
    return X


def mixed_scales(n: int, d: int) -> Array:
    return noise(n, d) * np.geomspace(1e-6, 1e6, d)


def copies(n: int, d: int) -> Array:
    """Each row ten times, scattered."""
    X = np.repeat(noise((n + 9) // 10, d), 10, axis=0)[:n]
    return X[np.random.default_rng(n).permutation(n)]


def all_equal(n: int, d: int) -> Array:
    return np.full((n, d), 0.1)


def whole_numbers(n: int, d: int) -> Array:
    return np.random.default_rng([n, d]).integers(-3, 4, (n, d)).astype(float)


def bits(n: int, d: int) -> Array:
    return np.random.default_rng([n, d]).integers(0, 2, (n, d)).astype(float)


def subnormal(n: int, d: int) -> Array:
    """Subnormal as float32; as float64 their squares are still normal."""
    return 1e-40 * noise(n, d)


def constant_columns(n: int, d: int) -> Array:
    X = noise(n, d)
    X[:, ::2] = 7.3
    return X


def collinear(n: int, d: int) -> Array:
    rng = np.random.default_rng([n, d, 2])
    return rng.standard_normal((n, 1)) * rng.standard_normal((1, d)) + 3.0


def equally_spaced(n: int, d: int) -> Array:
    """On one line, in random order: each inner row has two neighbors at exactly the same distance."""
    places = np.random.default_rng(n).permutation(n).astype(float)
    return places[:, None] * np.ones((1, d))


def two_distant_clusters(n: int, d: int) -> Array:
    X = noise(n, d)
    X[n // 2 :] += 1e5
    return X


def shrinking(n: int, d: int) -> Array:
    """Rows ever nearer to the origin: neighbors at every scale."""
    return noise(n, d) * np.geomspace(1, 1e-12, n)[:, None]


def zero_rows(n: int, d: int) -> Array:
    X = noise(n, d)
    X[::7] = 0
    return X


def sparse_like(n: int, d: int) -> Array:
    """Mostly zeros, as word counts are."""
    rng = np.random.default_rng([n, d, 3])
    return rng.poisson(0.1, (n, d)).astype(float)


HARD: dict[str, Callable[[int, int], Array]] = {
    each.__name__: each
    for each in (
        noise, clusters, far_off, outlier_row, outlier_row_of_tiny_data, outlier_column, mixed_scales, copies,
        all_equal, whole_numbers, bits, subnormal, constant_columns, collinear, equally_spaced, two_distant_clusters,
        shrinking, zero_rows, sparse_like,
    )
}  # fmt: skip
# Sums of their differences, and of squares of these, are exact in float64 in any order.
EXACT = ("whole_numbers", "bits", "equally_spaced", "sparse_like")


# ---- what to ask of an answer ----


def assert_same(actual: Any, expected: Any, context: Any = "") -> None:
    """Distances and indices equal to the last bit."""
    for name, found, wanted in zip(("distances", "indices"), actual, expected, strict=True):
        found, wanted = np.asarray(found), np.asarray(wanted)
        assert found.dtype == wanted.dtype, (context, name)
        assert found.shape == wanted.shape, (context, name)
        rows = np.flatnonzero((found != wanted).any(axis=1)) if found.size else []
        assert not len(rows), f"{context}: {name} of rows {rows[:3]}: {found[rows[:3]]}, not {wanted[rows[:3]]}"


def assert_nearest(
    found: Any, X: Array, k: int, Y: Array | None = None, metric: str = "euclidean", rows: Array | None = None
) -> None:
    """Against plain sums, which add in another order; of all queries or of some `rows`.

    A sum of d terms that are not negative is off by at most d + 2 roundings, whatever the order, so distances may
    differ by twice that, and rows whose distances are that close may have changed places; but none may be missing.
    Cosines are near 1 before they are taken from it: there the error is absolute.
    """
    distances, indices = (np.asarray(each) for each in found)
    points = X if Y is None else Y
    d = X.shape[1]
    assert distances.dtype == np.float64
    assert indices.dtype == np.int64
    assert distances.shape == indices.shape == (len(X), k)
    assert (np.diff(distances, axis=1) >= 0).all(), "distances do not ascend"
    assert ((indices >= 0) & (indices < len(points))).all()
    assert (np.diff(np.sort(indices, axis=1), axis=1) > 0).all(), "an index twice in a row"
    assert Y is not None or (indices != np.arange(len(X))[:, None]).all(), "a row is its own neighbor"

    rows = np.arange(len(X)) if rows is None else rows
    distances, indices = distances[rows], indices[rows]
    every = reference.distances(X[rows], points, metric)
    chosen = np.take_along_axis(every, indices, axis=1)
    right, _ = reference.nearest(every, k, rows if Y is None else None)
    relative, absolute = (0.0, (d + 8) * 2.0**-52) if metric == "cosine" else ((d + 4) * 2.0**-52, 0.0)
    for values, wanted, what in (
        (np.sort(chosen, axis=1), right, "a neighbor is missing"),
        (distances, chosen, "a distance is not that of its index"),
    ):
        with np.errstate(invalid="ignore"):
            wrong = ~((np.abs(values - wanted) <= absolute + relative * wanted) | (values == wanted))
        at = np.flatnonzero(wrong.any(axis=1))
        assert not len(at), f"{what} in {len(at)} rows; row {rows[at[0]]}: {values[at[0]]}, not {wanted[at[0]]}"


def assert_exact(
    found: Any, X: Array, k: int, Y: Array | None = None, metric: str = "euclidean", rows: Array | None = None
) -> None:
    """Against the documented order of additions: every bit, and every tie."""
    rows = np.arange(len(X)) if rows is None else rows
    keys = reference.keys_in_order(X[rows], X if Y is None else Y, metric)
    values, places = reference.nearest(keys, k, rows if Y is None else None)
    wanted = np.sqrt(values) if metric == "euclidean" else values
    assert_same([np.asarray(each)[rows] for each in found], (wanted, places), metric)
