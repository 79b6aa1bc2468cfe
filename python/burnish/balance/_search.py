# SPDX-License-Identifier: Apache-2.0
"""Neighbors of rows among rows: by burnish's search, or by the object that the caller gave instead of a number."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors as _SparseSearch

from burnish import _core
from burnish._array import is_torch, to_numpy
from burnish.balance._containers import on_host, take_rows
from burnish.balance._labels import Indices
from burnish.neighbors import NearestNeighbors, NeighborGraph, kneighbors
from burnish.neighbors._others import nearest_others

# Sparse rows are searched as dense ones up to this many numbers (64 MB), by scikit-learn's sparse search above.
_DENSE_NUMBERS = 1 << 23


def searchable(X: Any, rows: Indices | None = None) -> Any:
    """Return rows of X as the search reads them: float32 or float64, dense unless that were too large."""
    chosen = X if rows is None or len(rows) == X.shape[0] else take_rows(X, rows)
    if sparse.issparse(chosen):
        if chosen.shape[0] * chosen.shape[1] > _DENSE_NUMBERS:
            return chosen.tocsr()
        chosen = chosen.toarray()
    if is_torch(chosen):
        return chosen.contiguous() if str(chosen.dtype) in ("torch.float32", "torch.float64") else chosen.double()
    return np.ascontiguousarray(chosen, None if chosen.dtype in (np.float32, np.float64) else np.float64)


def nearest(X: Any, k: int, Y: Any = None) -> tuple[npt.NDArray[np.float64], Indices]:
    """Return distances and places of the `k` nearest rows, as `kneighbors` does; of any number and sparse rows too."""
    if k > _core.MOST_NEIGHBORS and not (sparse.issparse(X) or sparse.issparse(Y)):
        return _nearest_of_many(on_host(X), k, None if Y is None else on_host(Y))
    if sparse.issparse(X) or sparse.issparse(Y):
        search = _SparseSearch(n_neighbors=k, algorithm="brute").fit(on_host(X if Y is None else Y))
        found = search.kneighbors(None if Y is None else on_host(X))
    else:
        found = kneighbors(X, k, Y)
    return to_numpy(found[0]), to_numpy(found[1])


def _nearest_of_many(X: Any, k: int, Y: Any) -> tuple[npt.NDArray[np.float64], Indices]:
    """Return what `nearest` does, by all distances of a few rows at a time: more neighbors than a search keeps."""
    queries = X.astype(np.float64)
    points = queries if Y is None else Y.astype(np.float64)
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), np.intp)
    at_once = max(1, _DENSE_NUMBERS // len(points))
    for first in range(0, len(queries), at_once):
        rows = slice(first, min(first + at_once, len(queries)))
        squares = np.zeros((rows.stop - first, len(points)))
        for column in range(points.shape[1]):
            squares += (queries[rows, column, np.newaxis] - points[:, column]) ** 2
        if Y is None:
            squares[np.arange(len(squares)), np.arange(first, rows.stop)] = np.inf
        indices[rows] = np.argsort(squares, axis=1, kind="stable")[:, :k]
        distances[rows] = np.sqrt(np.take_along_axis(squares, indices[rows], axis=1))
    return distances, indices


class Search:
    """The meaning of `k_neighbors` and its like.

    A number means that many others, found by `burnish.neighbors`, each row left out of its own list by its index. An
    object with ``kneighbors`` and ``kneighbors_graph`` is cloned, fitted and asked; it finds the row itself first.

    Attributes
    ----------
    estimator : object
        What the fitted sampler shows as ``nn_k_`` and the like; it counts the row itself as a neighbor.
    """

    def __init__(self, value: Any) -> None:
        self.is_ours = isinstance(value, Integral)
        self.estimator = NearestNeighbors(n_neighbors=int(value) + 1) if self.is_ours else clone(value)
        self._searched: Any = None

    @property
    def k(self) -> int | None:
        """How many others are asked for; None if the caller's object does not tell."""
        count = getattr(self.estimator, "n_neighbors", None)
        return None if count is None else int(count) - 1

    def others(self, X: Any, queries: Indices, among: Indices | None = None, k: int | None = None) -> Indices:
        """Return the rows of X nearest to each of the rows `queries`, which are some of the rows `among`.

        With `k`, fewer than the caller asked for.
        """
        if not self.is_ours:
            return self._ask(X, queries, among, k)
        points = searchable(X, among)
        self.note(points)
        number = int(k or self.k or 1)
        if queries is among:
            places = nearest(points, number)[1]
        else:
            places = nearest_others(nearest, points, number, _places(queries, among))[1]
        return places if among is None or len(among) == X.shape[0] else among[places]

    def _ask(self, X: Any, queries: Indices, among: Indices | None, k: int | None) -> Indices:
        points = on_host(X if among is None else take_rows(X, among))
        asked = points if queries is among else on_host(take_rows(X, queries))
        self.estimator.fit(points)
        count = {} if k is None or k == self.k else {"n_neighbors": k + 1}
        places = np.asarray(self.estimator.kneighbors(asked, return_distance=False, **count))[:, 1:]
        return places if among is None else among[places]

    def note(self, points: Any) -> None:
        """Remember what was searched last."""
        self._searched = points

    def finish(self) -> Any:
        """Return the estimator, fitted to what was searched last."""
        if self.is_ours and self._searched is not None:
            self.estimator._keep(on_host(self._searched))
            self._searched = None
        return self.estimator


def _places(queries: Indices, among: Indices | None) -> Indices:
    return queries if among is None else np.searchsorted(among, queries)


def too_few_rows(sampler: Any, search: Search, parameter: str, whose: str, count: int, remedy: str = "") -> ValueError:
    """Return the refusal to find more neighbors than there are rows."""
    k = int(search.k or 0)
    given = f"'{parameter}' is {k}" if search.is_ours else f"'{parameter}' counts {k + 1} with the row itself"
    most = f"it must be at most {count - 1}" if count > 1 else "a lone row has no neighbors"
    return ValueError(
        f"{type(sampler).__name__}: {given} but {whose} has {count} samples; {most}{remedy} (Expected n_neighbors <= "
        f"n_samples_fit, but n_neighbors = {k + 1}, n_samples_fit = {count}, n_samples = {count})"
    )


class _SearchedAnew:
    """What `NeighborGraph` offers, where rows stay sparse or the caller's own object searches."""

    def __init__(self, X: Any, search: Callable[[Any], Indices]) -> None:
        self.X, self._search = X, search
        self.indices = search(X)

    def subset(self, keep: Indices) -> _SearchedAnew:
        return _SearchedAnew(take_rows(self.X, keep), self._search)


def neighbor_graph(X: Any, search: Search) -> Any:
    """Return the nearest others of each row, to be kept up to date while rows are dropped.

    Has ``indices`` of shape (n, k) and ``subset(rows)``.
    """
    if not search.is_ours:
        return _SearchedAnew(X, lambda rows: search.others(rows, np.arange(rows.shape[0])))
    points, k = searchable(X), int(search.k or 1)
    search.note(points)
    if sparse.issparse(points) or k > _core.MOST_NEIGHBORS:
        return _SearchedAnew(points, lambda rows: nearest(rows, k)[1])
    return NeighborGraph.build(points, k)
