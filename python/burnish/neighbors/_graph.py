# SPDX-License-Identifier: Apache-2.0
"""The nearest neighbors of every row, kept up to date while rows are dropped or added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import to_numpy
from burnish.neighbors._search import Metric, kneighbors


@dataclass(frozen=True)
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
        """Search the `k` nearest neighbors of each row of `X`; see `kneighbors`."""
        distances, indices = kneighbors(X, k, metric=metric)
        return cls(X, to_numpy(distances), to_numpy(indices), metric)

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
        if len(kept) < 2 or kept[0] < 0 or kept[-1] >= rows or np.any(np.diff(kept) <= 0):
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
            distances[lost], indices[lost] = _others(X, lost, k, self.metric)
        return NeighborGraph(X, distances, indices, self.metric)

    def append(self, X_new: Any) -> NeighborGraph:
        """Add rows behind the others.

        Parameters
        ----------
        X_new : array of shape (M, D)
            Of the kind and dtype of `X`.

        Returns
        -------
        NeighborGraph
            Equal to that built from both.
        """
        if isinstance(self.X, np.ndarray):
            X = np.concatenate([self.X, X_new])
        else:
            import torch

            X = torch.cat([self.X, X_new])
        return NeighborGraph.build(X, self.k, metric=self.metric)


def _others(X: Any, rows: npt.NDArray[np.int64], k: int, metric: Metric) -> tuple[Any, Any]:
    """Search the `k` nearest of some rows among all others."""
    if 2 * len(rows) > len(X):  # a search of all by all meets each pair once
        distances, indices = kneighbors(X, k, metric=metric)
        return to_numpy(distances)[rows], to_numpy(indices)[rows]
    found = kneighbors(X[rows], k + 1 if len(X) > k else k, X, metric=metric)
    distances, indices = to_numpy(found[0]), to_numpy(found[1])
    # One entry too many: the row itself, or, where more than k others are as near as that, the last.
    is_self = indices == rows[:, np.newaxis]
    is_self[~is_self.any(axis=1), -1] = True
    return distances[~is_self].reshape(-1, k), indices[~is_self].reshape(-1, k)
