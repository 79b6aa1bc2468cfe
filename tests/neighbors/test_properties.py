# SPDX-License-Identifier: Apache-2.0
"""What holds for neighbors of any rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish.neighbors import NeighborGraph, kneighbors
from neighbors_data import assert_exact, assert_nearest, assert_same
from reference import neighbors as reference

pytest.importorskip("hypothesis")

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

SUMS = ("euclidean", "sqeuclidean", "manhattan")


def tables(elements: Any, dtype: Any, least: int = 2, most: int = 150) -> Any:
    """Tables of few or many rows and columns; hypothesis likes to repeat values in them."""
    shapes = st.tuples(st.integers(least, most), st.integers(1, 40))
    return shapes.flatmap(lambda shape: arrays.arrays(dtype, shape, elements=elements))


whole = tables(st.integers(-4, 4), np.float32)
floats = tables(st.floats(-1e6, 1e6, width=32), np.float32)
doubles = tables(st.floats(allow_nan=False, allow_infinity=False), np.float64)


@given(whole, st.sampled_from(SUMS), st.integers(1, 160))
def test_whole_numbers(X: Any, metric: str, k: int) -> None:
    k = min(k, len(X) - 1)
    assert_same(kneighbors(X, k, metric=metric), reference.kneighbors(X, k, metric=metric))


@given(floats, st.sampled_from(reference.METRICS), st.integers(1, 20))
def test_floats(X: Any, metric: str, k: int) -> None:
    k = min(k, len(X) - 1)
    found = kneighbors(X, k, metric=metric)
    if metric == "cosine":
        assert_nearest(found, X, k, metric=metric)
    else:
        assert_exact(found, X, k, metric=metric)


@given(doubles, st.sampled_from(SUMS), st.integers(1, 20))
def test_any_float64(X: Any, metric: str, k: int) -> None:
    """From subnormal to the largest, mixed at will; differences may overflow."""
    k = min(k, len(X) - 1)
    assert_exact(kneighbors(X, k, metric=metric), X, k, metric=metric)


@given(whole, whole, st.sampled_from(SUMS), st.integers(1, 160))
def test_other_points(X: Any, Y: Any, metric: str, k: int) -> None:
    d, k = min(X.shape[1], Y.shape[1]), min(k, len(Y))
    X, Y = X[:, :d], Y[:, :d]
    found = kneighbors(np.ascontiguousarray(X), k, np.ascontiguousarray(Y), metric=metric)
    assert_same(found, reference.kneighbors(X, k, Y, metric))


@given(whole, st.integers(-1000, 1000))
def test_moving_the_origin_changes_nothing(X: Any, by: int) -> None:
    k = min(5, len(X) - 1)
    assert_same(kneighbors(X + np.float32(by), k), kneighbors(X, k))


@given(floats)
def test_the_nearest_is_nearest_both_ways(X: Any) -> None:
    """Whoever is nearest of all to somebody has that one at the same distance."""
    distances, indices = kneighbors(X, len(X) - 1, metric="sqeuclidean")
    back = np.argsort(indices, axis=1)  # the place of each other row in one's list
    for row in range(len(X)):
        for place in range(0, len(X) - 1, 7):
            other = indices[row, place]
            mine = back[other, row - (row > other)]
            assert indices[other, mine] == row
            assert distances[other, mine] == distances[row, place]


@given(whole, st.integers(1, 6), st.data())
def test_graph(X: Any, k: int, draw: Any) -> None:
    k = min(k, len(X) - 1)
    graph = NeighborGraph.build(X, k)
    assert_same((graph.distances, graph.indices), reference.kneighbors(X, k))
    kept = np.array(sorted(draw.draw(st.sets(st.integers(0, len(X) - 1), min_size=k + 1))))
    part = graph.subset(kept)
    assert_same((part.distances, part.indices), reference.kneighbors(X[kept], k))
    more = X[draw.draw(st.lists(st.integers(0, len(X) - 1), max_size=30))] + 1
    longer = graph.append(more)
    assert_same((longer.distances, longer.indices), reference.kneighbors(np.concatenate([X, more]), k))
