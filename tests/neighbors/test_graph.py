# SPDX-License-Identifier: Apache-2.0
"""A graph after rows were dropped or added is the graph that is built from what is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import neighbors_data as data
import numpy as np
import pytest
from burnish.neighbors import NeighborGraph, kneighbors
from neighbors_data import HARD, assert_same
from reference import neighbors as reference


def lists(graph: NeighborGraph) -> tuple[Any, Any]:
    return graph.distances, graph.indices


def as_built(graph: NeighborGraph, X: Any, k: int, metric: Any = "euclidean") -> None:
    """Its lists, and what it says of itself."""
    assert_same(lists(graph), [np.asarray(each) for each in kneighbors(X, k, metric=metric)])
    np.testing.assert_array_equal(np.asarray(graph.X), np.asarray(X))
    assert graph.k == k
    assert graph.metric == metric


def subsets(n: int) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    return {
        "all": np.arange(n),
        "all but one": np.delete(np.arange(n), n // 2),
        "the first half": np.arange(n // 2),
        "every third": np.arange(0, n, 3),
        "nine of ten, at random": np.flatnonzero(rng.random(n) < 0.9),
        "few, at random": np.sort(rng.choice(n, 12, replace=False)),
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_subset(make: Callable[[int, int], Any], dtype: str) -> None:
    for n, d, k in ((203, 5, 3), (150, 40, 8)):
        X = make(n, d).astype(dtype)
        graph = NeighborGraph.build(X, k)
        as_built(graph, X, k)
        for keep in subsets(n).values():
            as_built(graph.subset(keep), X[keep], k)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_append(make: Callable[[int, int], Any], dtype: str) -> None:
    for n, d, k in ((203, 5, 3), (150, 40, 8)):
        X = make(n, d).astype(dtype)
        for first in (k + 1, 70, n - 1, n):
            as_built(NeighborGraph.build(X[:first], k).append(X[first:]), X, k)


@pytest.mark.parametrize("metric", reference.METRICS)
def test_every_metric(metric: Any) -> None:
    X = data.clusters(300, 6)
    graph = NeighborGraph.build(X[:200], 5, metric=metric)
    as_built(graph, X[:200], 5, metric)
    as_built(graph.subset(np.arange(0, 200, 2)), X[:200:2], 5, metric)
    as_built(graph.append(X[200:]), X, 5, metric)


def test_many_changes_in_a_row() -> None:
    rng = np.random.default_rng(0)
    X = data.whole_numbers(400, 3)
    graph = NeighborGraph.build(X, 6)
    for step in range(12):
        keep = np.flatnonzero(rng.random(len(X)) < rng.choice([0.5, 0.9, 0.99]))
        graph, X = graph.subset(keep), X[keep]
        more = data.whole_numbers(60 + step, 3)
        graph, X = graph.append(more), np.concatenate([X, more])
        as_built(graph, X, 6)


def test_copies() -> None:
    """Where more rows lie on top of one than it has neighbors, itself stands nowhere in a list."""
    X = np.repeat(data.noise(12, 3), 15, axis=0)
    graph = NeighborGraph.build(X, 4)
    for keep in subsets(len(X)).values():
        as_built(graph.subset(keep), X[keep], 4)
    for size in (2, 3, 5, 14, 15, 16):
        keep = np.arange(size)
        k = min(4, size - 1)
        as_built(graph.subset(keep), X[keep], k)


def test_fewer_rows_than_neighbors() -> None:
    X = data.clusters(40, 4)
    graph = NeighborGraph.build(X, 10)
    for size in (2, 3, 9, 10, 11, 12):
        keep = np.arange(3, 3 + size)
        as_built(graph.subset(keep), X[keep], min(10, size - 1))


def test_as_many_neighbors_as_there_may_be() -> None:
    X = data.clusters(1200, 3)
    graph = NeighborGraph.build(X, 1024)
    for keep in (np.arange(1, 1200), np.arange(0, 1100), np.arange(100, 1125)):
        as_built(graph.subset(keep), X[keep], 1024)
    as_built(graph.append(data.noise(9, 3)), np.concatenate([X, data.noise(9, 3)]), 1024)


def test_a_graph_does_not_change() -> None:
    X = data.clusters(100, 4)
    graph = NeighborGraph.build(X, 3)
    before = [each.copy() for each in lists(graph)]
    graph.subset(np.arange(50))
    graph.append(data.noise(20, 4))
    assert_same(lists(graph), before)
    part = graph.subset(np.arange(100))
    part.distances[:], part.indices[:] = -1, -1
    assert_same(lists(graph), before)
    with pytest.raises(AttributeError):
        graph.indices = before[1]  # type: ignore[misc]


def test_keep_in_any_form() -> None:
    X = data.clusters(50, 4)
    graph = NeighborGraph.build(X, 3)
    expected = lists(graph.subset(np.arange(0, 50, 2)))
    for keep in (list(range(0, 50, 2)), range(0, 50, 2), np.arange(0, 50, 2, dtype=np.uint8), np.arange(50)[::2]):
        assert_same(lists(graph.subset(keep)), expected)


def test_few_lists_lost_of_as_many_neighbors_as_there_may_be() -> None:
    X = np.arange(2000.0)[:, np.newaxis]
    graph = NeighborGraph.build(X, 1024)
    keep = np.arange(1, 2000)
    as_built(graph.subset(keep), X[keep], 1024)


def test_lists_and_data_frames_are_kept_as_arrays() -> None:
    graph = NeighborGraph.build([[0.0], [1.0], [3.0], [7.0]], 1)
    assert isinstance(graph.X, np.ndarray)
    as_built(graph.subset([0, 2, 3]).append([[8.0]]), np.array([[0.0], [3.0], [7.0], [8.0]]), 1)


def test_graphs_are_the_same_only_as_objects() -> None:
    graph = NeighborGraph.build(data.clusters(20, 2), 3)
    assert graph == graph
    assert graph != graph.subset(np.arange(20))
    assert len({graph, graph}) == 1


def test_append_of_another_library_is_refused() -> None:
    import torch

    X = data.clusters(20, 2)
    for first, second in ((X, torch.tensor(X)), (torch.tensor(X), X)):
        with pytest.raises(TypeError, match=r"append: 'X_new' is a .* accepted: two arrays of NumPy, of torch"):
            NeighborGraph.build(first, 3).append(second)


def test_devices(device: str) -> None:
    """The rows stay what and where they are; the lists are NumPy's."""
    import torch

    X = data.clusters(300, 6)
    graph = NeighborGraph.build(torch.tensor(X[:200], device=device), 5)
    part = graph.subset(np.arange(0, 200, 3))
    longer = graph.append(torch.tensor(X[200:], device=device))
    for found, rows in ((graph, X[:200]), (part, X[:200:3]), (longer, X)):
        assert isinstance(found.X, torch.Tensor)
        assert found.X.device.type == device
        assert isinstance(found.indices, np.ndarray)
        assert_same(lists(found), kneighbors(rows, 5))
