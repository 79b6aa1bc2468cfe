# SPDX-License-Identifier: Apache-2.0
"""The nearest neighbors of every row, kept up to date while rows are dropped or added."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, is_cupy, is_torch, to_numpy
from burnish.neighbors._others import nearest_others
from burnish.neighbors._search import Metric, kneighbors


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class NeighborGraph:
    """The `k` nearest neighbors of each row among the others.

    Build one with `NeighborGraph.build`; it does not change afterwards.

    Attributes
    ----------
    X : array of shape (N, D)
        The rows.
    distances : float64 NumPy array of shape (N, k)
        Ascending.
    indices : int64 NumPy array of shape (N, k)
        Of equal distances the lowest index comes first.
    metric : str

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.neighbors import NeighborGraph
    >>> graph = NeighborGraph.build(np.array([[0.0], [1.0], [3.0], [7.0]]), 1)
    >>> graph.indices[:, 0], graph.subset([0, 2, 3]).indices[:, 0]
    (array([1, 0, 1, 2]), array([1, 0, 1]))
    """

    X: Any
    distances: npt.NDArray[np.float64]
    indices: npt.NDArray[np.int64]
    metric: Metric = "euclidean"

    @classmethod
    def build(cls, X: Any, k: int, *, metric: Metric = "euclidean") -> NeighborGraph:
        """Search the `k` nearest neighbors of each row of `X`.

        Parameters
        ----------
        X : array of shape (N, D), float32 or float64
            Kept as it is, without a copy; lists and data frames become NumPy arrays.
        k : int
            1 to 1024, and at most N - 1.
        metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"}, default="euclidean"
            As for `kneighbors`.

        Returns
        -------
        NeighborGraph

        Raises
        ------
        TypeError, ValueError
            As `kneighbors`.
        """
        rows = as_array(X)
        distances, indices = kneighbors(rows, k, metric=metric)
        return cls(rows, to_numpy(distances), to_numpy(indices), metric)

    @property
    def k(self) -> int:
        """How many neighbors each row has."""
        return int(self.indices.shape[1])

    def subset(self, keep: npt.ArrayLike) -> NeighborGraph:
        """Drop rows: the graph of ``X[keep]``, searching only for the rows that lost a neighbor.

        Parameters
        ----------
        keep : int array of shape (M,)
            Ascending row numbers; more than one. With M - 1 of them fewer than `k`, the graph has M - 1 neighbors.

        Returns
        -------
        NeighborGraph
            Equal to ``NeighborGraph.build(X[keep], min(k, M - 1))``.

        Raises
        ------
        ValueError
            If `keep` is not ascending, out of range, or shorter than 2.
        """
        kept = np.asarray(keep)
        rows = int(self.indices.shape[0])
        check.one_dimensional("subset", "keep", kept)
        check.integers("subset", "keep", kept)
        if len(kept) < 2 or kept[0] < 0 or kept[-1] >= rows or np.any(kept[1:] <= kept[:-1]):
            raise ValueError(f"subset: 'keep' must hold at least two ascending row numbers from 0 to {rows - 1}")
        place = np.full(rows, -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        k = min(self.k, len(kept) - 1)
        # Dropping rows keeps the order of those that stay, so that a list that lost nothing stays as it is.
        indices = place[self.indices[kept, :k]]
        distances = self.distances[kept, :k]
        X = self.X[kept]
        lost = np.flatnonzero((indices < 0).any(axis=1))
        if len(lost) > 0:
            distances[lost], indices[lost] = nearest_others(partial(kneighbors, metric=self.metric), X, k, lost)
        return NeighborGraph(X, distances, indices, self.metric)

    def append(self, X_new: Any) -> NeighborGraph:
        """Add rows behind the others.

        Parameters
        ----------
        X_new : array of shape (M, D)
            Of the library and on the device of `X`; lists where `X` is a NumPy array. Of the same dtype, or that
            library's rules for two dtypes apply.

        Returns
        -------
        NeighborGraph
            Equal to that built from both.

        Raises
        ------
        TypeError
            If `X_new` is of another library than `X`, or that is none of NumPy, torch and CuPy.
        ValueError
            If it has another number of columns, or holds NaN or infinity.
        """
        return NeighborGraph.build(_stacked(self.X, as_array(X_new)), self.k, metric=self.metric)


def _stacked(X: Any, X_new: Any) -> Any:
    if tuple(X_new.shape[1:]) != tuple(X.shape[1:]):
        raise ValueError(f"append: 'X_new' has shape {tuple(X_new.shape)}; accepted: (M, {X.shape[1]})")
    if isinstance(X, np.ndarray) and isinstance(X_new, np.ndarray):
        return np.concatenate([X, X_new])
    if is_torch(X) and is_torch(X_new):
        return sys.modules["torch"].cat([X, X_new])
    if is_cupy(X) and is_cupy(X_new):
        return sys.modules["cupy"].concatenate([X, X_new])
    raise TypeError(
        f"append: 'X_new' is a {type(X_new).__name__} and 'X' a {type(X).__name__}; "
        "accepted: two arrays of NumPy, of torch or of CuPy"
    )
