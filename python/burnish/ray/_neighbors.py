# SPDX-License-Identifier: Apache-2.0
"""Exact nearest neighbors within classes: blocks of queries against blocks of rows, one pair in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import ray

from burnish.neighbors import kneighbors
from burnish.ray._class_blocks import Blocks
from burnish.ray._columns import Array, threads


def nearest_in_class(blocks: Blocks, k_of: Mapping[int, int], num_threads: int) -> list[Any]:
    """Return for each block a reference to the places (n, k) of the nearest others of the class of its rows.

    Of a class with `k` of 0, each row's own place.
    """
    search = ray.remote(search_block).options(max_retries=-1, num_cpus=num_threads)
    found = []
    for block, code in enumerate(blocks.codes.tolist()):
        others = blocks.of_class(code)
        refs = [blocks.refs[other] for other in others.tolist()]
        own = int(np.searchsorted(others, block))
        found.append(search.remote(refs, blocks.starts[others], own, k_of[code], num_threads))
    return found


def search_block(
    refs: list[Any], starts: npt.NDArray[np.int64], own: int, k: int, num_threads: int
) -> npt.NDArray[np.int64]:
    """Search the neighbors of the rows of one block among those of all; runs in a worker."""
    queries, _ = ray.get(refs[own])
    if k == 0:
        places: npt.NDArray[np.int64] = starts[own] + np.arange(len(queries))
        return places[:, np.newaxis]
    nearest = Nearest(len(queries), k)
    with threads(num_threads):
        for place, ref in enumerate(refs):
            if place == own:
                nearest.add_others_of(queries, int(starts[place]))
            else:
                nearest.add(queries, ray.get(ref)[0], int(starts[place]))
    return nearest.places


class Nearest:
    """The nearest rows so far of each query: by squared distance, as the search orders them, and of equals the first.

    Blocks have to be added in ascending order of their rows.
    """

    def __init__(self, queries: int, k: int) -> None:
        self.k = k
        self.distances = np.empty((queries, 0))
        self.places = np.empty((queries, 0), np.int64)

    def add_others_of(self, rows: Array, first: int) -> None:
        """Add the rows that are the queries themselves; each leaves itself out."""
        if len(rows) > 1:
            self._merge(*kneighbors(rows, min(self.k, len(rows) - 1), metric="sqeuclidean"), first)

    def add(self, queries: Array, rows: Array, first: int) -> None:
        """Add the rows of another block, which begins at the place `first`."""
        self._merge(*kneighbors(queries, min(self.k, len(rows)), rows, metric="sqeuclidean"), first)

    def _merge(self, distances: Array, places: Array, first: int) -> None:
        distances = np.concatenate([self.distances, distances], axis=1)
        places = np.concatenate([self.places, places + first], axis=1)
        # Both lists are sorted, with lower places in the first: a stable sort leaves ties as they should be.
        order = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        self.distances = np.take_along_axis(distances, order, axis=1)
        self.places = np.take_along_axis(places, order, axis=1)
