# SPDX-License-Identifier: Apache-2.0
"""`radius_neighbors` finds all rows within a distance, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import neighbors_data as data
import numpy as np
import pytest
from burnish.neighbors import kneighbors, radius_neighbors
from neighbors_data import HARD
from reference import neighbors as reference

SUMS = ("euclidean", "sqeuclidean", "manhattan")


def within(keys: Any, limit: float, own: Any, root: bool) -> tuple[Any, Any, Any]:
    """Offsets, distances and places of all that are not above the limit, in the order of their keys."""
    values, places = reference.nearest(keys, keys.shape[1], own)
    values = np.sqrt(values) if root else values
    inside = values <= limit
    offsets = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    return offsets, values[inside], places[inside]


def wanted(X: Any, radius: float, Y: Any, metric: str) -> tuple[Any, Any, Any]:
    own = np.arange(len(X)) if Y is None else None
    keys = reference.keys_in_order(X, X if Y is None else Y, metric)
    with np.errstate(over="ignore"):
        return within(keys, radius, own, root=metric == "euclidean")


def check(found: Any, X: Any, radius: float, Y: Any, metric: str) -> None:
    compare(found, wanted(X, radius, Y, metric))


def compare(found: Any, wanted: Any) -> None:
    assert [each.dtype.kind for each in found] == ["i", "f", "i"]
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[2], wanted[2])
    np.testing.assert_array_equal(found[1], wanted[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("metric", SUMS)
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_hard_data(make: Callable[[int, int], Any], metric: Any, dtype: str) -> None:
    for n, d in ((203, 5), (150, 40)):
        X = make(n, d).astype(dtype)
        distances = kneighbors(X, n - 1, metric=metric)[0]
        for radius in (0.0, *np.quantile(distances, [0.001, 0.01, 0.3]), float(distances[3, 5])):
            if np.isfinite(radius):
                check(radius_neighbors(X, radius, metric=metric), X, radius, None, metric)
                check(radius_neighbors(X[:40], radius, X[30:], metric=metric), X[:40], radius, X[30:], metric)


@pytest.mark.parametrize("radius", [0.0, 1.0, 2.0, 3.0])
def test_the_border_belongs_to_it(radius: float) -> None:
    X = data.whole_numbers(300, 2)
    for metric in SUMS:
        check(radius_neighbors(X, radius, metric=metric), X, radius, None, metric)


def test_cosine() -> None:
    X = data.zero_rows(200, 4)
    every = reference.distances(X, X, "cosine")
    for radius in (0.013, 0.4, 1.9):
        assert np.abs(every - radius).min() > 1e-12
        offsets, distances, indices = radius_neighbors(X, radius, metric="cosine")
        for row in range(200):
            found = indices[offsets[row] : offsets[row + 1]]
            others = np.flatnonzero(every[row] <= radius)
            np.testing.assert_array_equal(np.sort(found), others[others != row])
            np.testing.assert_allclose(distances[offsets[row] : offsets[row + 1]], every[row, found], atol=1e-14)


@pytest.fixture(scope="module")
def searches() -> list[tuple[Any, float, Any]]:
    """Rows, a radius and what lies within it, which is sought once for all levels and numbers of threads."""
    found = []
    for name, n, d in (("clusters", 3000, 5), ("whole_numbers", 1500, 3), ("noise", 900, 30)):
        X = HARD[name](n, d)
        radius = 2.0 if name == "whole_numbers" else float(np.quantile(kneighbors(X, 4)[0], 0.3))
        found.append((X, radius, wanted(X, radius, None, "euclidean")))
    return found


def test_levels_and_threads(searches: list[tuple[Any, float, Any]], isa: str, threads: int) -> None:
    for X, radius, within_it in searches:
        compare(radius_neighbors(X, radius), within_it)


@pytest.mark.parametrize("d", [3, 30])
def test_nothing_and_nobody(d: int) -> None:
    X = data.noise(5, d)
    offsets, distances, indices = radius_neighbors(X, 1e-9)
    assert offsets.tolist() == [0] * 6
    assert distances.shape == indices.shape == (0,)
    assert radius_neighbors(X[:0], 1.0)[0].tolist() == [0]
    assert radius_neighbors(X[:1], 1.0)[0].tolist() == [0, 0]
    assert radius_neighbors(X, 1.0, X[:0])[0].tolist() == [0] * 6
    offsets, _, indices = radius_neighbors(X, 1e9)
    assert np.diff(offsets).tolist() == [4] * 5


def test_the_very_distance() -> None:
    """A row at the distance that was returned for it lies within it."""
    X = data.noise(200, 7)
    _, distances, _ = radius_neighbors(X, 3.0)
    for distance in distances[::37]:
        assert distance in radius_neighbors(X, distance)[1]
