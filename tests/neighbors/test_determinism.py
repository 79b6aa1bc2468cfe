# SPDX-License-Identifier: Apache-2.0
"""The same bits at every instruction set level and thread count, for a batch and for its rows one by one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from functools import cache
from typing import Any

import burnish
import neighbors_data as data
import numpy as np
import pytest
from burnish import _core
from burnish.neighbors import NeighborGraph, kneighbors
from neighbors_data import HARD, assert_same
from reference import neighbors as reference

# Several blocks, so that threads share the work; columns that the boxes hold, and more than they hold.
BIG = (("clusters", 3001, 7), ("noise", 2111, 30), ("copies", 2500, 12), ("whole_numbers", 3000, 3),
       ("two_distant_clusters", 1999, 65), ("shrinking", 2017, 20))  # fmt: skip


@cache
def case(name: str, n: int, d: int, dtype: str, metric: str) -> tuple[Any, Any, Any]:
    """Return rows and what the best level answers on one thread, without other points and with them."""
    X = HARD[name](n, d).astype(dtype)
    level, threads = burnish.build_info()["isa_level"], burnish.get_num_threads()
    try:
        for best in reversed(burnish.build_info()["isa_levels"]):
            try:
                _core.set_isa_level(best)
                break
            except ValueError:
                continue
        burnish.set_num_threads(1)
        return X, kneighbors(X, 6, metric=metric), kneighbors(X[:500], 5, X[400:], metric=metric)
    finally:
        _core.set_isa_level(level)
        burnish.set_num_threads(threads)


def same_as_ever(name: str, n: int, d: int, dtype: str, metric: str) -> None:
    X, alone, others = case(name, n, d, dtype, metric)
    assert_same(kneighbors(X, 6, metric=metric), alone, (name, dtype, metric))
    assert_same(kneighbors(X[:500], 5, X[400:], metric=metric), others, (name, dtype, metric))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_levels_and_threads(dtype: str, isa: str, threads: int) -> None:
    for name, n, d in BIG:
        for metric in reference.METRICS if threads == 1 else ("euclidean", "cosine"):
            same_as_ever(name, n, d, dtype, metric)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("metric", reference.METRICS)
def test_hard_data_at_every_level(metric: str, dtype: str, isa: str) -> None:
    for name in HARD:
        for d in (5, 40):
            same_as_ever(name, 561, d, dtype, metric)


@pytest.mark.parametrize("d", [1, 3, 8, 15, 16, 17, 24, 25, 31, 32, 33, 64, 127, 128, 129, 255, 300])
def test_widths_at_every_level(d: int, isa: str) -> None:
    for dtype in ("float32", "float64"):
        same_as_ever("clusters", 561, d, dtype, "euclidean")


def test_again_and_again(threads: int) -> None:
    """Threads meet in another order each time."""
    X = data.copies(4000, 10)
    first = kneighbors(X, 12)
    for _ in range(5):
        assert_same(kneighbors(X, 12), first)


@pytest.mark.parametrize("metric", reference.METRICS)
def test_batch_and_rows_one_by_one(metric: str) -> None:
    for d in (4, 30):
        points, queries = data.clusters(700, d), data.clusters(131, d, seed=3)
        whole = kneighbors(queries, 6, points, metric=metric)
        for first, last in ((0, 1), (1, 2), (2, 67), (67, 131)):
            part = kneighbors(queries[first:last], 6, points, metric=metric)
            assert_same(part, [each[first:last] for each in whole])


@pytest.mark.parametrize("metric", reference.METRICS)
def test_the_order_of_rows_only_renames_them(metric: str) -> None:
    """Where no two distances are equal."""
    for d in (4, 30):
        X = data.clusters(900, d)
        order = np.random.default_rng(0).permutation(900)
        place = np.argsort(order)
        distances, indices = kneighbors(X[order], 6, metric=metric)
        assert_same((distances[place], order[indices[place]]), kneighbors(X, 6, metric=metric))


@pytest.mark.parametrize("metric", reference.METRICS)
def test_fewer_neighbors_are_the_first_of_more(metric: str) -> None:
    for X in (data.clusters(300, 5), data.whole_numbers(300, 4), data.noise(300, 40)):
        distances, indices = kneighbors(X, 120, metric=metric)
        for k in (1, 2, 31, 64, 119):
            assert_same(kneighbors(X, k, metric=metric), (distances[:, :k], indices[:, :k]))


def test_graph_on_any_number_of_threads(threads: int) -> None:
    X = data.whole_numbers(2500, 3)
    graph = NeighborGraph.build(X, 8)
    assert_same((graph.distances, graph.indices), kneighbors(X, 8))
    kept = np.flatnonzero(np.arange(2500) % 7 != 3)
    part = graph.subset(kept)
    assert_same((part.distances, part.indices), kneighbors(X[kept], 8))


def test_a_forked_child_finds_the_same() -> None:
    program = """
        import os, sys
        import numpy as np
        from burnish.neighbors import kneighbors
        X = np.random.default_rng(0).standard_normal((3000, 9))
        before = kneighbors(X, 5)
        child = os.fork()
        if child == 0:
            os._exit(0 if all(np.array_equal(a, b) for a, b in zip(before, kneighbors(X, 5))) else 1)
        status = os.waitpid(child, 0)[1]
        sys.exit(status or not all(np.array_equal(a, b) for a, b in zip(before, kneighbors(X, 5))))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr


def test_calls_from_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    inputs = [data.clusters(1500, d) for d in (3, 9, 30, 70)] * 3
    expected = [kneighbors(X, 6) for X in inputs]
    with ThreadPoolExecutor(6) as pool:
        for found, wanted in zip(pool.map(lambda X: kneighbors(X, 6), inputs), expected, strict=True):
            assert_same(found, wanted)
