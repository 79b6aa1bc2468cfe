# SPDX-License-Identifier: Apache-2.0
"""`kneighbors` is exact: no neighbor missing, no tie the wrong way round, whatever the data look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import neighbors_data as data
import numpy as np
import pytest
from burnish.neighbors import kneighbors
from neighbors_data import EXACT, HARD, assert_exact, assert_nearest, assert_same
from reference import neighbors as reference

METRICS = reference.METRICS
SUMS = ("euclidean", "sqeuclidean", "manhattan")  # of which the order of additions is documented
DTYPES = ("float32", "float64")


def check(X: Any, k: int, Y: Any = None, metric: str = "euclidean", rows: Any = None) -> None:
    found = kneighbors(X, k, Y, metric=metric)
    assert_nearest(found, X, k, Y, metric, rows)
    if metric in SUMS:
        assert_exact(found, X, k, Y, metric, rows)


# ---- oracle ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_hard_data(make: Callable[[int, int], Any], metric: str, dtype: str) -> None:
    for n, d in ((331, 5), (203, 40)):
        X = make(n, d).astype(dtype)
        for k in (1, 6, 70):
            check(X, k, metric=metric)
        Y, queries = X[: n // 2], X[n // 3 :]
        check(queries, 6, Y, metric)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 33, 63, 64, 65, 100, 129, 300])
def test_every_width(d: int, dtype: str) -> None:
    for make in (data.noise, data.clusters):
        X = make(197, d).astype(dtype)
        for metric in METRICS:
            check(X, 6, metric=metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n", [2, 3, 5, 8, 31, 33, 63, 64, 65, 66, 127, 128, 129, 191, 193, 255, 257, 449])
def test_every_height(n: int, metric: str) -> None:
    for d in (2, 13, 30):
        X = data.clusters(n, d).astype(np.float32)
        for k in sorted({1, min(3, n - 1), n // 2, n - 1}):
            check(X, k, metric=metric)
        for m in (1, 2, 65, 200):
            check(X, min(m, 5), data.clusters(m, d, seed=1).astype(np.float32), metric)


@pytest.mark.parametrize("k", [1, 2, 64, 100, 512, 1000, 1023, 1024])
def test_many_neighbors(k: int) -> None:
    for n, d in ((k + 1, 4), (1300, 4), (1100, 30)):
        if k < n:
            rows = np.linspace(0, n - 1, min(n, 60)).astype(int)
            check(data.clusters(n, d), k, rows=rows)
    check(data.noise(20, 4), k, data.clusters(1100, 4), "manhattan")


@pytest.mark.parametrize(
    ("make", "d", "dtype"),
    [
        (data.clusters, 2, "float64"),
        (data.clusters, 3, "float32"),
        (data.clusters, 16, "float32"),
        (data.clusters, 64, "float64"),
        (data.noise, 24, "float32"),
        (data.noise, 25, "float64"),
        (data.noise, 64, "float32"),
        (data.copies, 16, "float32"),
        (data.whole_numbers, 3, "float32"),  # 343 different rows, each many times
        (data.two_distant_clusters, 30, "float32"),
        (data.outlier_column, 40, "float64"),
        (data.outlier_row, 16, "float32"),
        (data.outlier_row_of_tiny_data, 3, "float32"),
        (data.outlier_row_of_tiny_data, 30, "float64"),
        (data.shrinking, 5, "float64"),
    ],
)
def test_many_rows(make: Callable[[int, int], Any], d: int, dtype: str) -> None:
    n = 9_001
    X = make(n, d).astype(dtype)
    rows = np.random.default_rng(d).choice(n, 150, replace=False)
    check(X, 6, rows=rows)
    check(X[:500], 6, X[300:], rows=rows[rows < 500])


@pytest.mark.parametrize("metric", METRICS)
def test_more_queries_than_points_and_fewer(metric: str) -> None:
    many, few = data.clusters(2100, 9), data.clusters(70, 9, seed=1)
    check(many, 5, few, metric)
    check(few, 5, many, metric)
    check(many[:1], 5, few, metric)
    check(many, 1, few[:1], metric)


@pytest.mark.parametrize("metric", METRICS)
def test_queries_far_from_all_points(metric: str) -> None:
    points, near = data.clusters(700, 12), data.noise(50, 12)
    for queries in (near + 1e4, near * 1e6, near * 1e-6, np.concatenate([near, near + 1e8])):
        check(queries, 7, points, metric)


# ---- ties ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", SUMS)
@pytest.mark.parametrize("name", EXACT)
def test_whole_numbers_as_the_plain_reference_has_them(name: str, metric: str, dtype: str) -> None:
    for n, d in ((700, 4), (400, 40)):
        X = HARD[name](n, d)
        assert_same(kneighbors(X.astype(dtype), 9, metric=metric), reference.kneighbors(X, 9, metric=metric), (n, d))
        found = kneighbors(X[:200].astype(dtype), 9, X[100:].astype(dtype), metric=metric)
        assert_same(found, reference.kneighbors(X[:200], 9, X[100:], metric), (n, d))


@pytest.mark.parametrize("metric", SUMS)
def test_digits(metric: str) -> None:
    X = pytest.importorskip("sklearn.datasets").load_digits().data
    expected = reference.kneighbors(X, 20, metric=metric)
    ties = (np.diff(expected[0], axis=1) == 0).any(axis=1)
    assert ties.mean() > 0.2, "the data have ties"
    for dtype in DTYPES:
        assert_same(kneighbors(X.astype(dtype), 20, metric=metric), expected, dtype)


@pytest.mark.parametrize("metric", METRICS)
def test_copies_are_neighbors_at_distance_0(metric: str) -> None:
    X = data.copies(500, 6)
    distances, indices = kneighbors(X, 9, metric=metric)
    same = (X[:, None] == X[indices]).all(axis=2)
    assert same.all()
    assert np.abs(distances).max() <= (1e-15 if metric == "cosine" else 0)
    assert (np.diff(indices, axis=1) > 0).all()
    _, all_rows = kneighbors(data.all_equal(300, 5), 299, metric=metric)
    others = np.arange(300)[None].repeat(300, axis=0)
    assert_same((all_rows, all_rows), [others[others != np.arange(300)[:, None]].reshape(300, 299)] * 2)


def test_a_row_is_left_out_by_its_index_and_no_other() -> None:
    X = np.array([[0.0], [0.0], [0.0], [1.0]])
    distances, indices = kneighbors(X, 2)
    assert indices.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]
    assert distances.tolist() == [[0, 0], [0, 0], [0, 0], [1, 1]]
    distances, indices = kneighbors(X, 2, X)  # points that are given are all searched
    assert indices.tolist() == [[0, 1], [0, 1], [0, 1], [3, 0]]


# ---- the ends of the range ----


def test_rows_of_zeros_have_cosine_distance_1() -> None:
    pairwise = pytest.importorskip("sklearn.metrics.pairwise")
    X = data.zero_rows(60, 4)
    distances, indices = kneighbors(X, 59, metric="cosine")
    every = pairwise.cosine_distances(X)
    np.testing.assert_allclose(distances, np.take_along_axis(every, indices, axis=1), atol=1e-14)
    zeros = ~X.any(axis=1)
    assert (distances[zeros] == 1).all()
    assert (np.diff(indices[zeros], axis=1) > 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean"])
@pytest.mark.parametrize("scale", [1e150, 1e155, 1e200, 1e300])
def test_squares_that_overflow_are_infinite(scale: float, metric: str) -> None:
    """And so equally far, in the order of their indices."""
    for n, d in ((150, 3), (90, 30)):
        X = scale * data.noise(n, d)
        X[::4] *= 1e-200
        with np.errstate(over="ignore"):
            assert_exact(kneighbors(X, 8, metric=metric), X, 8, metric=metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-165, 1e-160, 1e-155, 1e150, 1e300])
def test_values_near_the_ends_of_float64(scale: float, metric: str) -> None:
    for n, d in ((150, 3), (90, 30)):
        X = scale * data.noise(n, d)
        found = kneighbors(X, 8, metric=metric)
        if metric == "cosine":
            assert_nearest(found, X, 8, metric=metric)
        else:
            assert_exact(found, X, 8, metric=metric)


@pytest.mark.parametrize("exponent", [-140, -100, -60, 0, 60, 100, 125])
def test_powers_of_two_change_nothing_but_the_scale(exponent: int) -> None:
    for d in (5, 30):
        X = data.clusters(300, d).astype(np.float32).astype(np.float64)
        distances, indices = kneighbors(X, 7)
        scaled = kneighbors(X * 2.0**exponent, 7)
        assert_same(scaled, (distances * 2.0**exponent, indices))


def test_float32_is_read_as_it_is() -> None:
    for make in (data.clusters, data.subnormal, data.outlier_row):
        X = make(300, 9).astype(np.float32)
        assert_same(kneighbors(X, 7), kneighbors(X.astype(np.float64), 7))


# ---- few rows ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_few_rows(metric: str, dtype: str) -> None:
    X = np.array([[1.0, 2.0], [4.0, 6.0]], dtype)
    distances, indices = kneighbors(X, 1, metric=metric)
    assert indices.tolist() == [[1], [0]]
    wanted = {"euclidean": 5, "sqeuclidean": 25, "manhattan": 7, "cosine": 1 - 16 / np.sqrt(5 * 52)}[metric]
    np.testing.assert_allclose(distances, [[wanted], [wanted]], rtol=1e-13)
    check(X[:1], 1, X[1:], metric)
    check(X[:1], 2, X, metric)


@pytest.mark.parametrize("k", [1, 5])
def test_no_queries(k: int) -> None:
    nothing = np.empty((0, 3))
    for found in (kneighbors(nothing, k, data.noise(9, 3)), kneighbors(nothing.astype(np.float32), k)):
        distances, indices = found
        assert distances.shape == indices.shape == (0, k)
        assert (distances.dtype, indices.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize("d", [7, 8, 40])
def test_cosines_of_nearly_parallel_rows(d: int, isa: str) -> None:
    """Their distances are rounding errors of 1; the order is still that of the documented sums, to the last bit."""
    rng = np.random.default_rng(d)
    far_off = 1e8 + rng.normal(size=(700, d))
    rays = rng.uniform(1, 2, (700, 1)) * np.ones((1, d))
    for X in (far_off, rays):
        keys = reference.cosine_keys_in_order(X, X)
        wanted = reference.nearest(keys, 5, np.arange(len(X)))
        for found, expected in zip(kneighbors(X, 5, metric="cosine"), wanted, strict=True):
            np.testing.assert_array_equal(found, expected)


# ---- other libraries ----


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_scikit_learn_agrees(metric: str, algorithm: str) -> None:
    sklearn = pytest.importorskip("sklearn.neighbors")
    if (metric, algorithm) == ("cosine", "kd_tree"):
        pytest.skip("scikit-learn's trees have no cosine")
    for make, d in ((data.noise, 5), (data.clusters, 20), (data.mixed_scales, 8)):
        X, queries = make(400, d), make(90, d) + 0.01
        search = sklearn.NearestNeighbors(n_neighbors=7, metric=metric, algorithm=algorithm).fit(X)
        for found, wanted in (
            (kneighbors(X, 7, metric=metric), search.kneighbors()),
            (kneighbors(queries, 7, X, metric=metric), search.kneighbors(queries)),
        ):
            np.testing.assert_allclose(found[0], wanted[0], rtol=1e-6, atol=1e-9)
            np.testing.assert_array_equal(found[1], wanted[1])


def test_scipy_agrees() -> None:
    spatial = pytest.importorskip("scipy.spatial")
    X = data.clusters(5000, 4)
    wanted = spatial.cKDTree(X).query(X, 9)
    distances, indices = kneighbors(X, 8)
    np.testing.assert_allclose(distances, wanted[0][:, 1:], rtol=1e-14)
    np.testing.assert_array_equal(indices, wanted[1][:, 1:])
