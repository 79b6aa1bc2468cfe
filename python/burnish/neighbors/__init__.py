# SPDX-License-Identifier: Apache-2.0
"""Exact nearest neighbors.

Exact means: the neighbors that a brute-force search in float64 finds, equal distances in order of index, the row itself
left out by its index and not by its distance. The lists are the same for every thread count and instruction set, with
far-off origins, duplicates and outliers.

`kneighbors` needs NumPy only; `NearestNeighbors` is a scikit-learn estimator on top of it, and needs scikit-learn.
"""

from typing import TYPE_CHECKING, Any

from burnish.neighbors._graph import NeighborGraph
from burnish.neighbors._search import kneighbors, radius_neighbors

if TYPE_CHECKING:
    from burnish.neighbors._estimator import NearestNeighbors

__all__ = ["kneighbors", "radius_neighbors", "NearestNeighbors", "NeighborGraph"]


def __getattr__(name: str) -> Any:
    if name == "NearestNeighbors":
        from burnish.neighbors._estimator import NearestNeighbors

        return NearestNeighbors
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
